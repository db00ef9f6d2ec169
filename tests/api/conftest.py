"""The real application over a real memory in a folder of its own, filled through the store."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from mem import config as mem_config
from mem.api.app import create_app, serving
from mem.config import Config
from mem.memory import Memory, open_memory

from .seed import Seed

KEY = "the-owners-key"
MANY = httpx.Limits(max_connections=200)


def local_client(memory: Memory, **app_facts) -> TestClient:
    """A caller on this machine."""
    app = create_app(memory=memory, key=KEY, worker=False, **app_facts)
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))


@pytest.fixture
def memory(config: Config) -> Iterator[Memory]:
    with open_memory(config) as opened:
        yield opened


@pytest.fixture
def seed(memory: Memory) -> Seed:
    return Seed(memory)


@pytest.fixture
def client(memory: Memory) -> Iterator[TestClient]:
    with local_client(memory) as caller:
        yield caller


@pytest.fixture
def owner() -> dict[str, str]:
    """Headers of whoever can read the data directory."""
    return {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def live(memory: Memory) -> Iterator[httpx.Client]:
    """A caller of the application on a real socket."""
    with (
        serving(memory, worker=False) as (url, _),
        httpx.Client(base_url=url, timeout=20, limits=MANY) as caller,
    ):
        yield caller


@pytest.fixture(scope="module")
def quiet(tmp_path_factory) -> Iterator[TestClient]:
    """A caller of an empty memory that the tests of one file share, for questions that change nothing."""
    facts = {"data_dir": str(tmp_path_factory.mktemp("quiet") / "data"), "storage.min_free_bytes": 0}
    with open_memory(mem_config.load(facts, environ={})) as opened, local_client(opened) as caller:
        yield caller


@pytest.fixture
def provider() -> Iterator[Any]:
    """An OpenID Connect provider on this machine."""
    with pytest.importorskip("tests.oidc").running() as running:
        yield running


@pytest.fixture
def serve(provider: Any, tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Begins a server whose people sign in there, by these rules; the next has the same memory."""
    settings = pytest.importorskip("tests.oidc").settings
    with contextlib.ExitStack() as stack:

        def begin(*rules, **facts) -> TestClient:
            stack.pop_all().close()
            base = {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0}
            config = mem_config.load(base | settings(provider, *rules) | facts, environ={})
            memory = stack.enter_context(open_memory(config))
            return stack.enter_context(local_client(memory))

        yield begin
