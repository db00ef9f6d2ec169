"""The rows by themselves: every block and every value read, and what must hold between them."""

from collections.abc import Iterator
from datetime import datetime

from mem import types
from mem.errors import DatabaseFailed
from mem.memory import Memory
from mem.ops.check.findings import Finding, finding
from mem.store import blocks, copies, receipts, sources, whole
from mem.types import Receipt

_MOST = 1_000
_RECEIPTS = 1_000


def look_at_blocks(memory: Memory) -> tuple[list[Finding], int | None]:
    """Every block of a DuckDB file that is in use, read from the disk; how many those are."""
    if memory.db.engine != "duckdb":
        return [], None  # PostgreSQL's own checksums and amcheck are its operator's
    found = blocks.check(memory.folder / "mem.duckdb")
    return [finding("database_damaged", f"mem.duckdb, {place}") for place in found.damaged], found.read


def look_at_values(memory: Memory) -> tuple[list[Finding], int]:
    """Every value of every table; how many rows there are."""
    try:
        with memory.db.session() as session:
            held = whole.digests(session, whole.tables(session))
    except DatabaseFailed as error:
        return [finding("database_unreadable", "mem.duckdb", error.detail)], 0
    return [], sum(table.rows for table in held.values())


def look_at_spans(memory: Memory) -> Iterator[Finding]:
    """Whether spans tile each recording, but for what was deleted, and stand for frames that are there."""
    deleted = _deletions(memory)
    for row in copies.untiled(memory.db, _MOST):
        place = f"source {row['source_id']}, {types.written(row['end'])} to {types.written(row['start'])}"
        if row["start"] < row["end"]:
            yield finding("span_overlap", place)
        elif not _explained(deleted, row["source_id"], row["end"], row["start"]):
            yield finding("span_gap", place)
    ends = copies.loose_ends(memory.db, _MOST)
    for row in ends["backwards"]:
        yield finding("span_backwards", f"source {row['source_id']}, {types.written(row['start'])}")
    for row in ends["spanless"]:
        yield finding("frame_unused", f"source {row['source_id']}, frame {row['id']}")
    for row in ends["frameless"]:
        yield finding("row_orphan", f"source {row['source_id']}", f"{row['rows']} rows of {row['table']}")


def _deletions(memory: Memory) -> list[Receipt]:
    return [
        one for one in receipts.page(memory.db, _RECEIPTS) if one.kind != "source" and one.by != "compact"
    ]


def _explained(deleted: list[Receipt], source_id: int, start: datetime, end: datetime) -> bool:
    """Whether a deletion took away what stood between two instants."""
    for receipt in deleted:
        if receipt.kind == "retention":
            return True
        source = receipt.asked.get("source")
        begin, until = (datetime.fromisoformat(str(receipt.asked[key])) for key in ("from", "to"))
        if source in (None, source_id) and begin <= end and until >= start:
            return True
    return False


def every_source(memory: Memory) -> Iterator[types.Source]:
    """All sources, the newest recording first, read a page at a time."""
    before: tuple[datetime, int] | None = None
    while page := sources.page(memory.db, 500, before):
        yield from page
        before = (page[-1].started_at, page[-1].id)
