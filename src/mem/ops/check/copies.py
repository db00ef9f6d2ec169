"""The copies of rows that lie in a recording's folder, and the recording itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from mem import folders, kept
from mem.errors import NotFound
from mem.memory import Memory
from mem.ops.backup import copying
from mem.ops.check.findings import Depth, Finding, finding
from mem.ops.check.rows import every_source
from mem.store import copies, notes, screen, sources, texts
from mem.store.database import Reader
from mem.types import Source

# What each is written with, and whether it is there before the capture has ended.
_WRITERS = {
    "source.json": (folders.write_source, True),
    "notes.jsonl": (folders.write_notes, True),
    "transcript.jsonl": (folders.write_transcript, False),
    "frames.jsonl": (folders.write_frames, False),
    "spans.jsonl": (folders.write_frames, False),
    "checkpoints.jsonl": (folders.write_frames, False),
    "screen.jsonl": (folders.write_screen, False),
}


def look(memory: Memory, source: Source) -> list[Finding]:
    """The copies of a source that differ from its rows."""
    ended = copies.quiet(memory.db, source.id) and source.state in ("ready", "partial")
    names = [name for name, (_, early) in _WRITERS.items() if ended or early]
    if not copies.quiet(memory.db, source.id, ("see", "hear", "screen")):
        names = [name for name in names if name not in ("checkpoints.jsonl", "screen.jsonl")]
    if source.state == "new":  # its folder is made a moment after its row
        names = []
    return [finding("copy_differs", f"{source.folder}/{name}") for name in _differing(memory, source, names)]


def _differing(memory: Memory, source: Source, names: Iterable[str]) -> list[str]:
    folder = folders.of(memory, source)
    with memory.copying:
        present = sources.by_ids(memory.db, [source.id]).get(source.id)
        if present is None:
            return []
        return [name for name in names if not _same(folder / name, _rows(memory, present, name))]


def _rows(memory: Memory, source: Source, name: str) -> Iterable[folders.Copied]:
    db = memory.db
    if name == "source.json":
        return [source]
    readers: Mapping[str, Callable[[Reader, int], Iterable[folders.Copied]]] = {
        "notes.jsonl": notes.of_source,
        "transcript.jsonl": texts.of_source,
        "frames.jsonl": copies.frames_of,
        "spans.jsonl": copies.spans_of,
        "checkpoints.jsonl": copies.checkpoints_of,
        "screen.jsonl": screen.of_source,
    }
    return readers[name](db, source.id)


def _same(file: Path, rows: Iterable[folders.Copied]) -> bool:
    """Whether a file holds these rows; one that is not there holds none."""
    lines: Iterator[str] = iter(())
    try:
        lines = iter(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError):
        return False
    return all(has == wants for has, wants in zip_longest(lines, map(folders.line, rows)))


def mend(memory: Memory, source_id: int, name: str) -> None:
    """Write a copy again from the rows."""
    _WRITERS[name][0](memory, source_id)


def look_at_original(memory: Memory, source: Source, depth: Depth) -> list[Finding]:
    """Whether the kept recording is there, and with `deep` whether it is what was taken in."""
    if source.original is None:
        return []
    file, place = folders.of(memory, source) / source.original, f"{source.folder}/{source.original}"
    size, there = kept.size(file), kept.elsewhere(file)
    if size is None or not (there or file.is_file()):
        return [finding("original_missing", place)]
    if there is not None and depth != "quick" and not memory.remote.holds(there):
        return [finding("original_missing", place, f"{there.url} is gone")]
    if size != source.size:
        return [finding("original_damaged", place, f"{size:,} bytes and not {source.size:,}")]
    if depth == "deep" and not _is_whole(memory, file, source):
        return [finding("original_damaged", place)]
    return []


def _is_whole(memory: Memory, file: Path, source: Source) -> bool:
    try:
        return copying.sha256(kept.file(memory, file)) == source.content_hash
    except NotFound:  # other bytes come back than were written
        return False


def settle(memory: Memory) -> int:
    """After rows were put back: write again what differs, and note recordings that are gone; how many."""
    gone = 0
    for source in every_source(memory):
        if look_at_original(memory, source, "quick"):
            with memory.db.write() as w:
                sources.drop_original(w, source.id)
            gone += 1
        for wrong in look(memory, source):
            mend(memory, source.id, wrong.place.rpartition("/")[2])
    folders.write_loose_notes(memory)
    return gone
