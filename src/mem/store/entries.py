"""The rows that can be found, as the search index and a page of hits need them: id, source_id, start and
end in milliseconds since 1970, text, and what their kind adds (language; tags; location).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from mem.store import database
from mem.store.database import Reader, Row
from mem.store.remembered import Remembered

Kind = Literal["speech", "screen", "note", "source"]
KINDS: tuple[Kind, ...] = ("speech", "screen", "note", "source")
_PAGE = 20_000
_MOST_NAMES = 50_000  # remembered


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
    known = _known_names(r)
    missing = sorted({number for number in ids if number not in known})
    if missing:
        known.update((row["id"], row["name"]) for row in r.read("search.source_names", missing))
    return {number: known[number] for number in ids if number in known}


def _known_names(r: Reader) -> dict[int, str]:
    """Names that were read before and are still right."""
    memory: Remembered | None = getattr(r, "remembered", None)
    if memory is None:
        return {}
    names: dict[int, str] = memory.get("source_names", ("sources",), dict)
    if len(names) > _MOST_NAMES:
        names.clear()
    return names
