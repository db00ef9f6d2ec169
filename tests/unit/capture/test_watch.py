"""Watched folders over a real memory, whose jobs the test itself does."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from mem import config as mem_config
from mem import folders, types
from mem.capture import watch
from mem.capture.watch import Watch
from mem.errors import DiskFull, NotFound, TooBusy
from mem.memory import Memory, open_memory
from mem.store import jobs, sources
from mem.types import Job, Source, StartTime


@contextlib.contextmanager
def opened(tmp_path: Path, **settings):
    facts = {"watch": [str(tmp_path / "w")], "watch_settle_seconds": 0, "watch_poll_seconds": 0.001}
    given = {f"capture.{key}": value for key, value in (facts | settings).items()}
    given |= {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0}
    (tmp_path / "w").mkdir(exist_ok=True)
    with open_memory(mem_config.load(given, environ={})) as memory:
        yield memory


@pytest.fixture
def memory(tmp_path):
    with opened(tmp_path) as memory:
        yield memory


def look(watcher: Watch, times: int = 1) -> None:
    for _ in range(times):
        watcher._due = 0.0
        watcher._round()


def put(tmp_path: Path, name: str, text: str = "x") -> Path:
    file = tmp_path / "w" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def queued(memory: Memory) -> list[str]:
    waiting = jobs.page(memory.db, limit=10_000, state="queued")
    return sorted(Path(str(job.params["path"])).name for job in waiting)


def work(memory: Memory, state="done", source_state="ready", **facts) -> Source | None:
    """Do the oldest job as a worker would."""
    with memory.db.write() as w:
        job = jobs.claim(w, "worker", lease_seconds=60, now=types.now())
        source = _add(w, job, source_state) if state in ("done", "partial") else None
        if source is not None:
            jobs.attach(w, job, source.id)
        jobs.finish(w, jobs.get(w, job.id), state=state, now=types.now(), **facts)
    return source


def _add(w, job: Job, state) -> Source:
    path = Path(str(job.params["path"]))
    start = StartTime(started_at=types.now(), time_source="mtime", confidence="low", evidence="")
    source, _ = sources.add(
        w, kind="file", name=path.name, location=None, device=None, content_hash=path.read_text(),
        size=path.stat().st_size, path=str(path), original=None, start=start, media=None,
        added_at=types.now(),
    )  # fmt: skip
    return sources.settle(w, source.id, state=state)


def folder(watcher: Watch):
    (one,) = watcher.report().folders
    return one


def reasons(watcher: Watch) -> dict[str, int]:
    return {passed.reason: passed.files for passed in folder(watcher).passed_over}


def test_a_file_is_taken_once_with_the_names_of_its_folders(memory, tmp_path):
    put(tmp_path, "hall/door/a.mp4")
    watcher = Watch(memory)
    look(watcher, 3)
    (job,) = jobs.page(memory.db, limit=10)
    assert (job.params["location"], job.params["device"]) == ("hall", "door")
    assert (folder(watcher).working, folder(watcher).taken, folder(watcher).waiting) == (1, 0, 0)
    work(memory)
    look(watcher, 2)
    assert (folder(watcher).working, folder(watcher).taken) == (0, 1)
    assert len(jobs.page(memory.db, limit=10)) == 1


def test_after_a_restart_nothing_is_handed_over_again(tmp_path):
    put(tmp_path, "a.mp4")
    put(tmp_path, "b.mp4", "y")
    with opened(tmp_path) as memory:
        look(Watch(memory))
        work(memory)
    with opened(tmp_path) as memory:
        watcher = Watch(memory)
        look(watcher, 2)
        assert len(jobs.page(memory.db, limit=10)) == 2
        assert (folder(watcher).taken, folder(watcher).working) == (1, 1)


def test_a_file_that_grew_after_it_was_taken_is_taken_anew(memory, tmp_path):
    put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    look(watcher)
    work(memory, "failed", error_code="cut_off", error_detail="It was cut off.")
    look(watcher)
    assert reasons(watcher) == {"failed": 1}
    assert folder(watcher).passed_over[0].examples == ("a.mp4: It was cut off.",)
    put(tmp_path, "a.mp4", "longer")
    look(watcher)
    assert queued(memory) == ["a.mp4"]
    assert reasons(watcher) == {}


def test_a_file_waits_while_a_program_has_it_open_to_write(memory, tmp_path):
    file = put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    with file.open("ab"):
        look(watcher, 2)
        assert (queued(memory), reasons(watcher)) == ([], {"open": 1})
    look(watcher)
    assert (queued(memory), reasons(watcher)) == (["a.mp4"], {})


def test_a_file_that_stands_still_too_short_waits(tmp_path):
    with opened(tmp_path, watch_settle_seconds=3600) as memory:
        put(tmp_path, "a.mp4")
        watcher = Watch(memory)
        look(watcher, 3)
        assert (queued(memory), folder(watcher).waiting) == ([], 1)


def test_a_file_that_changed_between_the_look_and_its_turn_is_left_for_the_next(memory, tmp_path):
    put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    watcher._look_everywhere()
    put(tmp_path, "a.mp4", "longer")
    watcher._hand_over()
    assert queued(memory) == []
    look(watcher)
    assert queued(memory) == ["a.mp4"]


def test_a_file_that_became_a_link_is_not_followed(memory, tmp_path):
    (tmp_path / "secret.mp4").write_text("x")
    file = put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    watcher._look_everywhere()
    file.unlink()
    file.symlink_to(tmp_path / "secret.mp4")
    watcher._hand_over()
    assert queued(memory) == []


def test_a_folder_that_vanishes_loses_nothing(memory, tmp_path):
    put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    look(watcher)
    work(memory)
    for emptied in (False, True):  # a mount that is gone leaves nothing, or an empty folder
        (tmp_path / "w").rename(tmp_path / "away")
        if emptied:
            (tmp_path / "w").mkdir()
        look(watcher, 2)
        assert folder(watcher).state == ("watched" if emptied else "gone")
        if emptied:
            (tmp_path / "w").rmdir()
        (tmp_path / "away").rename(tmp_path / "w")
        look(watcher, 2)
        assert (folder(watcher).state, folder(watcher).taken) == ("watched", 1)
    assert len(jobs.page(memory.db, limit=10)) == 1


def test_a_folder_of_thousands_keeps_the_queue_short_and_is_taken_whole(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "AHEAD", 4)
    for number in range(11):
        put(tmp_path, f"{number}.mp4", str(number))
    watcher = Watch(memory)
    done = 0
    while done < 11:
        look(watcher)
        waiting = queued(memory)
        assert 0 < len(waiting) <= 4
        for _ in waiting:
            work(memory)
        done += len(waiting)
    look(watcher)
    assert (folder(watcher).taken, len(jobs.page(memory.db, limit=100))) == (11, 11)


def test_without_room_it_waits_and_says_so(memory, tmp_path, monkeypatch):
    put(tmp_path, "a.mp4")
    watcher = Watch(memory)

    def full(*_: object) -> None:
        raise DiskFull("Nothing is free.")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "guard_space", full)
        look(watcher, 2)
        assert watcher.report().held_back == "Nothing is free."
        assert folder(watcher).waiting == 1
    look(watcher)
    assert watcher.report().held_back is None
    assert queued(memory) == ["a.mp4"]


def test_a_taken_file_is_moved_and_its_source_follows(tmp_path):
    with opened(tmp_path, watch_after="move") as memory:
        put(tmp_path, "hall/a.mp4")
        watcher = Watch(memory)
        look(watcher)
        source = work(memory)
        look(watcher, 3)
        moved = tmp_path / "w" / "taken" / "hall" / "a.mp4"
        assert moved.read_text() == "x"
        assert sources.get(memory.db, source.id).path == str(moved)
        assert (folder(watcher).files, reasons(watcher)) == (0, {})
        put(tmp_path, "hall/a.mp4", "another")  # cameras use their names again
        look(watcher)
        work(memory)
        look(watcher, 2)
        assert (moved.parent / "a (2).mp4").read_text() == "another"
        assert moved.read_text() == "x"


@pytest.mark.parametrize("state", ["partial", "processing", "failed"])
def test_a_file_whose_recording_is_not_whole_is_left_alone(tmp_path, state):
    with opened(tmp_path, watch_after="delete") as memory:
        file = put(tmp_path, "a.mp4")
        watcher = Watch(memory)
        look(watcher)
        work(memory, source_state=state)
        look(watcher, 2)
        assert file.exists()
        assert reasons(watcher) == {"not_ready": 1}


def test_a_taken_file_is_deleted_only_as_it_was_taken(tmp_path):
    with opened(tmp_path, watch_after="delete") as memory:
        file, other = put(tmp_path, "a.mp4"), put(tmp_path, "b.mp4", "y")
        watcher = Watch(memory)
        look(watcher)
        work(memory)
        work(memory)
        put(tmp_path, "b.mp4", "grown since")
        look(watcher, 2)
        assert not file.exists()
        assert other.exists()
        assert queued(memory) == ["b.mp4"]


def test_a_move_that_was_cut_short_is_done_at_the_next_start(tmp_path):
    with opened(tmp_path, watch_after="move") as memory:
        file = put(tmp_path, "a.mp4")
        look(Watch(memory))
        source = work(memory)
        with memory.db.write() as w:  # as if the process had died before the file was moved
            sources.settle(w, source.id, state="ready", path=str(tmp_path / "w" / "taken" / "a.mp4"))
        look(Watch(memory), 2)
        assert not file.exists()
        assert Path(sources.get(memory.db, source.id).path).read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_cannot_be_moved_stays_and_is_said(tmp_path):
    with opened(tmp_path, watch_after="move") as memory:
        put(tmp_path, "a.mp4")
        watcher = Watch(memory)
        look(watcher)
        source = work(memory)
        (tmp_path / "w").chmod(0o500)
        look(watcher, 2)
        (tmp_path / "w").chmod(0o700)
        assert reasons(watcher) == {"not_cleared": 1}
        assert sources.get(memory.db, source.id).path == str(tmp_path / "w" / "a.mp4")


def test_the_memory_itself_and_folders_watched_on_their_own_are_left_out(tmp_path):
    (tmp_path / "w" / "own").mkdir(parents=True)
    given = {"watch": [str(tmp_path), str(tmp_path / "w" / "own")]}
    with opened(tmp_path, **given) as memory:
        (memory.folder / "inbox" / "z.mp4").write_text("z")
        put(tmp_path, "a.mp4")
        put(tmp_path, "own/door/b.mp4", "y")
        look(Watch(memory))
        found = {Path(str(j.params["path"])).name: j.params for j in jobs.page(memory.db, limit=9)}
        assert {name: params["location"] for name, params in found.items()} == {"a.mp4": "w", "b.mp4": "door"}


def test_a_folder_that_was_asked_for_is_watched_for_its_time(memory, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.mp4").write_text("c")
    watcher = Watch(memory)
    watcher.ask([tmp_path / "more"], 60)
    look(watcher)
    assert queued(memory) == ["c.mp4"]
    assert len(watcher.report().folders) == 2
    watcher.ask([tmp_path / "more"], 0)
    look(watcher)
    assert len(watcher.report().folders) == 1
    watcher.ask([tmp_path / "w"], 0)  # a configured folder stays
    look(watcher)
    assert len(watcher.report().folders) == 1


def test_only_so_many_folders_can_be_asked_for(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "MOST_ASKED", 2)
    watcher = Watch(memory)
    watcher.ask([tmp_path / "1", tmp_path / "2"], 60)
    with pytest.raises(TooBusy):
        watcher.ask([tmp_path / "3"], 60)


def test_callers_may_have_folders_beneath_the_roots_watched_and_the_owner_any(tmp_path):
    inside = tmp_path / "root" / "in"
    inside.mkdir(parents=True)
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    assert watch.allowed(inside, (tmp_path / "root",)) == inside
    assert watch.allowed(tmp_path, None) == tmp_path
    for folder_ in (tmp_path, tmp_path / "root" / "link", tmp_path / "root" / "gone"):
        with pytest.raises(NotFound):
            watch.allowed(folder_, (tmp_path / "root",))


def test_a_look_that_costs_much_is_followed_by_a_longer_pause(memory, monkeypatch):
    watcher = Watch(memory)
    spent = iter([0.0, 0.2])
    monkeypatch.setattr(time, "thread_time", lambda: next(spent))
    watcher._look_everywhere()
    assert 39 < watcher._due - time.monotonic() <= 40


def test_a_look_that_fails_is_soon_followed_by_another(memory, tmp_path, monkeypatch):
    file = put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    look(watcher)
    file.unlink()

    def full(*_: object) -> None:
        raise DiskFull

    with monkeypatch.context() as patch:
        patch.setattr("mem.store.watched.miss", full)
        look(watcher)
    assert watcher.report().held_back
    assert watcher._due - time.monotonic() < 60
    look(watcher)
    assert watcher.report().held_back is None


def test_the_thread_begins_and_ends_with_its_block(memory, tmp_path):
    put(tmp_path, "a.mp4")
    watcher = Watch(memory)
    with watch.running(watcher):
        limit = time.monotonic() + 10
        while not queued(memory):
            assert time.monotonic() < limit
            time.sleep(0.01)
        assert watcher.report().running
    assert not watcher.report().running
