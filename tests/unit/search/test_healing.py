"""The index comes level with the rows, whatever happened to either."""

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mem import reindex, types
from mem.errors import IndexFailed
from mem.index.tantivy import Tantivy
from mem.store import forgetting, frames, notes, outbox, sources, texts
from mem.types import Box, Span

from .conftest import Recalled, at, opened, start_time

WORDS = ("word", "first", "second", "edited", "moved", "kind:note", "source:kept", "")
DIES = """
import os, signal, sys
from pathlib import Path
from tests.unit.search.conftest import opened
from mem.store import notes
from mem import reindex, types
with opened(None, Path(sys.argv[1])) as memory:
    source = memory.source("cam")
    memory.say(source, "seen before")
    gone = memory.note("gone", 100)
    edited = memory.note("before", 200)
    memory.ask("seen")
    if sys.argv[2] == "indexed":
        reindex.tidy(memory.db, memory.index)
    memory.say(source, "committed last", 300)
    with memory.db.write() as w:
        notes.delete(w, gone)
        notes.edit(w, edited, text="after", now=types.now())
    if sys.argv[2] == "added":
        with memory.index.turn():
            reindex._take(memory.db, memory.index)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def some_life(recalled: Recalled) -> None:
    """Texts that came, changed, moved and went."""
    kept, gone, moved = (recalled.source(name, location="Hall") for name in ("kept", "gone", "before"))
    for number in range(30):
        recalled.say(kept, f"first word {number}", number * 10)
        recalled.say(gone, f"second word {number}", number * 10)
    recalled.say(moved, "moved word", 5)
    ids = [recalled.note(f"note {number}", number * 7, tags=("a", "b")) for number in range(5)]
    recalled.ask("word")
    with recalled.db.write() as w:
        sources.delete(w, gone.id)
        sources.redate(w, moved.id, start_time(at(900_000)))
        sources.edit(w, moved.id, name="kept too")
        notes.edit(w, ids[1], text="edited note", tags=("c",), now=types.now())
        notes.delete(w, ids[2])


def answers(recalled: Recalled) -> list[object]:
    pages = [recalled.ask(text, sort="time", limit=200) for text in WORDS]
    return [(page.total, page.moments, page.counts_by_source) for page in pages]


def test_a_rebuild_equals_what_was_kept_level(recalled: Recalled):
    some_life(recalled)
    level = answers(recalled)
    assert [total for total, *_ in level] == [31, 30, 0, 1, 1, 4, 31, 35]
    with recalled.index.turn():
        recalled.index.empty()
    reindex.catch_up(recalled.db, recalled.index)
    assert answers(recalled) == level


def test_after_a_restart_nothing_is_missing(url: str | None, tmp_path: Path):
    with opened(url, tmp_path) as memory:
        some_life(memory)
        level = answers(memory)
    with opened(url, tmp_path) as memory:
        assert outbox.latest(memory.db) == 0
        assert answers(memory) == level


def test_a_missing_index_is_made_anew(tmp_path: Path):
    with opened(None, tmp_path) as memory:
        some_life(memory)
        level = answers(memory)
    shutil.rmtree(tmp_path / "index")
    with opened(None, tmp_path) as memory:
        assert answers(memory) == level


def test_an_index_newer_than_the_database_is_made_anew(tmp_path: Path):
    with opened(None, tmp_path) as memory:
        memory.say(memory.source(), "kept")
    shutil.copy(tmp_path / "mem.duckdb", tmp_path / "backup")
    with opened(None, tmp_path) as memory:
        memory.note("lost")
        assert memory.found() == ["lost", "kept"]
    shutil.move(tmp_path / "backup", tmp_path / "mem.duckdb")
    with opened(None, tmp_path) as memory:
        assert memory.found() == ["kept"]


@pytest.mark.parametrize("moment", ["nothing", "indexed", "added"])
def test_a_killed_process_leaves_nothing_out(tmp_path: Path, moment: str):
    """Killed between the commit of the rows and that of the index; before and after either was tidied."""
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path), moment],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    with opened(None, tmp_path) as memory:
        assert set(memory.found()) == {"seen before", "committed last", "after"}
        assert memory.found("committed") == ["committed last"]


def test_a_change_that_was_rolled_back_is_not_found(recalled: Recalled):
    def fail() -> None:
        with recalled.db.write() as w:
            notes.add(w, source_id=None, start=at(0), end=at(1), text="undone", author="me", now=at(0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert recalled.found() == []


def fill_disk(memory: Recalled) -> None:
    """Whatever is written to the index next fails."""
    assert isinstance(memory.index, Tantivy)

    class Full:
        def __getattr__(self, name: str):
            raise OSError("No space left on device")

    memory.index._writer = Full()


def test_an_index_that_cannot_be_written_still_answers_from_what_it_has(tmp_path: Path, caplog):
    with opened(None, tmp_path) as memory:
        memory.note("old")
        assert memory.found() == ["old"]
        fill_disk(memory)
        memory.note("new", 100)
        assert memory.found() == ["old"]
        assert "search index lags behind" in caplog.text
        assert memory.found() == ["new", "old"]  # there is space again


def test_what_was_deleted_is_not_shown_by_an_index_that_lags(tmp_path: Path):
    with opened(None, tmp_path) as memory:
        note = memory.note("gone")
        assert memory.found() == ["gone"]
        with memory.db.write() as w:
            notes.delete(w, note)
        fill_disk(memory)
        assert memory.ask("gone").moments == ()


def test_a_rebuild_goes_on_answering_and_a_kill_in_it_begins_it_anew(tmp_path: Path):
    with opened(None, tmp_path) as memory:
        memory.note("kept")
        assert memory.found() == ["kept"]
        index = memory.index
        index.empty()
        assert memory.found() == ["kept"]
        assert not Tantivy(tmp_path / "index").whole  # as a process would find it after a kill
        with index.turn():
            reindex._rebuild(memory.db, index)
        assert memory.found() == ["kept"]
        assert not (tmp_path / "index.new").exists()


def test_an_index_that_cannot_be_made_stops_search_and_nothing_else(tmp_path: Path):
    (tmp_path / "index").write_text("a file in the way")
    with opened(None, tmp_path) as memory:
        memory.note("text")
        with pytest.raises(IndexFailed):
            memory.ask("text")
        (tmp_path / "index").unlink()
        assert memory.found("text") == ["text"]


def test_what_was_deleted_is_in_no_file_after_a_purge(tmp_path: Path):
    with opened(None, tmp_path) as memory:
        source = memory.source()
        for number in range(3):
            memory.say(source, f"kept{number} word", number * 100)
            reindex.tidy(memory.db, memory.index)  # each in files of its own
        gone = memory.note("unspeakable")
        reindex.tidy(memory.db, memory.index)
        assert _held(tmp_path, b"unspeakable")
        with memory.db.write() as w:
            notes.delete(w, gone)
        reindex.purge(memory.db, memory.index)
        assert memory.ask("kept1").total == 1
        assert memory.ask("").total == 3
        assert not _held(tmp_path, b"unspeakable")


def test_a_thread_that_keeps_the_index_level_finds_what_is_new(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(reindex, "_LOOK_SECONDS", 0.01)
    with opened(None, tmp_path) as memory, reindex.kept_level(memory.db, memory.index):
        memory.say(memory.source(), "spoken")
        limit = time.monotonic() + 2
        while memory.index.level != reindex._version(memory.db) and time.monotonic() < limit:
            time.sleep(0.005)
        assert memory.found("spoken") == ["spoken"]
    assert not memory.index.kept


def test_a_search_leaves_to_that_thread_only_what_recordings_add(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(reindex, "_LOOK_SECONDS", 60)
    with opened(None, tmp_path) as memory:
        source = memory.source()
        said = memory.say(source, "first")
        assert memory.found() == ["first"]
        memory.index.kept = True  # as if the thread were busy elsewhere
        memory.say(source, "second", 100)
        assert memory.found() == ["first"]
        note = memory.note("noted", 200)  # its author looks for it at once
        assert set(memory.found()) == {"first", "second", "noted"}
        with memory.db.write() as w:
            notes.delete(w, note)
            texts.rewrite(w, dataclasses.replace(texts.get(w, said), text="corrected"))
        assert set(memory.found()) == {"corrected", "second"}
        memory.index.kept = False


def test_an_hour_later_what_was_deleted_is_out_of_the_files(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(reindex, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(reindex, "_PURGE_SECONDS", 0.0)
    with opened(None, tmp_path) as memory:
        for number in range(3):
            memory.note(f"kept{number}", number * 100)
            reindex.tidy(memory.db, memory.index)
        gone = memory.note("unspeakable")
        reindex.tidy(memory.db, memory.index)
        with memory.db.write() as w:
            notes.delete(w, gone)
        with reindex.kept_level(memory.db, memory.index):
            limit = time.monotonic() + 5
            while _held(tmp_path, b"unspeakable") and time.monotonic() < limit:
                time.sleep(0.01)
            assert not _held(tmp_path, b"unspeakable")
        assert set(memory.found()) == {"kept0", "kept1", "kept2"}


def _held(folder: Path, text: bytes) -> bool:
    found = False
    for file in (folder / "index").iterdir():
        with contextlib.suppress(FileNotFoundError):  # being written anew just now
            found = found or text in file.read_bytes()
    return found


def test_a_line_is_shown_on_the_frame_that_stands_there_by_now(recalled: Recalled):
    source = recalled.source()
    first = recalled.show(source, 0, 60)
    recalled.read(source, "legible", 10)
    recalled.ask("legible")
    new = frames.NewFrame(
        first_seen=at(0), width=2, height=2, format="webp", colour="#000000", pack="q", offset=0, length=1,
        thumb_offset=0, thumb_length=1, sha256="",
    )  # fmt: skip
    span = Span(source_id=source.id, frame_id=0, start=at(0), end=at(60), samples=1)
    with recalled.db.write() as w:
        frames.replace(w, source.id, [new], [span])
    hit = recalled.ask("legible").moments[0].hits[0]
    assert hit.frame_id == frames.at(recalled.db, at(20))[0][1].id != first
    assert hit.box == Box(x=0, y=0, width=10, height=10)
    with recalled.db.write() as w:  # as thinning does
        other = frames.add_many(w, source.id, [new])[0]
        forgetting.drop_frames(w, source.id, {hit.frame_id: other})
    assert recalled.ask("legible").moments[0].hits[0].frame_id == other
