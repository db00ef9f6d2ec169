"""What a page of hits or of the timeline says of sources, read once where this process alone writes.

DuckDB takes 2 ms for some rows of a small table, and each page asks about ten or twenty sources. So they are
read block by block and kept until a source is changed; one that is new is simply not there yet.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from mem.store import sources as recordings
from mem.store.database import Reader, Row
from mem.store.remembered import Remembered
from mem.types import Source

Value = TypeVar("Value")

_BLOCK = 512  # ids that are read together
_MOST = 100_000  # kept


def facts(r: Reader, ids: Iterable[int]) -> dict[int, Row]:
    """Those of the given sources that exist: id, name, location, device, started_at and ended_at."""

    def read(missing: list[int]) -> Mapping[int, Row]:
        return {row["id"]: row for row in r.read("sources.facts", missing)}

    def read_blocks(missing: list[int]) -> Mapping[int, Row]:
        blocks = sorted({number // _BLOCK for number in missing})
        bounds = [(block * _BLOCK, (block + 1) * _BLOCK - 1) for block in blocks]
        return {row["id"]: row for bound in bounds for row in r.read("sources.facts_between", *bound)}

    alone = _memory(r) is not None
    return kept(r, "source facts", ("sources",), ids, read_blocks if alone else read)


def sources(r: Reader, ids: Iterable[int]) -> dict[int, Source]:
    """Those of the given sources that exist, by id."""
    return kept(r, "sources", ("sources",), ids, lambda missing: recordings.by_ids(r, missing))


def kept(
    r: Reader,
    key: str,
    tables: tuple[str, ...],
    ids: Iterable[int],
    read: Callable[[list[int]], Mapping[int, Value]],
) -> dict[int, Value]:
    """A value for each id, of those that have one: `read` gives them, until one of the tables changes."""
    wanted = list(dict.fromkeys(ids))
    memory = _memory(r)
    known: dict[int, Value] = {} if memory is None else memory.get(key, tables, dict)
    missing = [number for number in wanted if number not in known]
    if missing:
        known.update(read(missing))
    if memory is not None and len(known) > _MOST:
        memory.forget(key)  # other threads go on reading this one
    return {number: known[number] for number in wanted if number in known}


def _memory(r: Reader) -> Remembered | None:
    memory: Remembered | None = getattr(r, "remembered", None)
    return memory
