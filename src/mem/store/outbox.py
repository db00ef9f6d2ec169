"""What the search index has not seen yet.

Each function here is called in the transaction that makes the change. The index reads the changes in
order, looks at the rows as they are by then, and forgets the changes once it is on disk: one way for
what is new, edited, moved in time and deleted, and for a process that was killed in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mem.store.database import Reader, Writer
from mem.types import TextKind

ChangeKind = TextKind | Literal["source", "recording"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something to look at again. A source: its name and place; a recording: all its texts too."""

    seq: int
    kind: ChangeKind
    id: int


def texts(w: Writer, kind: TextKind, ids: Iterable[int]) -> None:
    """These texts are new, different or gone."""
    w.many("search.changed", ((kind, number) for number in ids))


def source(w: Writer, source_id: int) -> None:
    """A source is new, or has another name or location."""
    w.many("search.changed", [("source", source_id)])


def recording(w: Writer, source_id: int) -> None:
    """All texts of a source moved in time, or went with it."""
    w.many("search.changed", [("recording", source_id)])


def after(r: Reader, seq: int, limit: int) -> list[Change]:
    """The next changes after number `seq`."""
    return [Change(row["seq"], row["kind"], row["id"]) for row in r.read("search.changes_after", seq, limit)]


def latest(r: Reader) -> int:
    """The number of the last change that is remembered, or 0."""
    return int(r.read("search.latest_change")[0]["seq"])


def forget_until(w: Writer, seq: int) -> None:
    """Drop the changes up to number `seq`, which the index holds durably."""
    w.run("search.forget_until", seq)


def forget(w: Writer, changes: Sequence[Change]) -> None:
    """Drop these changes, which the index holds durably."""
    w.run("search.forget", [change.seq for change in changes])
