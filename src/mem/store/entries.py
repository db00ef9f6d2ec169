"""The rows that can be found, as the search index and a page of hits need them: id, source_id, start,
end, text, and what their kind adds (language; tags; location).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mem.store import database
from mem.store.database import Reader, Row

Kind = Literal["speech", "note", "source"]
KINDS: tuple[Kind, ...] = ("speech", "note", "source")
_PAGE = 5_000


def by_ids(r: Reader, kind: Kind, ids: Sequence[int]) -> dict[int, Row]:
    """Those of the given rows that exist, by id."""
    return {row["id"]: row for row in database.by_ids(r, f"search.{kind}_by_ids", ids)}


def pages(r: Reader, kind: Kind, source_id: int | None = None) -> Iterator[list[Row]]:
    """All rows of a kind, or those of one source, a page at a time in order of id."""
    last = 0
    while rows := r.read(f"search.{kind}_after", last, source_id, _PAGE):
        yield rows
        last = rows[-1]["id"]


def counts(r: Reader) -> Mapping[Kind, int]:
    """How many rows of each kind there are."""
    return {row["kind"]: row["rows"] for row in r.read("search.counts")}


def source_names(r: Reader, ids: Sequence[int]) -> dict[int, str]:
    """The names of those of the given sources that exist."""
    return {row["id"]: row["name"] for row in r.read("search.source_names", sorted(set(ids)))}
