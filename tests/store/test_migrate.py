from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from mem.errors import DatabaseFailed
from mem.store import duck_session, engines, migrate, whole
from mem.store.migrate import Migration
from tests.store import rows


def _open(url, folder):
    return engines.open_database(url, folder=folder, memory_limit=2**28, threads=1)


def test_the_steps_are_numbered_without_gap():
    for engine in ("duckdb", "postgres"):
        steps = migrate.known(engine)
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert len(migrate.known("postgres")[0].scripts) == 2
    assert len(migrate.known("duckdb")[0].scripts) == 1


def test_each_step_is_recorded_and_done_once(db):
    recorded = db.read("schema.applied")
    assert [row["name"] for row in recorded] == [step.name for step in migrate.known(db.engine)]
    assert recorded[0]["applied_at"].utcoffset() is not None
    assert migrate.apply(db) == []


def test_a_step_that_fails_leaves_neither_tables_nor_record(db):
    broken = Migration(900, "broken", ("create table half (a integer); insert into no_such values (1)",))
    with pytest.raises(Exception, match="no_such"):
        migrate._apply(db, broken)
    assert 900 not in [row["number"] for row in db.read("schema.applied")]
    with db.write() as w:
        w.script("create table half (a integer)")


def test_a_database_of_a_newer_version_is_refused(url, tmp_path):
    db = _open(url, tmp_path)
    with db.write() as w:
        w.run("schema.record", 901, "from_the_future", rows.NOON)
    db.close()
    with pytest.raises(DatabaseFailed, match="901"):
        _open(url, tmp_path)


def test_processes_that_start_at_once_migrate_once(postgres_server, tmp_path):
    postgres_server.run("create database mem_bare")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: _open(postgres_server.url("mem_bare"), tmp_path), range(4)))
    assert len(opened[0].read("schema.applied")) == len(migrate.known("postgres"))
    for db in opened:
        db.close()
    postgres_server.run("drop database mem_bare with (force)")


def test_one_that_starts_while_another_changes_the_schema_waits_for_it(postgres_server, tmp_path):
    postgres_server.run("create database mem_half")
    url = postgres_server.url("mem_half")
    waiting = "select 1 from pg_stat_activity where datname = 'mem_half' and wait_event = 'advisory'"
    with (
        closing(engines.opened(url, tmp_path, memory_limit=2**28, threads=1)) as db,
        ThreadPoolExecutor(1) as pool,
    ):
        with migrate.alone(db), psycopg.connect(url, autocommit=True) as look:
            migrate._prepare(db)
            migrate._apply(db, migrate.known("postgres")[0])
            other = pool.submit(_open, url, tmp_path)
            while not other.done() and look.execute(waiting).fetchone() is None:
                pass
            assert not other.done()
            migrate.apply(db)
        other.result().close()
    assert not (tmp_path / "backups").exists()  # of a state that nobody used
    postgres_server.run("drop database mem_half with (force)")


def test_what_was_there_is_copied_before_a_step(tmp_path, monkeypatch):
    steps = migrate.known("duckdb")
    with monkeypatch.context() as older:
        older.setattr(migrate, "known", lambda engine: steps[:1])
        _open(None, tmp_path).close()
    for _ in range(2):  # the second opening has nothing to do
        _open(None, tmp_path).close()
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.name.startswith("before-schema-0002-")
    with duck_session.reading(copy) as session:
        assert whole.counts(session, ["schema_migrations"]) == {"schema_migrations": 1}


def test_a_new_database_needs_no_copy(tmp_path):
    _open(None, tmp_path).close()
    assert not (tmp_path / "backups").exists()
