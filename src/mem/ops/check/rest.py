"""What lies beside the recordings: the search index, uploads, folders without rows, and leftovers."""

import random
import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mem import reindex
from mem.errors import IndexFailed, TooBusy
from mem.index import Choice, Every, Exactly, Question, words
from mem.memory import Memory
from mem.ops.check.findings import Depth, Finding, finding
from mem.store import copies, entries, sources

_SAMPLES = {"quick": 0, "normal": 50, "deep": 1_000}
_DAY = 86_400.0
_LEFT = ("backup-", "restore-", "deleted-", "compact-")


def look_at_index(memory: Memory, depth: Depth) -> list[Finding]:
    """Whether the index holds as many texts as there are, and finds those that are tried."""
    try:
        reindex.refresh(memory.db, memory.index, wait=None)
        rows = {str(kind): number for kind, number in entries.counts(memory.db).items() if number}
        held = {str(kind): number for kind, number in memory.index.counts().items() if number}
    except (IndexFailed, TooBusy) as error:
        return [finding("index_differs", "index", error.detail)]
    if rows != held:
        return [finding("index_differs", "index", f"it holds {held} and not {rows}")]
    lost = [place for place in _tried(memory, _SAMPLES[depth]) if place]
    return [finding("index_differs", place, "its own words do not find it") for place in lost]


def _tried(memory: Memory, most: int) -> Iterator[str | None]:
    """Of some texts drawn by chance: where one is not found by its own words."""
    for kind in ("speech", "note"):
        pages = entries.pages(memory.db, kind)
        rows = [row for page in islice(pages, 20) for row in page]
        for row in random.sample(rows, min(most, len(rows))):
            asked = [Exactly(word) for word in words.plain(row["text"])[:6]]
            if not asked:
                continue
            question = Question(
                clause=Every(tuple(asked)),
                kinds=Choice(only=frozenset([kind])),
                sources=Choice(only=frozenset([str(row["source_id"] or 0)])),
            )
            hits = memory.index.find(question, limit=200).hits
            found = len(hits) >= 200 or any(hit.id == row["id"] for hit in hits)
            yield None if found else f"{kind} {row['id']}"


def look_at_folders(memory: Memory) -> Iterator[Finding]:
    """Folders that look like a recording's and have no row."""
    root = memory.folder / "sources"
    there = {path.parent.relative_to(memory.folder).as_posix() for path in root.glob("*/*/*/*/*")}
    numbers = {int(name.rsplit("/", 1)[1]): name for name in there if name.rsplit("/", 1)[1].isdecimal()}
    known = {found.folder for found in sources.by_ids(memory.db, list(numbers)).values()}
    for name in sorted(there - known):
        yield finding("folder_orphan", name)


def look_at_uploads(memory: Memory) -> Iterator[Finding]:
    """Uploads that nothing waits for, and jobs whose upload is gone."""
    folder = memory.folder / "uploads"
    waited = {Path(path) for path in copies.awaited_paths(memory.db)}
    for path in sorted(_unknown(memory, folder) & _unknown(memory, folder)):  # one may just have moved on
        yield finding("upload_missing", path.relative_to(memory.folder).as_posix())
    for path in sorted(folder.iterdir()):
        owned = path in waited or path.suffix == ".json" or path.with_name(f"{path.name}.json").exists()
        if not owned and _old(path):
            yield finding("upload_orphan", path.relative_to(memory.folder).as_posix())


def _unknown(memory: Memory, folder: Path) -> set[Path]:
    """Uploads that are gone though nobody has looked at them yet."""
    waited = (Path(path) for path, unknown in copies.awaited_paths(memory.db).items() if unknown)
    return {path for path in waited if path.is_relative_to(folder) and not path.exists()}


def look_at_leftovers(memory: Memory) -> Iterator[Finding]:
    """What processes that were killed left behind, a day old at least."""
    parts = [path for path in (memory.folder / "sources").rglob(".*.part") if _old(path)]
    tmp = [path for path in (memory.folder / "tmp").iterdir() if path.name.startswith(_LEFT) and _old(path)]
    for path in sorted([*parts, *tmp]):
        yield finding("leftover", path.relative_to(memory.folder).as_posix())


def remove(memory: Memory, place: str) -> None:
    """Remove what nothing needs."""
    path = memory.folder / place
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _DAY
    except FileNotFoundError:
        return False
