"""Deleted rows leave the database's file: at once, or within a day, and it is said which."""

import os
import time
from datetime import timedelta

import pytest

from mem import types
from mem.memory import open_memory
from mem.ops import compact, delete, overwriting
from mem.store import forgetting, jobs, receipts
from tests import stocked

WORDS = b"a red bicycle"  # what stocked recordings say


@pytest.fixture
def memory(config):
    with open_memory(config) as opened:
        yield opened


@pytest.fixture
def large(memory, monkeypatch):
    """A memory whose file is too large to be written anew with each deletion."""
    monkeypatch.setattr(forgetting, "_SMALL", 0)
    return memory


def _wait(memory, hours):
    """Let what was noted be so many hours old."""
    then = time.time() - hours * 3600
    for note in overwriting.notes(memory):
        os.utime(note, (then, then))


def _work(memory):
    with memory.db.write() as w:
        now = types.now()
        jobs.enqueue(w, kind="capture", source_id=None, params={"path": "/a.mp4"}, max_attempts=3, now=now)
        jobs.claim(w, "here:1:0", lease_seconds=600, now=now)


def _held(memory):
    return WORDS in (memory.folder / "mem.duckdb").read_bytes()


def test_a_small_file_is_without_them_at_once(memory):
    receipt = delete.source(memory, stocked.source(memory).id)
    assert (receipt.rows_in_file, overwriting.since(memory), _held(memory)) == (False, None, False)


def test_of_a_large_one_it_is_said_that_they_stay(large):
    receipt = delete.source(large, stocked.source(large).id)
    assert receipt.rows_in_file is True
    assert types.now() - overwriting.since(large) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("hours", "working", "done"), [(0.5, False, False), (2, True, False), (2, False, True), (21, True, True)]
)
def test_it_waits_for_a_quiet_hour_and_no_longer_than_a_day(hours, working, done, large):
    receipt = delete.source(large, stocked.source(large).id)
    if working:
        _work(large)
    _wait(large, hours)
    assert compact.daily(large) is done
    assert (overwriting.since(large) is None) is done
    told = overwriting.told(large, receipts.get(large.db, receipt.id))
    assert told.rows_in_file is not done
    if done:
        assert not _held(large)


def test_with_nothing_deleted_the_file_stays_as_it_is(large):
    stocked.source(large)
    before = (large.folder / "mem.duckdb").stat().st_ino
    assert compact.daily(large) is False
    assert (large.folder / "mem.duckdb").stat().st_ino == before


def test_it_is_known_after_a_restart(config, monkeypatch):
    monkeypatch.setattr(forgetting, "_SMALL", 0)
    with open_memory(config) as memory:
        delete.source(memory, stocked.source(memory).id)
    with open_memory(config) as memory:
        _wait(memory, 30)
        assert compact.daily(memory) is True
        assert not _held(memory)
