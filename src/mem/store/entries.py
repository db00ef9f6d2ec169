"""The rows that can be found, as the search index and a page of hits need them: id, source_id, start and
end in milliseconds since 1970, text, and what their kind adds (language; tags; location).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mem.store import database, known
from mem.store.database import Reader, Row

Kind = Literal["speech", "screen", "note", "source"]
KINDS: tuple[Kind, ...] = ("speech", "screen", "note", "source")
_PAGE = 20_000
_LAST_ID = 2**63 - 1


def by_ids(r: Reader, kind: Kind, ids: Sequence[int]) -> dict[int, Row]:
    """Those of the given rows that exist, by id."""
    return {row["id"]: row for row in database.by_ids(r, f"search.{kind}_by_ids", ids)}


def pages(r: Reader, kind: Kind, sources: tuple[int, int] | None = None) -> Iterator[list[Row]]:
    """All rows of a kind, or those of the sources from one id to another, a page at a time in order of id.

    Notes without source have 0 for one.
    """
    low, high = sources or (None, None)
    last, more = 0, True
    while more and (rows := r.read(f"search.{kind}_after", last, low, high, _PAGE)):
        yield rows
        last, more = rows[-1]["id"], len(rows) == _PAGE


def blocks(r: Reader, size: int) -> Iterator[tuple[int, int]]:
    """All ids of sources in ranges that each hold `size` sources, in order and without a gap."""
    last = 0
    while len(rows := r.read("search.sources_after", last, size)) == size:
        yield last, rows[-1]["id"]
        last = rows[-1]["id"] + 1
    yield last, _LAST_ID


def counts(r: Reader) -> Mapping[Kind, int]:
    """How many rows of each kind there are."""
    return {row["kind"]: row["rows"] for row in r.read("search.counts")}


def stands(row: Row) -> tuple[int, ...]:
    """Of a line on screen: its first frame, and x, y, width and height there; of other rows nothing."""
    if "frame_id" not in row:
        return ()
    return (row["frame_id"], row["x"], row["y"], row["width"], row["height"])


def source_names(r: Reader, ids: Sequence[int]) -> dict[int, str]:
    """The names of those of the given sources that exist."""
    return {number: row["name"] for number, row in known.facts(r, ids).items()}
