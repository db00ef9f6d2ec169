"""A server that answers from samples, and the command line pointed at it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mem.cli.app import app
from tests import fakes
from tests.cli import samples
from tests.fakes import FakeApi

Mem = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data directory."""
    return tmp_path / "data"


@pytest.fixture
def mem(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mem:
    """Run a command line in this process, in Berlin, with the data directory from the environment."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setattr("tzlocal.unix._cache_tz", None)
    monkeypatch.setattr("tzlocal.unix._cache_tz_name", None)
    monkeypatch.setenv("MEM_DATA_DIR", str(folder))
    monkeypatch.chdir(tmp_path)

    def run(*words: str, **more: object) -> Result:
        return CliRunner().invoke(app, list(words), catch_exceptions=False, **more)

    return run


@pytest.fixture
def api(folder: Path) -> Iterator[FakeApi]:
    """A running server with one recording, its job, and everything in it."""
    with fakes.serving(folder) as fake:
        fake.answers |= {
            "POST /api/capture": (202, samples.job()),
            "GET /api/jobs/7": samples.done(),
            "GET /api/jobs": {"jobs": [samples.done()], "cursor": None},
            "GET /api/sources/3": samples.source(),
            "GET /api/sources": {"sources": [samples.source()], "cursor": None},
            "GET /api/timeline": samples.timeline(),
            "GET /api/search": samples.found(),
            "GET /api/frames/12": {"frame": samples.frame(), "spans": [samples.span()]},
            "GET /api/frames": {"frames": [{"frame": samples.frame(), "span": samples.span()}]},
            "POST /api/capture/plan": {"files": [], "bytes_per_second": None},
            "GET /api/notes": {"notes": [samples.note()], "cursor": None},
            "GET /api/notes/31": samples.note(),
        }
        yield fake


def pure(result: Result) -> object:
    """The JSON that is all of stdout."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)
