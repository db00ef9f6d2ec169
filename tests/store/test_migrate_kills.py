"""A process that dies while it changes the schema leaves each step whole or not begun, and every row."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from mem.store import engines, migrate, sources
from mem.store.database import Database
from tests.store import migrating

# Ten places: within a step, its statements run and nothing committed; and between two steps.
TRAPS = [
    *(f"schema.stepping:{n}:kill" for n in (1, 2, 4, 7, 10)),
    *(f"schema.stepped:{n}:kill" for n in (1, 3, 5, 8, 9)),
]
ROW = """
insert into sources (kind, name, content_hash, size, folder, started_at, time_source, time_confidence,
    time_evidence, state, added_at)
values ('file', 'kept.mp4', 'aa', 1, 'sources/2026/11/20/1', '2026-11-20', 'caller', 'high', '', 'ready',
    '2026-11-20')
"""
_numbers = count(1)
Shape = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def opener() -> Iterator[migrating.Opener]:
    with migrating.opener() as found:
        yield found


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def engine(request) -> str:
    return request.param


@dataclass(frozen=True)
class Before:
    """The first version of the schema with a row in it, and what the tables look like after each step."""

    place: str  # a DuckDB file, or the name of a PostgreSQL database
    shapes: dict[int, Shape]


@pytest.fixture(scope="module")
def before(engine, tmp_path_factory, request) -> Before:
    folder = tmp_path_factory.mktemp("old")
    first, *others = migrate.known("duckdb" if engine == "duckdb" else "postgres")
    server = None if engine == "duckdb" else request.getfixturevalue("postgres_server")
    if server is not None:
        server.run(f"create database {(name := f'mem_stepped_{next(_numbers)}')}")
    url = None if server is None else server.url(name)
    with closing(engines.opened(url, folder, memory_limit=2**28, threads=1)) as db:
        migrate._prepare(db)
        migrate._apply(db, first)
        with db.write() as w:
            w.script(ROW)
        found = {1: _shape(db)}
    place = str(folder / "old.duckdb")
    if server is None:
        shutil.copy(folder / "mem.duckdb", place)
    else:
        place = f"{name}_old"
        server.run(f"create database {place} template {name}")
    with closing(engines.opened(url, folder, memory_limit=2**28, threads=1)) as db:
        for step in others:
            migrate._apply(db, step)
            found[step.number] = _shape(db)
    return Before(place, found)


@pytest.fixture
def old(engine, before, tmp_path, request) -> Iterator[str | None]:
    """A copy of it for one test: its address, None for DuckDB."""
    if engine == "duckdb":
        shutil.copy(before.place, tmp_path / "mem.duckdb")
        yield None
        return
    server, name = request.getfixturevalue("postgres_server"), f"mem_killed_{next(_numbers)}"
    server.run(f"create database {name} template {before.place}")
    yield server.url(name)
    server.run(f"drop database {name} with (force)")


def _shape(db: Database) -> Shape:
    with db.session() as session:
        rows = session.run(
            "select table_name, column_name, data_type, is_nullable from information_schema.columns "
            "where table_schema in ('main', 'public') and table_catalog = current_database() order by 1, 2"
        )
    return [tuple(row.values()) for row in rows]


def _opened(url: str | None, folder: Path) -> Database:
    return engines.opened(url, folder, memory_limit=2**28, threads=1)


@pytest.mark.parametrize("trap", TRAPS)
def test_each_step_is_whole_or_not_begun(trap, old, before, opener, tmp_path):
    shapes = before.shapes
    assert opener.open(old, tmp_path, trap) == -signal.SIGKILL
    with closing(_opened(old, tmp_path)) as db:
        reached = migrate.schema(db)
        assert _shape(db) == shapes[reached]
    _, nth, _ = trap.split(":")
    assert reached == int(nth) + ("stepped" in trap)
    assert opener.open(old, tmp_path, "") == 0
    with closing(_opened(old, tmp_path)) as db:
        assert migrate.schema(db) == max(shapes)
        assert _shape(db) == shapes[max(shapes)]
        assert [source.name for source in sources.page(db, 9, None)] == ["kept.mp4"]
