"""Hits become moments: those of one stretch that lie close together, with the frame that stood there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mem import types
from mem.index import TEXT_KINDS, Clause, IndexHit, Sort
from mem.search import highlight
from mem.search.highlight import Range
from mem.store import entries, frames
from mem.store.database import Reader
from mem.types import TextKind

CLOSE = timedelta(seconds=30)
MOST_HITS = 50  # shown of one moment; `hit_count` says how many it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A text that answers a question."""

    kind: TextKind
    id: int
    source_id: int | None  # None: a note about the time itself
    start: datetime
    end: datetime
    text: str
    highlights: tuple[Range, ...]  # [start, end) in characters of `text`


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Hits closer to each other than CLOSE, of one source or of several that are one stretch."""

    source_id: int | None  # that of the best hit; None: a note about the time itself
    source_name: str | None
    start: datetime
    end: datetime
    frame_id: int | None  # what stood there when the best hit began
    frame_at: datetime | None  # when that frame came up
    score: float
    hit_count: int
    hits: tuple[Hit, ...]  # the best first


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of a moment before their rows are read."""

    hits: tuple[IndexHit, ...]  # the best first, then in order of time
    start: datetime
    end: datetime

    @property
    def score(self) -> float:
        """That of its best hit."""
        return self.hits[0].score

    def key(self, sort: Sort) -> tuple[float, ...]:
        """What groups are ordered by: unique, ascending, plain numbers."""
        best = self.hits[0]
        number = best.id * len(TEXT_KINDS) + TEXT_KINDS.index(best.kind)
        return (
            -self.score if sort == "relevance" else 0.0,
            -types.since_epoch(self.start),
            best.source_id,
            number,
        )


def grouped(hits: Iterable[IndexHit], sort: Sort, first: Mapping[int, int]) -> list[Group]:
    """The hits as groups: the best first, or the newest.

    `first` says of a source that goes on from others where their common stretch begins.
    """
    groups: list[list[IndexHit]] = []
    ends: dict[int, tuple[datetime, list[IndexHit]]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, hit.end, hit.kind, hit.id)):
        stretch = first.get(hit.source_id, hit.source_id)
        end, group = ends.get(stretch, (hit.start, None))
        if group is None or hit.start - end >= CLOSE:
            groups.append(group := [])
            end = hit.end
        group.append(hit)
        ends[stretch] = (max(end, hit.end), group)
    made = [
        Group(tuple(sorted(group, key=lambda hit: -hit.score)), group[0].start, max(h.end for h in group))
        for group in groups
    ]
    return sorted(made, key=lambda group: group.key(sort))


def shown(r: Reader, groups: Sequence[Group], clause: Clause) -> list[Moment]:
    """The groups with their texts and frames. A hit whose row is gone is left out."""
    texts = _texts(r, [hit for group in groups for hit in group.hits[:MOST_HITS]], clause)
    best = {
        id(group): next((hit for hit in group.hits if (hit.kind, hit.id) in texts), None) for group in groups
    }
    wanted = [(hit.source_id, hit.start) for hit in best.values() if hit is not None and hit.source_id]
    standing = frames.standing(r, wanted) if wanted else {}
    names = entries.source_names(r, [source_id for source_id, _ in wanted]) if wanted else {}
    moments = []
    for group in groups:
        first = best[id(group)]
        if first is None:
            continue
        span, frame = standing.get((first.source_id, first.start), (None, None))
        moments.append(
            Moment(
                source_id=first.source_id or None,
                source_name=names.get(first.source_id),
                start=group.start,
                end=group.end,
                frame_id=None if frame is None else frame.id,
                frame_at=None if span is None else span.start,
                score=group.score,
                hit_count=len(group.hits),
                hits=tuple(
                    texts[hit.kind, hit.id] for hit in group.hits[:MOST_HITS] if (hit.kind, hit.id) in texts
                ),
            )
        )
    return moments


def _texts(r: Reader, hits: Sequence[IndexHit], clause: Clause) -> dict[tuple[TextKind, int], Hit]:
    found: dict[tuple[TextKind, int], Hit] = {}
    for kind in ("speech", "note"):
        ids = [hit.id for hit in hits if hit.kind == kind]
        rows = entries.by_ids(r, kind, ids) if ids else {}
        for number, row in rows.items():
            found[kind, number] = Hit(
                kind=kind,
                id=number,
                source_id=row["source_id"] or None,
                start=row["start"],
                end=row["end"],
                text=row["text"],
                highlights=highlight.ranges(row["text"], clause),
            )
    return found
