"""A long recording whose parts are looked at side by side."""

import contextlib
import itertools
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mem import config as mem_config
from mem import types
from mem.capture import apart, control, parts, submit
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import jobs, sources
from mem.store import parts as stored
from tests import digest, videos
from tests.store.conftest import postgres_server, postgres_url, url  # noqa: F401 - fixtures

SETTINGS = {
    "storage.min_free_bytes": 0,
    "capture.screen_text": "off",
    "capture.stretch_seconds": 10,
    "capture.frame.interval_seconds": 1,
    "jobs.poll_seconds": 0.05,
}
SCENES = [0, 7_000, 15_000, 22_000, 31_000, 44_000, 58_000]
SECONDS = 65.0


@contextlib.contextmanager
def opened(folder: Path, url: str | None = None, part_seconds: int = 20, **more):  # noqa: F811
    given = SETTINGS | {"data_dir": str(folder), "capture.part_seconds": part_seconds} | more
    if url is not None:
        given |= {"database.url": url, "jobs.backend": "workers"}
    with open_memory(mem_config.load(given, environ={})) as memory:
        yield memory


def ended(memory, job, seconds: float = 60):
    """The job once it has ended."""
    limit, seen = time.monotonic() + seconds, 0
    while (now := jobs.get(memory.db, job.id)).state not in types.ENDED_JOB_STATES:
        assert time.monotonic() < limit, (now, stored.of_job(memory.db, job.id))
        seen = memory.bell.wait(seen, 0.2)
    return now


def taken(memory, path: Path, threads: int = 1):
    job = submit.submit(memory, path, started_at=types.from_epoch(1_700_000_000_000))
    with worker.running(memory, threads=threads):
        return ended(memory, job)


def held(memory):
    """What the memory holds of its one recording."""
    (source,) = sources.page(memory.db, 9, None)
    return digest.of_source(memory, source)


@pytest.fixture
def long(tmp_path):
    return videos.write(tmp_path / "long.mp4", videos.scenes(SCENES, SECONDS, fps=5))


def test_many_workers_make_the_rows_and_bytes_that_one_makes(tmp_path, url, long):  # noqa: F811
    with opened(tmp_path / "one") as memory:
        assert taken(memory, long).state == "done"
        alone = held(memory)
    with opened(tmp_path / "many", url) as memory:
        job = taken(memory, long, threads=4)
        assert job.state == "done"
        assert [part.state for part in stored.of_job(memory.db, job.id)] == ["done"] * 3
        assert held(memory) == alone


def test_a_scene_that_stands_across_the_edges_of_parts_is_kept_once(tmp_path):
    still = videos.write(tmp_path / "still.mp4", videos.scenes([0], SECONDS, fps=5))
    with opened(tmp_path / "data") as memory:
        assert taken(memory, still, threads=2).result["frames"] == 1
        found = held(memory)
    assert len(found["spans"]) == 1
    assert found["spans"][0][3] == 65  # looks
    assert found["left over"] == []


def test_what_was_shown_before_an_edge_is_no_news_behind_it(tmp_path):
    one, other = videos.scene(1), videos.scene(2)
    back = [(0, one), (18_000, other), (22_000, one), (44_000, other), (49_000, one), (60_000, one)]
    file = videos.write(tmp_path / "back.mp4", back)
    with opened(tmp_path / "data") as memory:
        assert taken(memory, file).result["frames"] == 2
        spans = held(memory)["spans"]
    assert [round((start - spans[0][0]).total_seconds()) for start, *_ in spans] == [0, 18, 22, 44, 49]
    assert all(span[1] == after[0] for span, after in itertools.pairwise(spans))


def test_a_recording_is_cut_by_what_it_says_of_its_length_alone():
    assert parts.cut(100_000, 0, 10_000) == [parts.Part(0, 0, None)]
    assert parts.cut(29_000, 20_000, 10_000) == [parts.Part(0, 0, None)]
    assert parts.cut(65_000, 20_000, 10_000) == [
        parts.Part(0, 0, 20_000),
        parts.Part(1, 20_000, 40_000),
        parts.Part(2, 40_000, None),
    ]


def test_a_part_that_meets_the_end_is_the_last_whatever_length_was_told(tmp_path, long, monkeypatch):
    """The plan of a recording that says it is four times as long."""
    real = parts.cut
    monkeypatch.setattr(parts, "cut", lambda duration, part, stretch: real(4 * duration, part, stretch))
    with opened(tmp_path / "data") as memory:
        job = taken(memory, long, threads=2)
        states = [part.state for part in stored.of_job(memory.db, job.id)]
        assert (job.state, job.error_code) == ("done", None)
        assert states[:4] == ["done"] * 4
        assert held(memory)["ended_at"] - held(memory)["started_at"] == timedelta(milliseconds=64_900)


def test_parts_are_told_of_as_progress_of_the_recording(tmp_path, long):
    with opened(tmp_path / "data") as memory:
        job = taken(memory, long, threads=2)
        assert [each.id for each in jobs.page(memory.db, limit=9)] == [job.id]
        assert jobs.counts(memory.db) == {"done": 1}
        told = jobs.events(memory.db, after=0, limit=500)
        assert {event.job_id for event in told} == {job.id}
        shares = [event.data["progress"] for event in told if event.data["state"] == "running"]
        assert sorted(shares) == shares
        assert any(0 < share < 1 for share in shares)
        done = [event.data["parts"]["done"] for event in told if "parts" in event.data]
        assert (sorted(done), done[0], done[-1] > 0) == (done, 0, True)
        assert {event.data["parts"]["of"] for event in told if "parts" in event.data} == {3}


def test_cancelling_a_recording_ends_its_parts(tmp_path, url, long):  # noqa: F811
    with opened(tmp_path / "data", url) as memory:
        job = submit.submit(memory, long)
        worker.turn(worker.Shift(memory), 0)  # looks it over and rests
        assert (jobs.get(memory.db, job.id).state, jobs.get(memory.db, job.id).lease_owner) == (
            "running",
            None,
        )
        part = stored.of_job(memory.db, job.id)[1]
        assert control.cancel(memory, part.id).state == "cancelled"
        assert {each.state for each in stored.of_job(memory.db, job.id)} == {"cancelled"}
        assert worker.turn(worker.Shift(memory), 0) is None
        control.retry(memory, job.id)
        with worker.running(memory, threads=2):
            assert ended(memory, job).state == "done"


def test_a_part_that_fails_fails_the_recording_and_is_done_again(tmp_path, url, long):  # noqa: F811
    with opened(tmp_path / "whole") as memory:
        taken(memory, long)
        whole = held(memory)
    with opened(tmp_path / "data", url) as memory:
        job = submit.submit(memory, long, started_at=types.from_epoch(1_700_000_000_000))
        shift = worker.Shift(memory)
        worker.turn(shift, 0)
        middle = stored.of_job(memory.db, job.id)[1]
        with memory.db.write() as w:  # as one that a worker killed by it gave up
            w.script(
                f"update jobs set max_attempts = 0, state = 'running', attempt = 1, "
                f"lease_until = timestamp '2001-01-01' where id = {middle.id}"
            )
        while worker.turn(shift, 0) is not None:
            pass
        failed = jobs.get(memory.db, job.id)
        assert (failed.state, failed.error_code) == ("failed", "part_failed")
        assert "Part 2 of 3 (00:00:20 to 00:00:40)" in failed.error_detail
        assert held(memory)["state"] == "partial"
        assert len(held(memory)["spans"]) == 3  # what lies before it
        control.retry(memory, job.id)
        while worker.turn(shift, 0) is not None:
            pass
        assert jobs.get(memory.db, job.id).state == "done"
        assert held(memory) == whole


def test_what_is_left_out_of_a_part_is_left_out_of_the_recording(tmp_path, long):
    with opened(tmp_path / "data") as memory:
        job = submit.submit(memory, long)
        shift = worker.Shift(memory)
        worker.turn(shift, 0)
        middle = stored.of_job(memory.db, job.id)[1]
        with memory.db.write() as w:  # as one that was killed too often there
            w.script(
                f"update jobs set state = 'failed', error_code = 'poison', deaths = 3, "
                f"place = 'see:1000000:20000:30000', finished_at = created_at where id = {middle.id}"
            )
        while worker.turn(shift, 0) is not None:
            pass
        failed = jobs.get(memory.db, job.id)
        assert (failed.state, failed.error_code) == ("failed", "poison")
        assert f"mem jobs retry {job.id} --skip" in failed.error_detail
        control.retry(memory, job.id, skip=True)
        while worker.turn(shift, 0) is not None:
            pass
        partial = jobs.get(memory.db, job.id)
        assert (partial.state, partial.error_detail) == (
            "partial",
            "Left out of seeing: 00:00:20 to 00:00:30.",
        )
        spans = held(memory)["spans"]
        gaps = [(b[0] - a[1]).total_seconds() for a, b in itertools.pairwise(spans)]
        assert sum(gaps) == 10


def test_a_part_whose_folder_is_gone_is_done_again(tmp_path, long):
    with opened(tmp_path / "whole") as memory:
        taken(memory, long)
        whole = held(memory)
    with opened(tmp_path / "data") as memory:
        job = submit.submit(memory, long, started_at=types.from_epoch(1_700_000_000_000))
        shift = worker.Shift(memory)
        for _ in range(2):
            worker.turn(shift, 0)
        (source,) = sources.page(memory.db, 9, None)
        apart.drop(memory, source)
        while worker.turn(shift, 0) is not None:
            pass
        assert jobs.get(memory.db, job.id).state == "done"
        assert held(memory) == whole


def test_parts_done_from_the_last_to_the_first_and_stopped_between_are_the_same(tmp_path, long):
    with opened(tmp_path / "whole") as memory:
        taken(memory, long)
        whole = held(memory)
    with opened(tmp_path / "data") as memory:
        job = submit.submit(memory, long, started_at=types.from_epoch(1_700_000_000_000))
        worker.turn(worker.Shift(memory), 0)
        with memory.db.write() as w:
            w.script("update jobs set turn = turn - id * interval '1 hour' where parent is not null")
        rounds = 0
        while jobs.get(memory.db, job.id).state != "done":
            rounds += 1
            stopping = worker.Shift(memory)
            if rounds % 2:  # gives up at the next look at its lease
                failing = threading.Timer(0.15, stopping.end)
                failing.start()
            worker.turn(stopping, 0)
            assert rounds < 60
        assert held(memory) == whole
