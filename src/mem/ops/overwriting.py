"""Deleted rows stay in the blocks of DuckDB's file until it is written anew: at once, or within a day.

That they may lie there is noted by an empty file for each deletion, so it is known after a restart too.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mem.memory import Memory
from mem.store import forgetting
from mem.store.database import sync_folder
from mem.types import Receipt

log = logging.getLogger(__name__)


def note(memory: Memory, receipt_id: int) -> None:
    """Note that what a deletion removed lies in the file; PostgreSQL is left to its own VACUUM."""
    if memory.db.engine == "duckdb":
        _note(memory, receipt_id).touch(mode=0o600)
        sync_folder(memory.folder)


def told(memory: Memory, receipt: Receipt) -> Receipt:
    """The receipt, saying whether rows that it removed lie in the file."""
    return replace(receipt, rows_in_file=_note(memory, receipt.id).exists())


def soon(memory: Memory) -> None:
    """Write the file anew, unless that takes long: then it waits (see compact.daily)."""
    found = notes(memory)
    if forgetting.overwrite(memory.db):
        drop(found)
    else:
        log.warning("deleted rows stay in the database file", extra={"action": "compaction_waits"})


def notes(memory: Memory) -> list[Path]:
    """What was noted so far."""
    return sorted(memory.folder.glob("deleted-*.due"))


def _note(memory: Memory, receipt_id: int) -> Path:
    return memory.folder / f"deleted-{receipt_id}.due"


def drop(found: list[Path]) -> None:
    """Forget these: the file was written anew after they were made."""
    for path in found:
        path.unlink(missing_ok=True)


def since(memory: Memory) -> datetime | None:
    """Since when deleted rows lie in the file; None where none do."""
    times = [path.stat().st_mtime for path in notes(memory) if path.exists()]
    return datetime.fromtimestamp(min(times), UTC) if times else None
