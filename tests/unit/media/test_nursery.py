"""Processes that are forked for one recording each."""

import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from mem import errors
from mem.media import landlock, sandbox
from mem.media.nursery import Nursery
from tests.processes import children, descriptors, left_open

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
def nursery():
    files, before = descriptors(), children()
    with contextlib.closing(Nursery("sandboxed", "any")) as found:
        yield found
    assert children() <= before
    assert not left_open(files)


def asked(nursery, operation, video, request=None, *, idle=30.0, limits=LIMITS):
    """The first answer, after all were heard."""
    with nursery.run(operation, video, request or {}, limits=limits, idle=idle) as messages:
        first, *_ = messages
        return first.fields


@pytest.fixture
def mothers():
    """What gives the processes that fork; this one may have other children."""
    before = children()
    return lambda: children() - before


def test_each_recording_has_a_process_of_its_own_and_one_forks_for_all(nursery, videos):
    first, second = (asked(nursery, "who", video) for video in videos)
    assert (first["video"], second["video"]) == ("the recording a", "the recording b")
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"] != os.getpid()


def test_without_idle_time_nothing_forks(nursery, videos):
    assert asked(nursery, "who", videos[0], idle=0)["parent"] == os.getpid()


def test_other_limits_are_another_one_that_forks(nursery, videos):
    other = sandbox.Limits(memory=2**28, stall_seconds=30, wall_seconds=None)
    first = asked(nursery, "who", videos[0])["parent"]
    assert asked(nursery, "who", videos[1], limits=other)["parent"] != first


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("abort", errors.DecoderCrashed),
        ("leave", errors.DecoderCrashed),
        ("killed", errors.DecoderOutOfMemory),
        ("allocate", errors.DecoderOutOfMemory),
        ("stumble", errors.DecoderCrashed),
    ],
)
def test_what_ends_one_process_does_not_touch_the_next(nursery, videos, operation, error):
    before = asked(nursery, "who", videos[0])
    with pytest.raises(error):
        asked(nursery, operation, videos[0])
    after = asked(nursery, "who", videos[1])
    assert (after["video"], after["parent"]) == ("the recording b", before["parent"])


def test_what_is_changed_in_one_process_is_as_before_in_the_next(nursery, videos):
    assert asked(nursery, "spoil", videos[0])["before"] == "as it was"
    assert asked(nursery, "spoil", videos[1])["before"] == "as it was"


def test_a_forked_process_reaches_neither_what_forked_it_nor_its_memory(nursery, videos):
    found = asked(nursery, "attack", videos[0])
    kept = {"signal"} if landlock.version() < 6 else set()
    assert set(found["reached"]) <= kept


def test_a_forked_process_holds_only_its_own_descriptors(nursery, videos):
    found = asked(nursery, "attack", videos[0])
    assert found["descriptors"] <= 5  # recording, what is printed twice, request, reply


def test_nothing_is_shared_with_what_forked_it(nursery, videos, mothers):
    asked(nursery, "who", videos[0])
    (mother,) = mothers()
    try:
        maps = Path(f"/proc/{mother}/maps").read_text()
    except PermissionError:
        pytest.skip("only root sees the memory of a process that hides it")
    assert not re.findall(r"^\S+ rw.s .*", maps, re.MULTILINE)


def test_leaving_early_ends_the_process(nursery, videos):
    with nursery.run("hang", videos[0], {"stubborn": True}, limits=LIMITS, idle=30) as messages:
        pid = next(messages).fields["pid"]
    assert not Path(f"/proc/{pid}").exists()
    assert asked(nursery, "who", videos[1])["video"] == "the recording b"


def test_what_a_forked_process_started_ends_with_it(nursery, videos):
    pid = asked(nursery, "family", videos[0], {"die": False})["pid"]
    limit = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < limit
        os.sched_yield()


def test_when_what_forks_is_killed_the_recording_is_tried_in_another(nursery, videos, mothers):
    asked(nursery, "who", videos[0])
    (mother,) = mothers()
    os.kill(mother, signal.SIGKILL)
    assert asked(nursery, "who", videos[1])["video"] == "the recording b"


def test_a_recording_under_way_ends_when_what_forked_it_is_killed(nursery, videos, mothers):
    with nursery.run("hang", videos[0], {}, limits=LIMITS, idle=30) as messages:
        next(messages)
        (mother,) = mothers()
        os.kill(mother, signal.SIGKILL)
        with pytest.raises(errors.DecoderOutOfMemory):
            next(messages)


def test_a_module_that_cannot_be_loaded_says_why(videos):
    with (
        contextlib.closing(Nursery("no_such_module", "any")) as nursery,
        pytest.raises(errors.DecoderCrashed, match="no_such_module"),
    ):
        asked(nursery, "who", videos[0])


def test_it_ends_by_itself_after_its_idle_time_and_is_let_go_of(nursery, videos, mothers):
    asked(nursery, "who", videos[0], idle=0.1)
    limit = time.monotonic() + 10
    while mothers():
        assert time.monotonic() < limit
        nursery.reap()
        os.sched_yield()


def test_two_threads_have_one_each(nursery, videos):
    found = []
    both = threading.Barrier(2)

    def look(video):
        both.wait()
        found.append(asked(nursery, "who", video))
        both.wait()
        nursery.leave()

    threads = [threading.Thread(target=look, args=(video,)) for video in videos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each["video"] for each in found} == {"the recording a", "the recording b"}
    assert len({each["parent"] for each in found}) == 2
