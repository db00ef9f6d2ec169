"""What the database is made of."""

from dataclasses import dataclass
from datetime import datetime

from mem.memory import Memory
from mem.store import facts, whole
from mem.store.database import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the schema that was made."""

    number: int
    name: str
    applied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStats:
    """Rows and bytes. Free bytes are used again, and given back by a compaction."""

    engine: Engine
    file_bytes: int
    used_bytes: int
    free_bytes: int
    tables: dict[str, int]  # rows
    steps: tuple[Step, ...]


def stats(memory: Memory) -> DatabaseStats:
    """What the database holds, by table."""
    size = facts.sizes(memory.db)
    with memory.db.session() as session:
        tables = whole.counts(session, whole.tables(session))
    steps = tuple(
        Step(number=row["number"], name=row["name"], applied_at=row["applied_at"])
        for row in memory.db.read("schema.applied")
    )
    return DatabaseStats(
        engine=memory.db.engine,
        file_bytes=memory.db.size_bytes(),
        used_bytes=size.used,
        free_bytes=size.free,
        tables=tables,
        steps=steps,
    )
