"""A Dockerfile as its instructions: read, held to rules, and done without an engine."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = re.compile("FROM|COPY|ENV|WORKDIR|RUN|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD|LABEL")


@dataclass
class Stage:
    """One image of a Dockerfile."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, word: str) -> str:
        """The rest of the last instruction of that word."""
        return [rest for each, rest in self.steps if each == word][-1]

    def has(self, word: str) -> bool:
        return any(each == word for each, _ in self.steps)

    def environment(self) -> dict[str, str]:
        """What the ENV instructions set."""
        pairs = [pair for word, rest in self.steps if word == "ENV" for pair in rest.split()]
        return dict(pair.split("=", 1) for pair in pairs)


def read(file: Path) -> list[Stage]:
    """The stages of a Dockerfile."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", file.read_text(), flags=re.MULTILINE))
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        assert KNOWN.fullmatch(word), line
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name))
        else:
            stages[-1].steps.append((word, rest))
    return stages


def faults(file: Path) -> list[str]:
    """What a linter of Dockerfiles would say, of the rules that matter here."""
    stages, found = read(file), []
    text = file.read_text()
    for stage in stages:
        image = stage.base.split("@")[0]
        if ":" not in image or image.endswith(":latest"):
            found.append(f"{image} has no version")
        for word, rest in stage.steps:
            if word == "RUN" and re.search(r"\bsudo\b|\bcurl\b|\bwget\b|apt-get(?!.*--no-install)", rest):
                found.append(f"RUN {rest}")
            if word in ("CMD", "ENTRYPOINT") and not rest.startswith("["):
                found.append(f"{word} runs a shell")
            if word == "WORKDIR" and not rest.startswith("/"):
                found.append("WORKDIR is relative")
            if word == "COPY" and rest.split()[0] == ".":
                found.append("COPY . takes everything")
    last = stages[-1]
    if not last.has("USER") or last.last("USER").split(":")[0] in ("root", "0"):
        found.append("it runs as root")
    if not last.has("HEALTHCHECK"):
        found.append("no HEALTHCHECK")
    if re.search(r"(?i)(password|secret|token)\s*=", text):
        found.append("a secret stands in it")
    return found


def ignored(file: Path):
    """Whether .dockerignore keeps a path out of the context."""
    rules = [line.strip() for line in file.read_text().splitlines() if line.strip() and line[0] != "#"]

    def out(path: str) -> bool:
        parents = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 2)]
        kept_out = False
        for rule in rules:
            pattern = rule.lstrip("!")
            names = [part for each in parents for part in (each, each.rsplit("/", 1)[-1])]
            tail = pattern.removeprefix("**/")
            hit = any(
                fnmatch.fnmatch(name, tail) for name in (names if pattern.startswith("**/") else parents)
            )
            if hit:
                kept_out = not rule.startswith("!")
        return kept_out

    return out


def build(stages: list[Stage], context: Path, root: Path, tools: dict[str, str]) -> dict[str, str]:
    """Do the steps below `root`: copies, and `uv sync`; gives the environment of the last image.

    What only an engine can do (users, package managers) is left out. Both images share `root`, which is
    right as long as the last one takes its folders under the same names.
    """
    for stage in stages:
        here = "/"
        for word, rest in stage.steps:
            if word == "WORKDIR":
                here = rest
                (root / here.strip("/")).mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                _copy(rest, context, root, here)
            elif word == "RUN" and rest.startswith("uv "):
                _run(rest, root, here, stage.environment(), tools)
    return {name: _below(value, root) for name, value in stages[-1].environment().items()}


def _copy(rest: str, context: Path, root: Path, here: str) -> None:
    options = re.findall(r"--(\w+)=(\S+)", rest)
    *sources, target = [word for word in rest.split() if not word.startswith("--")]
    given = dict(options)
    if "from" in given:
        assert given["from"].startswith("ghcr.io/") or sources == [target], rest
        return
    place = root / (target if target.startswith("/") else f"{here}/{target}").strip("/")
    for source in sources:
        found = context / source
        if found.is_dir():
            shutil.copytree(found, place, dirs_exist_ok=True)
        else:
            one = place / found.name if target.endswith("/") or place.is_dir() else place
            one.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, one)
            if "chmod" in given:
                one.chmod(int(given["chmod"], 8))


def _run(command: str, root: Path, here: str, environment: dict[str, str], tools: dict[str, str]) -> None:
    words = [word for word in command.split() if word not in ("--no-cache", "--compile-bytecode")]
    words[0] = tools["uv"]
    given = {name: _below(value, root) for name, value in environment.items()}
    del given["UV_LINK_MODE"], given["UV_COMPILE_BYTECODE"]
    passed = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_PROJECT", "VIRTUAL"))
    }
    env = passed | given | {"UV_PYTHON": tools["python"]} | tools.get("environment", {})
    folder = root / here.strip("/")
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
    if done.returncode:
        raise Unbuilt(f"{command}: {done.stderr[-2000:]}")


class Unbuilt(Exception):
    """A step failed."""


def _below(value: str, root: Path) -> str:
    return ":".join(
        str(root / part.strip("/")) if part.startswith("/opt") else part for part in value.split(":")
    )


def words(rest: str) -> list[str]:
    """The words of an instruction in its JSON form."""
    return json.loads(rest[rest.index("[") :])
