"""Rows go from one engine to the other and back, and are the same."""

import psycopg
import pytest

from mem import config as mem_config
from mem.errors import BadRequest, Conflict
from mem.memory import open_memory
from mem.ops import move
from mem.store import jobs, sources, transfer
from tests.store import rows

SPOKEN = """
insert into segments (source_id, start_at, end_at, text, language, confidence, model, words)
values (
    {source}, timestamp '2026-01-01 00:00:00.123', timestamp '2026-01-01 00:00:01', 'it''s 1€', 'en', 0.1,
    'm',
    '[{{"text": "a", "confidence": 0.30000000000000004}}]'
)
"""


@pytest.fixture
def config(tmp_path):
    return mem_config.load({"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0}, environ={})


def _at(config, url):
    return config.model_copy(update={"database": config.database.model_copy(update={"url": url})})


def _fill(config):
    with open_memory(config) as memory:
        for number in range(3):
            with memory.db.write() as w:
                source = rows.source(w, content_hash=f"h{number}")
                rows.job(w, params={"path": f"/ä{number}", "started_at": None})
                w.script(SPOKEN.format(source=source.id))


def _sums(config):
    with open_memory(config) as memory, memory.db.session() as session:
        return {name: transfer.held(session, name) for name in transfer.tables(session)}


def test_there_and_back_every_table_holds_the_same(config, postgres_url):
    _fill(config)
    before = _sums(config)
    there = _at(config, postgres_url)
    moved = move.move(config, postgres_url)
    assert moved.tables == before == _sums(there)
    assert (moved.tables["sources"].rows, moved.tables["segments"].rows) == (3, 3)
    with open_memory(there) as memory:
        with memory.db.write() as w:
            assert rows.source(w, content_hash="later").id > 3  # numbers go on
            rows.job(w)
        assert sources.get(memory.db, 1).content_hash == "h0"
        assert jobs.queued(memory.db) == 4
        assert memory.index.whole
    wanted = _sums(there)
    back = move.move(there, "duckdb")
    assert back.before is not None
    assert (back.before / "mem.duckdb").exists()
    assert _sums(config) == wanted
    with open_memory(config) as memory, memory.db.write() as w:
        assert rows.source(w, content_hash="last").id > 4


def test_a_move_that_was_cut_short_goes_on(config, postgres_url, monkeypatch):
    _fill(config)
    real, done = transfer.move, []

    def cut(source, target, table):
        if table == "sources":
            raise KeyboardInterrupt
        real(source, target, table)
        done.append(table)

    monkeypatch.setattr(transfer, "move", cut)
    with pytest.raises(KeyboardInterrupt):
        move.move(config, postgres_url)
    monkeypatch.setattr(transfer, "move", real)
    moved = move.move(config, postgres_url)
    assert "segments" in done
    assert "segments" in moved.passed_over
    assert "sources" not in moved.passed_over
    assert moved.tables == _sums(_at(config, postgres_url))


def test_a_database_that_holds_something_else_is_left_alone(config, postgres_url):
    _fill(config)
    _fill(_at(config, postgres_url))
    with pytest.raises(Conflict, match="holds rows"):
        move.move(config, postgres_url)
    with psycopg.connect(postgres_url) as own:
        assert own.execute("select count(*) from sources").fetchone() == (3,)


@pytest.mark.parametrize("to", ["duckdb", "mysql://x", "postgresql:/x"])
def test_what_is_no_other_place_is_refused(config, to):
    with pytest.raises(BadRequest):
        move.move(config, to)
