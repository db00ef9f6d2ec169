"""A child that stays between recordings."""

import os
import time
from pathlib import Path

import pytest

from mem import errors
from mem.media import sandbox
from mem.media.warm import Warm
from tests.processes import children

LIMITS = sandbox.Limits(memory=2**29, stall_seconds=30, wall_seconds=None)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def videos(tmp_path):
    files = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    for file in files:
        file.write_bytes(f"the recording {file.stem}".encode())
    return files


@pytest.fixture
def warm():
    before = children()
    found = Warm("sandboxed", "who")
    yield found
    found.close()
    assert children() <= before


def told(warm, video, *, idle=30.0, request=None, limits=LIMITS):
    with warm.run(video, request or {}, limits=limits, idle=idle) as messages:
        return next(iter([m.fields for m in messages if m.kind == "who"]))


def test_the_next_recording_comes_to_the_same_process(warm, videos):
    first, second = (told(warm, video) for video in videos)
    assert first["pid"] == second["pid"]
    assert (first["video"], second["video"]) == ("the recording a", "the recording b")


def test_without_idle_time_each_has_its_own(warm, videos):
    assert told(warm, videos[0], idle=0)["pid"] != told(warm, videos[1], idle=0)["pid"]


def test_other_limits_are_another_process(warm, videos):
    other = sandbox.Limits(memory=2**28, stall_seconds=30, wall_seconds=None)
    assert told(warm, videos[0])["pid"] != told(warm, videos[1], limits=other)["pid"]


def test_it_ends_by_itself_after_its_idle_time(warm, videos):
    pid = told(warm, videos[0], idle=0.1)["pid"]
    limit = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < limit
        os.sched_yield()
    assert told(warm, videos[1])["pid"] != pid


def test_one_that_failed_is_not_used_again(warm, videos):
    pid = told(warm, videos[0])["pid"]
    with pytest.raises(errors.DecoderCrashed):
        told(warm, videos[0], request={"die": True})
    assert told(warm, videos[1])["pid"] != pid
