"""Fixtures for every test: no network beyond loopback, and a memory in a folder of its own."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from pytest_socket import socket_allow_hosts

from mem import config as mem_config
from mem.config import Config

SHARED_MEDIA = Path(__file__).parents[2] / "shared" / "media"


# Where main is guarded the same examples come each time; everywhere else new ones do.
hypothesis.settings.register_profile("guard", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("guard")


def pytest_configure(config):
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands that run in this process say what is logged, and where to; the next test starts afresh."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The default configuration over an empty data directory."""
    return mem_config.load(
        {
            "data_dir": str(tmp_path / "data"),
            "storage.min_free_bytes": 0,
            "whisper.model": "tiny.en",
            "capture.screen_text": "off",  # tests that read the screen say so
        },
        environ={},
    )


@pytest.fixture
def clip():
    """A real recording by name; the test is skipped where the clips are not beside the checkout."""

    def find(name: str) -> Path:
        file = SHARED_MEDIA / name
        if not file.exists():
            pytest.skip(f"{name} is not beside this checkout")
        return file

    return find
