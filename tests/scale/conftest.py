"""A PostgreSQL server, a Redis server and processes of Mem over both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scale.fleet import Fleet
from tests.scale.redis import Redis
from tests.store.conftest import postgres_server, postgres_url  # noqa: F401 - fixtures


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis server of the test's own."""
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fleet(postgres_url: str, tmp_path: Path) -> Iterator[Fleet]:  # noqa: F811
    """Processes over one PostgreSQL database and one data directory; the test ends none left over."""
    made = Fleet(tmp_path / "data", postgres_url)
    yield made
    made.close()
