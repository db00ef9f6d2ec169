"""Every word that a person can see stands in one catalogue."""

import re

from tests.ui.fake import WEB

CATALOGUE = "strings.js"
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
LITERAL = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")
# What stands in quotes and is never shown: classes, selectors, paths, names of keys and headers.
UNSEEN = re.compile(
    r"(?:class|className|class:|sizes|media|allow|accept): ?(?:\"[^\"]*\"|`[^`]*`)"
    r"|(?:querySelector(?:All)?|closest|matches|matchMedia|toggle|add|remove|Error)\((?:\"[^\"]*\"|`[^`]*`)"
    r"|className = (?:\"[^\"]*\"|`[^`]*`)|const BUSY = [^\n]*|setAttribute\(\"viewBox\"[^\n]*"
)
NAMES = re.compile(
    r"Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)|Home|End|Enter|Escape|AbortError|GET|POST|PATCH|DELETE|HEAD|PUT"
    r"|[A-Z][a-z]+(?:-[A-Z][a-z]+)+|ETag|Location|Files|T"
)
SHOWN = re.compile(r"^\W*[A-Z][a-z]|[A-Za-z]{2,} [A-Za-z]{2,}")


def shown(script: str) -> list[str]:
    """The literals of a script that look like words for a person."""
    script = UNSEEN.sub("", COMMENT.sub("", script))
    found = [a or b for a, b in LITERAL.findall(script)]
    plain = [re.sub(r"\$\{[^}]*\}", "", text) for text in found]
    return [
        text for text in plain
        if SHOWN.search(text) and not NAMES.fullmatch(text) and not text.startswith(("/", "http", "("))
    ]  # fmt: skip


def test_no_script_but_the_catalogue_holds_words():
    scripts = [file for file in WEB.glob("*.js") if file.name != CATALOGUE]
    assert len(scripts) > 40
    assert {file.name: words for file in scripts if (words := shown(file.read_text()))} == {}


def test_the_skeleton_holds_no_words_but_the_name_and_what_is_said_without_scripts():
    skeleton = (WEB / "index.html").read_text()
    skeleton = re.sub(
        r"<noscript>.*?</noscript>|<title>.*?</title>|<!doctype html>", "", skeleton, flags=re.DOTALL
    )
    texts = re.findall(r">([^<>]*[A-Za-z][^<>]*)<", skeleton)
    assert [text.strip() for text in texts] == ["mem"]
    assert not re.search(r"\s(?:aria-label|title|placeholder)=\"[^\"]+\"", skeleton)


def test_every_module_is_asked_for_at_once():
    asked = re.findall(r"modulepreload\" href=\"/web/([^\"]+)", (WEB / "index.html").read_text())
    modules = {file.name for file in WEB.glob("*.js")} - {"theme.js", "main.js"}
    assert sorted(asked) == sorted(modules)


def test_words_are_found_where_they_are():
    assert shown('el("p", { class: "one two" }, "time doubtful", `No ${x} here`, "Open")') == [
        "time doubtful", "No  here", "Open",
    ]  # fmt: skip
    assert shown('// Some words\nbox.key === "ArrowUp" || ask("Content-Type", "quiet")') == []
