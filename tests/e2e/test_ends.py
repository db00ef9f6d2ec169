"""How a capture ends when it was cut short at its very end, and what is kept of an upload."""

import shutil
import threading
from pathlib import Path

import pytest

from mem import config as mem_config
from mem import types
from mem.capture import run, submit
from mem.capture.lease import Lease
from mem.memory import open_memory
from mem.store import jobs, sources
from tests import videos


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    return videos.write(tmp_path_factory.mktemp("ends") / "v.mp4", videos.scenes([0, 6_000], 12))


def capture(memory, path, **facts):
    """Run the capture of `path` as a worker would, but leave the job running."""
    submit.submit(memory, path, **facts)
    with memory.db.write() as w:
        job = jobs.claim(w, "test", lease_seconds=60, now=types.now())
    return job, run.run(memory, Lease(memory, job, threading.Event()))


def test_a_job_cut_short_after_its_last_stretch_did_the_work_itself(config, video):
    with open_memory(config) as memory:
        job, first = capture(memory, video)
        with memory.db.write() as w:
            jobs.recover(w, types.now())
            again = jobs.claim(w, "test", lease_seconds=60, now=types.now())
        second = run.run(memory, Lease(memory, again, threading.Event()))
    assert again.id == job.id
    assert (first.state, second.state) == ("done", "done")
    assert second.result["known"] is False
    assert second.result["frames"] == first.result["frames"] == 2


def test_an_original_that_is_not_wanted_goes_once_it_was_taken_in(config, video):
    unkept = mem_config.load(
        {
            "data_dir": str(config.data_dir),
            "storage.keep_originals": False,
            "storage.min_free_bytes": 0,
            "capture.screen_text": "off",
        },
        environ={},
    )
    with open_memory(unkept) as memory:
        upload = memory.folder / "uploads" / "x"
        shutil.copy(video, upload)
        _, outcome = capture(memory, upload, name="v.mp4", content_hash="0" * 64)
        source = sources.get(memory.db, outcome.result["source_id"])
        held = {file.name for file in (memory.folder / source.folder).iterdir()}
    assert source.original is None
    copies = {f"{name}.jsonl" for name in ("transcript", "frames", "spans", "checkpoints", "packs")}
    assert held == {"source.json", "frames-000001.tar"} | copies
    assert not upload.exists()


def test_what_was_kept_of_a_damaged_file_stays_partial_when_it_comes_again(config, tmp_path):
    whole = videos.write(tmp_path / "whole.mkv", videos.scenes([0, 6_000, 12_000], 18))
    damaged = videos.cut(whole, tmp_path / "cut.mkv", 0.6)
    with open_memory(config) as memory:
        job, first = capture(memory, damaged)
        with memory.db.write() as w:
            jobs.finish(w, job, state=first.state, now=types.now())
        _, again = capture(memory, damaged)
        source = sources.get(memory.db, again.result["source_id"])
    assert (first.state, again.state, source.state) == ("partial", "done", "partial")
    assert again.result["known"] is True
