"""Stages that are done again: the old stays until the new takes its place at once."""

import threading
from datetime import timedelta

import pytest

from mem import config as mem_config
from mem import pictures, types
from mem.capture import control, rerun, submit
from mem.capture.lease import Lease
from mem.errors import BadRequest, Conflict, RecordingGone, Stopped
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import checkpoints, frames, jobs, sources
from tests import videos


@pytest.fixture
def memory(tmp_path):
    given = {
        "data_dir": str(tmp_path / "data"),
        "storage.min_free_bytes": 0,
        "capture.stretch_seconds": 10,
        "capture.frame.interval_seconds": 1,
        "capture.screen_text": "off",
    }
    with open_memory(mem_config.load(given, environ={})) as memory:
        yield memory


class Stopping(Lease):
    """A lease that notes what everybody sees at each commit, and stops in the middle of a later one."""

    def __init__(self, memory, job, stop_after=99):
        super().__init__(memory, job, threading.Event())
        self.memory, self.left, self.visible = memory, stop_after, []

    def commit(self, w, *values, **facts):
        if self.left == 0:
            raise Stopped
        super().commit(w, *values, **facts)
        self.visible.append(_rows(w, self.job.source_id))
        self.left -= 1


def _rows(r, source_id):
    begin = sources.get(r, source_id).started_at
    kept = frames.between(r, begin, begin + timedelta(hours=1), source_id, limit=99)
    spans = frames.spans_between(r, begin, begin + timedelta(hours=1), source_id, limit=99)
    return [(f.id, f.pack) for f in kept], [(s.frame_id, s.start, s.end) for s in spans]


def _said(memory, source_id):
    """What is kept, without ids and packs."""
    begin = sources.get(memory.db, source_id).started_at
    kept = frames.between(memory.db, begin, begin + timedelta(hours=1), source_id, limit=99)
    _, spans = _rows(memory.db, source_id)
    at = {f.id: f.first_seen for f in kept}
    return [(f.first_seen, f.sha256) for f in kept], [(at[i], start, end) for i, start, end in spans]


def _claimed(memory):
    with memory.db.write() as w:
        return jobs.claim(w, "test", lease_seconds=60, now=types.now())


@pytest.fixture
def source(memory, tmp_path):
    video = videos.write(tmp_path / "v.mp4", videos.scenes([0, 6_000, 14_000, 22_000], 30))
    job = submit.submit(memory, video)
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    return sources.get(memory.db, jobs.get(memory.db, job.id).source_id)


def _packs(memory, source):
    return {file.name for file in (memory.folder / source.folder).glob("*.tar")}


def _aside(memory):
    folder = memory.folder / "reruns"
    return list(folder.iterdir()) if folder.is_dir() else []


def test_frames_that_are_made_again_take_the_place_of_the_old_at_once(memory, source):
    before, said, packs = _rows(memory.db, source.id), _said(memory, source.id), _packs(memory, source)
    job = rerun.ask(memory, source.id, ["frames"])
    lease = Stopping(memory, _claimed(memory))
    worker._work(memory, lease)
    assert jobs.get(memory.db, job.id).state == "done"
    assert len(lease.visible) == 3
    assert all(seen == before for seen in lease.visible)
    assert _said(memory, source.id) == said
    after = _rows(memory.db, source.id)
    assert {number for number, _ in after[0]}.isdisjoint(number for number, _ in before[0])
    assert _packs(memory, source) == {pack for _, pack in after[0]}
    assert _packs(memory, source).isdisjoint(packs)
    assert _aside(memory) == []
    for number, _ in after[0]:
        kept = frames.get(memory.db, number)
        assert len(pictures.read(memory, kept, None)[0]) == kept.length


def test_a_rerun_that_is_cut_short_goes_on_and_ends_as_if_it_had_not_been(memory, source):
    said, before = _said(memory, source.id), _rows(memory.db, source.id)
    job = rerun.ask(memory, source.id, ["frames"])
    worker._work(memory, Stopping(memory, _claimed(memory), 1))
    assert jobs.get(memory.db, job.id).state == "queued"
    assert _rows(memory.db, source.id) == before
    last = Stopping(memory, _claimed(memory))
    worker._work(memory, last)
    assert len(last.visible) == 1
    assert jobs.get(memory.db, job.id).state == "done"
    assert _said(memory, source.id) == said


def test_a_cancelled_rerun_leaves_the_old_and_nothing_else(memory, source):
    before, packs = _rows(memory.db, source.id), _packs(memory, source)
    job = rerun.ask(memory, source.id, ["frames"])
    worker._work(memory, Stopping(memory, _claimed(memory), 1))
    assert _aside(memory)
    assert control.cancel(memory, job.id).state == "cancelled"
    assert (_rows(memory.db, source.id), _packs(memory, source), _aside(memory)) == (before, packs, [])


def test_a_rerun_that_is_killed_between_its_packs_and_its_rows_loses_neither(memory, source):
    said, before, packs = _said(memory, source.id), _rows(memory.db, source.id), _packs(memory, source)
    job = rerun.ask(memory, source.id, ["frames"])
    lease = Stopping(memory, _claimed(memory))
    shelf = rerun._gather(memory, lease, source, "frames", 0.0, 1)
    rerun._house(memory, source, shelf.folder)
    assert _rows(memory.db, source.id) == before
    with memory.db.write() as w:
        jobs.recover(w, types.now())
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    assert jobs.get(memory.db, job.id).state == "done"
    assert _said(memory, source.id) == said
    assert _packs(memory, source).isdisjoint(packs)


def test_packs_that_were_moved_for_nothing_go_with_the_rerun(memory, source):
    packs = _packs(memory, source)
    job = rerun.ask(memory, source.id, ["frames"])
    shelf = rerun._gather(memory, Stopping(memory, _claimed(memory)), source, "frames", 0.0, 1)
    rerun._house(memory, source, shelf.folder)
    assert _packs(memory, source) > packs
    rerun.clean(memory, job.id)
    assert (_packs(memory, source), _aside(memory)) == (packs, [])


def test_a_rerun_that_died_after_its_rows_only_tidies_up(memory, source):
    job = rerun.ask(memory, source.id, ["frames"])
    lease = Stopping(memory, _claimed(memory))
    shelf = rerun._gather(memory, lease, source, "frames", 0.0, 1)
    rerun._swap(memory, lease, source, {"frames": shelf})
    rows = _rows(memory.db, source.id)
    with memory.db.write() as w:
        jobs.recover(w, types.now())
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    assert jobs.get(memory.db, job.id).state == "done"
    assert _rows(memory.db, source.id) == rows
    assert (_packs(memory, source), _aside(memory)) == ({pack for _, pack in rows[0]}, [])
    assert checkpoints.get(memory.db, source.id, "see").finished


def test_what_cannot_be_done_again_is_refused_at_once(memory, source, tmp_path):
    with pytest.raises(Conflict, match="no sound"):
        rerun.ask(memory, source.id, ["speech"])
    with pytest.raises(BadRequest, match="for the stage speech"):
        rerun.ask(memory, source.id, ["frames"], model="tiny.en")
    (tmp_path / "v.mp4").unlink()
    with pytest.raises(RecordingGone):
        rerun.ask(memory, source.id, ["frames"])
    job = rerun.ask(memory, source.id, ["index"])
    worker._work(memory, Lease(memory, _claimed(memory), threading.Event()))
    assert jobs.get(memory.db, job.id).state == "done"
    assert memory.index.counts()["source"] == 1
