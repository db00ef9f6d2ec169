"""The job that reads screens, through the real child, with a program that reads bars."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from mem import config as mem_config
from mem import search, types
from mem.capture import plan, reading, screen
from mem.capture.lease import Lease
from mem.errors import NoScreenText, StaleFence, Stopped
from mem.jobs import worker
from mem.memory import open_memory
from mem.ops import delete, edit
from mem.search import Query
from mem.store import checkpoints, jobs, sources
from mem.store import screen as stored
from tests import screens
from tests.screens import at, text

SCENES = [{40: 100}, {40: 100, 80: 60}, {80: 60}, {40: 100}, {40: 100, 120: 20}, {}]
ROWS = [
    (text(100), 0, 20),
    (text(60), 10, 30),
    (text(100), 30, 50),
    (text(20), 40, 50),
]


@pytest.fixture
def settings(config, monkeypatch, tmp_path):
    """Those of a memory on a machine that has the program which reads bars."""
    folder = tmp_path / "programs"
    folder.mkdir()
    screens.tesseract(folder)
    monkeypatch.setenv("PATH", str(folder))
    given = {"data_dir": str(config.data_dir), "storage.min_free_bytes": 0}
    return mem_config.load(given | {"capture.screen_text": "tesseract"}, environ={})


@pytest.fixture
def memory(settings):
    with open_memory(settings) as memory:
        yield memory


def claimed(memory, source, *, again=False):
    """A lease on the job that reads the source."""
    with memory.db.write() as w:
        if again:
            reading._enqueue(memory, w, source, again=True)
        else:
            reading.queue(memory, w, source)
        job = jobs.claim(w, "here", lease_seconds=60, now=types.now())
    assert job is not None
    return Lease(memory, job, threading.Event())


def rows(memory, source):
    return [
        (row.text, (row.start - screens.NOON).total_seconds(), (row.end - screens.NOON).total_seconds())
        for row in stored.of_source(memory.db, source.id)
    ]


def found(memory, words):
    return [hit for moment in search.search(memory, Query(text=words)).moments for hit in moment.hits]


def test_a_line_is_one_row_for_as_long_as_it_stands_and_is_found(memory):
    source = screens.keep(memory, SCENES)
    outcome = screen.run(memory, claimed(memory, source))
    assert (outcome.state, outcome.result["frames"], outcome.result["lines"]) == ("done", 6, 4)
    assert rows(memory, source) == ROWS
    (hit,) = found(memory, '"level 20" kind:screen')
    assert (hit.kind, hit.start, hit.end) == ("screen", at(40), at(50))
    assert hit.highlights


def test_the_box_of_a_line_is_in_pixels_of_its_first_frame(memory):
    source = screens.keep(memory, [{40: 100}, {40: 100, 80: 60}])
    screen.run(memory, claimed(memory, source))
    first, second = stored.of_source(memory.db, source.id)
    assert second.frame_id == first.frame_id + 1
    assert (first.engine, first.box.x, first.box.width) == ("tesseract", 40, 120)
    assert abs(second.box.y - 80) <= 2


def test_a_copy_of_the_rows_lies_in_the_folder(memory):
    source = screens.keep(memory, SCENES)
    screen.run(memory, claimed(memory, source))
    copy = (memory.folder / source.folder / "screen.jsonl").read_text().splitlines()
    assert len(copy) == len(ROWS)
    assert '"text": "level 100"' in copy[0]


def test_a_picture_that_came_back_is_not_read_again(memory, monkeypatch):
    scenes = [{40: 100}, {40: 100, 80: 60}, {40: 100}, {40: 100, 80: 60}]
    source = screens.keep(memory, scenes)
    with memory.db.write() as w:
        made = plan.make(w, source.id, 0, draft=False)
    assert len(made.steps) == 2
    screen.run(memory, claimed(memory, source))
    assert rows(memory, source) == [(text(100), 0, 40), (text(60), 10, 20), (text(60), 30, 40)]


def test_the_work_in_small_pieces_gives_the_same_rows(memory, monkeypatch):
    monkeypatch.setattr(plan, "SPANS", 1)
    source = screens.keep(memory, [*SCENES, SCENES[1], SCENES[0]])
    lease = claimed(memory, source)
    screen.run(memory, lease)
    assert rows(memory, source) == [*ROWS, (text(100), 60, 80), (text(60), 60, 70)]
    assert checkpoints.get(memory.db, source.id, "screen").stretch == 9


def test_reading_that_is_stopped_anywhere_goes_on_to_the_same_rows(memory, monkeypatch):
    monkeypatch.setattr(plan, "SPANS", 2)
    source = screens.keep(memory, SCENES)
    lease, stops = claimed(memory, source), 0
    for commits in (1, 1, 1):
        taken, real = [], screen._Reading._commit

        def commit(self, taken=taken, real=real, commits=commits):
            real(self)
            taken.append(self)
            if len(taken) == commits:
                raise Stopped

        with monkeypatch.context() as patch:
            patch.setattr(screen._Reading, "_commit", commit)
            with pytest.raises(Stopped):
                screen.run(memory, lease)
            stops += 1
    screen.run(memory, lease)
    assert stops == 3
    assert rows(memory, source) == ROWS


def test_a_source_that_is_moved_in_time_while_it_is_read_has_its_lines_at_the_new_time(memory, monkeypatch):
    monkeypatch.setattr(plan, "SPANS", 2)
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    real, moved = screen._Reading._ask, []

    def ask(self, *args):
        real(self, *args)
        if len(moved) < 1:
            moved.append(edit.source(memory, source.id, started_at=at(3600)))

    monkeypatch.setattr(screen._Reading, "_ask", ask)
    with pytest.raises(StaleFence):
        screen.run(memory, lease)
    with memory.db.write() as w:
        again = jobs.claim(w, "here", lease_seconds=60, now=types.now())
    screen.run(memory, Lease(memory, again, threading.Event()))
    assert rows(memory, source) == [(said, start + 3600, end + 3600) for said, start, end in ROWS]


def test_an_older_reading_is_seen_until_the_new_one_is_whole(memory, monkeypatch):
    monkeypatch.setattr(plan, "SPANS", 2)
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    screen.run(memory, lease)
    with memory.db.write() as w:
        jobs.finish(w, lease.job, state="done", now=types.now())
    before = [row.id for row in stored.of_source(memory.db, source.id)]
    seen = []
    real = screen._Reading._commit

    def commit(self):
        real(self)
        seen.append([row.id for row in stored.of_source(memory.db, source.id)])
        seen.append([hit.id for hit in found(memory, "level kind:screen")])

    monkeypatch.setattr(screen._Reading, "_commit", commit)
    screen.run(memory, claimed(memory, source, again=True))
    assert {tuple(sorted(ids)) for ids in seen} == {tuple(sorted(before))}
    after = [row.id for row in stored.of_source(memory.db, source.id)]
    assert rows(memory, source) == ROWS
    assert not set(before) & set(after)
    assert {hit.id for hit in found(memory, "level kind:screen")} == set(after)


def test_reading_again_that_was_cut_short_begins_anew_under_another_job(memory, monkeypatch):
    monkeypatch.setattr(plan, "SPANS", 2)
    source = screens.keep(memory, SCENES)
    first = claimed(memory, source)
    screen.run(memory, first)
    second = claimed(memory, source, again=True)
    real = screen._Reading._commit

    def commit(self):
        real(self)
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(screen._Reading, "_commit", commit)
        with pytest.raises(Stopped):
            screen.run(memory, second)
    assert stored.count(memory.db, source.id, draft=True) > 0
    screen.run(memory, claimed(memory, source, again=True))
    assert stored.count(memory.db, source.id, draft=True) == 0
    assert rows(memory, source) == ROWS


def test_pictures_that_cannot_be_read_make_the_outcome_partial(memory):
    source = screens.keep(memory, [{40: 100}, b"no picture", {40: 100}])
    outcome = screen.run(memory, claimed(memory, source))
    assert (outcome.state, outcome.detail) == ("partial", "Pictures that could not be read: 1.")
    assert rows(memory, source) == [(text(100), 0, 10), (text(100), 20, 30)]


def test_pictures_whose_pack_is_gone_make_the_outcome_partial(memory):
    source = screens.keep(memory, [{40: 100}, {80: 60}])
    (memory.folder / source.folder / "frames-000001.tar").unlink()
    outcome = screen.run(memory, claimed(memory, source))
    assert (outcome.state, outcome.detail) == ("partial", "Pictures that could not be read: 2.")


def test_other_work_goes_first(memory, monkeypatch):
    monkeypatch.setattr(screen, "_LOOK_SECONDS", 0)
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    earlier = types.now() - timedelta(seconds=2)
    with memory.db.write() as w:
        urgent = jobs.enqueue(
            w, kind="capture", source_id=None, params={"path": "/a"}, priority=5, max_attempts=1, now=earlier
        )
    worker._work(memory, lease)
    assert jobs.get(memory.db, lease.job.id).state == "queued"
    with memory.db.write() as w:
        assert jobs.claim(w, "here", lease_seconds=60, now=types.now()).id == urgent.id


def test_a_reading_that_is_cancelled_ends_soon_and_keeps_what_it_has(memory, tmp_path):
    screens.tesseract(tmp_path / "programs", slow=1)
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    with memory.db.write() as w:
        jobs.cancel(w, lease.job.id, types.now())
    began = types.now()
    worker._work(memory, lease)
    assert types.now() - began < timedelta(seconds=5)
    assert jobs.get(memory.db, lease.job.id).state == "cancelled"
    assert sources.get(memory.db, source.id).state == "ready"


def test_a_deleted_source_leaves_no_text_and_its_reading_is_no_hindrance(memory):
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    screen.run(memory, lease)
    assert found(memory, "level")
    receipt = delete.source(memory, source.id)
    assert receipt.removed["screen_texts"] == 4
    assert not found(memory, "level")
    with pytest.raises(StaleFence), memory.db.write() as w:
        lease.check(w)


def test_nothing_is_queued_twice_or_where_nothing_can_read(memory):
    source = screens.keep(memory, SCENES)
    off = dataclasses.replace(memory, config=mem_config.load({"capture.screen_text": "off"}, environ={}))
    with memory.db.write() as w:
        reading.queue(off, w, source)
        assert jobs.active_of(w, source.id) == []
        reading.queue(memory, w, source)
        reading.queue(memory, w, source)
        (job,) = jobs.active_of(w, source.id)
    assert (job.kind, job.priority, job.params["name"]) == ("screen", 0, "screen.mp4")
    assert reading.ask(memory, source).id == job.id
    with pytest.raises(NoScreenText):
        reading.ask(off, source)


def test_what_was_read_is_not_queued_again(memory):
    source = screens.keep(memory, SCENES)
    lease = claimed(memory, source)
    screen.run(memory, lease)
    with memory.db.write() as w:
        jobs.finish(w, lease.job, state="done", now=types.now())
        reading.queue(memory, w, source)
        assert jobs.active_of(w, source.id) == []
    assert reading.ask(memory, source).params["again"] is True


PROCESS = """
import sys
from mem import config, types
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import jobs
given = {"data_dir": sys.argv[1], "storage.min_free_bytes": 0, "capture.screen_text": "tesseract"}
with open_memory(config.load(given, environ={})) as memory, worker.running(memory):
    seen = 0
    while jobs.active_of(memory.db, int(sys.argv[2])):
        seen = memory.bell.wait(seen, 0.2)
"""


def test_a_process_that_is_killed_at_any_commit_leaves_the_same_rows(settings):
    with open_memory(settings) as memory:
        source = screens.keep(memory, SCENES)
        with memory.db.write() as w:
            reading.queue(memory, w, source)
    for commit in (3, 6, 7, 8):
        environment = os.environ | {"MEM_FAILPOINT": f"database.committed:{commit}:kill"}
        command = [sys.executable, "-c", PROCESS, str(settings.data_dir), str(source.id)]
        assert subprocess.run(command, env=environment, timeout=60).returncode == -signal.SIGKILL
    assert subprocess.run(command, timeout=60).returncode == 0
    with open_memory(settings) as again:
        assert rows(again, source) == ROWS
        assert {hit.text for hit in found(again, "level kind:screen")} == {said for said, _, _ in ROWS}


def test_the_images_for_a_child_are_gone_afterwards(memory):
    source = screens.keep(memory, SCENES)
    screen.run(memory, claimed(memory, source))
    assert not list((memory.folder / "tmp").glob("screen-*"))
