"""What the documents say is so: reference pages, names, and every block of commands that can run here."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main
import yaml

from tests import recordings, servers

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
RUN = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("operations.md", "tutorial.md", "howto.md"))]
REASON = re.compile(r"<!-- not run: (.+?) -->\n+```bash\n")


def test_the_reference_pages_are_those_that_the_code_makes():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run `make docs`"


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    reasons = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    wanted += project["dependency-groups"]["docs"]
    names = {name.split(">")[0].split("=")[0].split("[")[0] for name in wanted}
    assert not {name for name in names if name.removeprefix("types-").split("-")[0] not in reasons}


def test_the_site_is_made_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs", reason="the group `docs` is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    pages = [
        (tmp_path / "site" / page).read_text() for page in ("index.html", "operations.html", "http.html")
    ]
    fetched = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', "".join(pages))
    assert not [url for url in fetched if not url.startswith("http://127.0.0.1")]


def commands() -> set[str]:
    """Every command, as it is written after `mem`."""
    from mem.cli.app import app

    def walk(command, path: str) -> Iterator[str]:
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{path} {name}".strip())

    return set(walk(typer.main.get_command(app), ""))


def written(text: str) -> Iterator[str]:
    """Every `mem …` that a text names: in backticks, and at the begin of a line of a block."""
    yield from re.findall(r"`mem ([a-z][^`]*)`", text)
    for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        yield from re.findall(r"^(?:sudo )?mem ([^\n]*)", block, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_named_is_there(page):
    known, unknown = commands(), []
    groups = {path for path in known if any(other.startswith(f"{path} ") for other in known)}
    for line in written(page.read_text()):
        words = re.sub(r"--data-dir \S+ ", "", line).split()
        first = words[0]
        second = words[1].split("|") if len(words) > 1 and first in groups else []
        if first not in known:
            unknown.append(line)
        unknown += [
            line for word in second if word.isalpha() and word.islower() and f"{first} {word}" not in known
        ]
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_setting_that_is_named_is_there(page):
    from mem import config

    known = {key for key, _ in config.settings()}
    sections = {key.split(".")[0] for key in known if "." in key}
    parts = {key.rsplit(".", n)[0] for key in known for n in range(1, key.count(".") + 1)}
    named = re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_.]+[a-z])(?:[:=][^`]*)?`", page.read_text())
    files = (".py", ".md", ".json", ".yaml", ".log", ".sh", ".conf")
    unknown = {key for key in named if key not in known | parts and not key.endswith(files)}
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_yaml_block_can_be_used(page, tmp_path):
    from mem import config

    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
        tree = yaml.safe_load(block)
        if set(tree) <= set(config.Config.model_fields):
            (tmp_path / "config.yaml").write_text(block)
            config.load({"data_dir": str(tmp_path)}, environ={})


def test_every_metric_and_code_that_is_named_is_there():
    known = (ROOT / "docs/metrics.md").read_text() + "`process_resident_memory_bytes` `mem_limit`"
    for page in PAGES:
        named = set(re.findall(r"`(mem_[a-z_]+[a-z])(?:\{[^`]*)?`", page.read_text()))
        assert not {name for name in named if f"`{name}`" not in known}, page.name


@dataclass(frozen=True)
class Block:
    """Commands of a page."""

    page: Path
    line: int
    text: str
    reason: str | None  # why they are not run

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in RUN:
        text = page.read_text()
        reasons = {match.end(): match[1] for match in REASON.finditer(text)}
        for match in re.finditer(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, match.start(1)) + 1
            yield Block(page, line, match[1], reasons.get(match.start(1)))


@dataclass(frozen=True)
class Desk:
    """A folder with recordings, a server over its data, and the environment of a terminal there."""

    folder: Path
    environ: dict[str, str]
    port: int


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    for name in ("holiday.mp4", "meeting.mkv", "recordings/2026-11-19 10-00-00.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
    recordings.make(folder / "holiday.mp4")
    shutil.copy(folder / "holiday.mp4", folder / "recordings/2026-11-19 10-00-00.mp4")
    recordings.make(folder / "meeting.mkv")
    data = folder / "data"
    with servers.running(data) as server:
        server.wait(server.capture(folder / "holiday.mp4", started_at="2026-11-20T14:00:00Z")["id"])
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environ = servers.environment(data) | {"PATH": path, "TZ": "UTC"}
        yield Desk(folder, environ, int(server.url.rsplit(":", 1)[1]))


@pytest.mark.parametrize("block", list(blocks()), ids=str)
def test_the_commands_of_the_guides_work(block, request):
    if block.reason is not None:
        assert len(block.reason) > 10
        pytest.skip(f"not run here: {block.reason}")
    for tool in {"curl", "jq"} & set(re.findall(r"\w+", block.text)):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed; these commands were not tried")
    desk: Desk = request.getfixturevalue("desk")
    text = block.text.replace("127.0.0.1:8000", f"127.0.0.1:{desk.port}")
    text = text.replace("curl ", "curl --fail-with-body ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=desk.folder,
        env=desk.environ,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, f"{block}\n{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
