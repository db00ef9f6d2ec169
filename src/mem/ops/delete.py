"""Deleting a source: its rows at once, what the index holds of it, then its folder."""

import logging
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from mem import reindex
from mem.errors import Conflict
from mem.memory import Memory
from mem.store import jobs, sources
from mem.store.database import Reader

log = logging.getLogger(__name__)

_INTENT = "deleting-"  # what is to be removed is noted here before the rows go


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What went with a source."""

    removed: dict[str, int]  # rows, by table
    freed_bytes: int


def source(memory: Memory, source_id: int) -> Deleted:
    """Delete a source and everything that was made from it.

    Raises NotFound, and Conflict while a job about it has not ended.
    """
    found = sources.get(memory.db, source_id)
    intent = memory.folder / "tmp" / f"{_INTENT}{source_id}"
    with memory.copying:
        intent.write_text(found.folder, encoding="utf-8")
        with memory.db.write() as w:
            refuse_while_working(w, source_id)
            removed = sources.delete(w, source_id)
        freed = _remove(memory, found.folder)
        intent.unlink()
    reindex.tidy(memory.db, memory.index)
    facts = {"action": "source_deleted", "source": source_id, "bytes": freed}
    log.info("source deleted", extra=facts)
    return Deleted(removed=removed, freed_bytes=freed)


def finish(memory: Memory) -> None:
    """Remove the folders of sources whose deletion was cut short after their rows were gone."""
    for intent in (memory.folder / "tmp").glob(f"{_INTENT}*"):
        if not sources.by_ids(memory.db, [int(intent.name.removeprefix(_INTENT))]):
            _remove(memory, intent.read_text(encoding="utf-8"))
        intent.unlink()


def refuse_while_working(r: Reader, source_id: int) -> None:
    """Raise Conflict while a job about the source has not ended."""
    for job in jobs.active_of(r, source_id, limit=1):
        raise Conflict(
            f"Job {job.id} about source {source_id} is {job.state}.",
            hint="Wait for its end, or cancel it first.",
        )


def _remove(memory: Memory, name: str) -> int:
    """Remove the folder of a source; gives the bytes of its files.

    It is moved away whole first: half a folder must never look like a source.
    """
    folder = memory.folder / name
    if not name or not folder.is_dir():
        return 0
    doomed = memory.folder / "tmp" / f"deleted-{uuid.uuid4()}"
    folder.rename(doomed)
    freed = sum(path.lstat().st_size for path in doomed.rglob("*") if path.is_file())
    shutil.rmtree(doomed)
    _prune(folder.parent, memory.folder / "sources")
    return freed


def _prune(folder: Path, root: Path) -> None:
    """Remove the folders of the day, month and year when they hold nothing more."""
    while folder != root and folder.is_relative_to(root) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
