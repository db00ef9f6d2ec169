"""Which files of a folder are recordings, and when they are taken."""

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.capture import scan
from mem.capture.scan import File, Scan, Still
from mem.media import writers
from mem.store.watched import WatchedFile
from mem.types import now

A = File("/w/a.mp4", 10, 1)


def known(file: File, **facts) -> WatchedFile:
    given = {"job_id": 1, "state": "done", "detail": None, "gone_at": None}
    row = {"path": file.path, "size": file.size, "modified_ns": file.modified_ns}
    return WatchedFile(**(row | given | facts))


def plan(found: Scan | list[File], rows=(), waiting=(), *, second: float = 0.0) -> scan.Plan:
    if isinstance(found, list):
        found = Scan({file.path: file for file in found})
    rows = {row.path: row for row in rows}
    return scan.plan(found, rows, dict(waiting), now=second, settle_seconds=10)


def put(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_recordings_are_found_in_sub_folders_and_all_else_is_counted_with_its_reason(tmp_path):
    put(tmp_path, "a.mp4", "hall/door/b.MKV", "notes.txt", "a.json", ".hidden.mp4", ".cache/c.mp4")
    put(tmp_path, "empty.mp4", text="")
    os.mkfifo(tmp_path / "pipe.mp4")
    found = scan.look(str(tmp_path))
    assert sorted(scan.relative(str(tmp_path), path) for path in found.files) == ["a.mp4", "hall/door/b.MKV"]
    assert found.passed.counts == {"other": 1, "hidden": 2, "empty": 1, "special": 1}
    assert found.passed.examples["other"] == ["notes.txt"]
    assert found.whole


def test_a_link_is_never_followed_out_of_the_folder(tmp_path):
    put(tmp_path, "outside/secret.mp4", "watched/a.mp4")
    (tmp_path / "watched" / "door").symlink_to(tmp_path / "outside")
    (tmp_path / "watched" / "b.mp4").symlink_to(tmp_path / "outside" / "secret.mp4")
    found = scan.look(str(tmp_path / "watched"))
    assert [Path(path).name for path in found.files] == ["a.mp4"]
    assert found.passed.counts == {"link": 2}


def test_folders_that_are_left_out_are_not_entered(tmp_path):
    put(tmp_path, "a.mp4", "taken/b.mp4", "hall/taken/c.mp4")
    found = scan.look(str(tmp_path), leave_out=frozenset([str(tmp_path / "taken")]))
    assert sorted(Path(path).name for path in found.files) == ["a.mp4", "c.mp4"]


def test_a_folder_that_is_gone_is_no_empty_folder(tmp_path):
    assert scan.look(str(tmp_path / "mount")) is None
    (tmp_path / "mount").mkdir()
    assert scan.look(str(tmp_path / "mount")).files == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_sub_folder_that_cannot_be_read_makes_nothing_look_gone(tmp_path):
    put(tmp_path, "a.mp4", "locked/b.mp4")
    (tmp_path / "locked").chmod(0)
    try:
        found = scan.look(str(tmp_path))
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert found.passed.counts == {"unreadable": 1}
    assert not found.whole
    assert not plan(found, [known(File(str(tmp_path / "locked/b.mp4"), 1, 1))]).gone


def test_a_name_that_no_database_can_hold_is_passed_over(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.mp4")).write_text("x")
    found = scan.look(str(tmp_path))
    assert not found.files
    assert found.passed.examples == {"unstorable": ["caf?.mp4"]}


def test_a_folder_deeper_than_can_be_is_passed_over(tmp_path):
    deep = "/".join("d" * 70)
    put(tmp_path, f"{deep}/a.mp4")
    found = scan.look(str(tmp_path))
    assert not found.files
    assert found.passed.counts == {"too_many": 1}


def test_a_file_is_ready_when_it_stood_still_for_long_enough():
    first = plan([A])
    assert (first.ready, set(first.waiting)) == ([], {A.path})
    assert plan([A], waiting=first.waiting.items(), second=9.9).ready == []
    assert plan([A], waiting=first.waiting.items(), second=10).ready == [A]


@pytest.mark.parametrize("change", [{"size": 11}, {"modified_ns": 2}])
def test_a_file_that_changes_waits_anew(change):
    grown = dataclasses.replace(A, **change)
    later = plan([grown], waiting={A.path: Still(A, 0)}.items(), second=60)
    assert later.ready == []
    assert later.waiting == {A.path: Still(grown, 60)}


def test_a_file_that_was_handed_over_is_not_taken_again_until_it_changes():
    assert plan([A], [known(A)], second=99).waiting == {}
    changed = dataclasses.replace(A, size=11)
    assert set(plan([changed], [known(A)]).waiting) == {A.path}


def test_a_file_that_is_missing_and_comes_back_is_still_known():
    assert plan([], [known(A)]).gone == [A.path]
    away = known(A, gone_at=now())
    assert plan([], [away]).gone == []
    back = plan([A], [away])
    assert (back.back, back.waiting) == ([A.path], {})


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), max_size=12))
def test_a_file_is_never_ready_within_the_time_of_its_last_change(steps):
    waiting, since, second, last = {}, None, 0, None
    for size, pause in steps:
        second += pause
        file = dataclasses.replace(A, size=size)
        since = since if file == last else second
        made = plan([file], waiting=waiting.items(), second=second)
        assert bool(made.ready) == (second - since >= 10)
        waiting, last = made.waiting, file


@pytest.mark.parametrize(
    ("path", "location", "device"),
    [
        ("a.mp4", None, None),
        ("garden/a.mp4", "garden", None),
        ("garden/cam 1/a.mp4", "garden", "cam 1"),
        ("garden/cam1/2026-11-20/14/a.mp4", "garden", "cam1"),
        ("2026/11/20/garden/a.mp4", "garden", None),
        ("über/Tür/a.mp4", "über", "Tür"),
    ],
)
def test_location_and_device_are_the_folders_names(path, location, device):
    assert scan.labels("/w", f"/w/{path}") == (location, device)
    assert scan.labels("/", f"/{path}") == (location, device)


def test_whoever_has_a_file_open_to_write_is_seen(tmp_path):
    put(tmp_path, "read.mp4", "written.mp4", "closed.mp4")
    paths = [str(tmp_path / name) for name in ("read.mp4", "written.mp4", "closed.mp4")]
    with Path(paths[0]).open("rb"), Path(paths[1]).open("ab"):
        assert writers.among(paths) == {paths[1]}
    assert writers.among(paths) == set()


def test_where_nobody_can_say_who_writes_nobody_does(tmp_path):
    assert writers.among([str(tmp_path)], processes=str(tmp_path / "no-proc")) == set()
