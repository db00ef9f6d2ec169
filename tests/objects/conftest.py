"""A SeaweedFS server, a proxy before it that can be told to fail, and a memory whose files go there."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mem import config as mem_config
from mem.config import Config
from mem.memory import Memory, open_memory
from tests.objects.proxy import Proxy
from tests.objects.weed import KEY, SECRET, Weed

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def weed(tmp_path_factory) -> Iterator[Weed]:
    server = Weed(tmp_path_factory.mktemp("weed"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def proxy(weed: Weed) -> Iterator[Proxy]:
    made = Proxy(weed.endpoint)
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path, proxy: Proxy) -> dict[str, object]:
    """Dotted settings of a memory in a folder of its own, with a prefix of its own in a bucket."""
    root = f"s3://mem-tests/run-{next(_numbers)}"
    return {
        "data_dir": str(tmp_path / "data"),
        "storage.min_free_bytes": 0,
        "whisper.model": "tiny.en",
        "capture.screen_text": "off",
        "capture.timezone": "UTC",
        "capture.frame.interval_seconds": 1,
        "storage.frames": f"{root}/frames",
        "storage.originals": f"{root}/originals",
        "storage.s3.endpoint": proxy.endpoint,
        "storage.s3.access_key_id": KEY,
        "storage.s3.secret_access_key": SECRET,
        "storage.s3.timeout_seconds": 5,
    }


@pytest.fixture
def config(settings: dict[str, object]) -> Config:
    return mem_config.load(settings, environ={})


@pytest.fixture
def memory(config: Config) -> Iterator[Memory]:
    with open_memory(config) as opened:
        yield opened


@pytest.fixture
def opened(settings: dict[str, object]) -> Callable[..., object]:
    """Opens a memory with some settings changed; keys write a dot as two underscores."""

    def open_it(**changed: object):
        given = settings | {name.replace("__", "."): value for name, value in changed.items()}
        return open_memory(mem_config.load(given, environ={}))

    return open_it
