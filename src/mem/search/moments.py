"""Hits become moments: those of one stretch that lie close together, with the frame that stood there."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from mem import types
from mem.index import TEXT_KINDS, Clause, Hits, Shown, Sort
from mem.index.hits import Numbers
from mem.search import highlight
from mem.search.highlight import Range
from mem.store import entries, standing
from mem.store.database import Database
from mem.types import Box, TextKind

CLOSE = timedelta(seconds=30)
MOST_HITS = 20  # shown of one moment; `hit_count` says how many it has
_CLOSE_MS = types.milliseconds(CLOSE)
_KINDS = len(TEXT_KINDS)

Key = tuple[float, ...]
Texts = Callable[[Sequence[int]], list[Shown]]


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
    highlight_bytes: tuple[Range, ...]  # the same in bytes of `text` as UTF-8
    frame_id: int | None = None  # of kind screen: the first frame that shows it
    box: Box | None = None  # where it stands in that frame and, until `end`, in those that follow, in pixels


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
    hits: tuple[Hit, ...]  # the best first, at most MOST_HITS


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of a moment before their texts are read."""

    places: tuple[int, ...]  # among all hits; the best first, then in order of time
    start: int  # ms since 1970
    end: int
    score: float
    key: Key  # what groups are ordered by: unique, ascending, plain numbers


class Groups:
    """All groups of some hits in their order; few of them are looked at, so few are made."""

    def __init__(self, hits: Hits, owners: Numbers, sort: Sort) -> None:
        order = np.lexsort((hits.ids, hits.kinds, hits.ends, hits.starts, owners))
        new = _breaks(owners[order], hits.starts[order], hits.ends[order])
        first = np.flatnonzero(new)
        scores = hits.scores[order]
        top = np.maximum.reduceat(scores, first)
        number = np.cumsum(new) - 1  # of the group of each hit
        best = np.flatnonzero(scores == top[number])
        best = order[best[np.unique(number[best], return_index=True)[1]]]  # the earliest of the best
        self._order, self._scores = order, scores
        self._bounds = np.append(first, len(order))
        self._starts, self._tops = hits.starts[order][first], top
        self._ends = np.maximum.reduceat(hits.ends[order], first)
        ranks = -top if sort == "relevance" else np.zeros(len(top))
        numbers = hits.ids[best] * _KINDS + hits.kinds[best]
        columns = (numbers, hits.sources[best], -self._starts, ranks)
        self._sorted = np.lexsort(columns)
        self._keys = [column[self._sorted] for column in reversed(columns)]

    def __len__(self) -> int:
        return len(self._sorted)

    def after(self, key: Key) -> int:
        """How many groups come up to and with the one of this key."""
        keys = list(zip(*(column.tolist() for column in self._keys), strict=True))
        return bisect_right(keys, key)

    def page(self, first: int, count: int) -> list[Group]:
        """Some of the groups."""
        return [self._group(place) for place in range(first, min(first + count, len(self)))]

    def _group(self, place: int) -> Group:
        number = self._sorted[place]
        members = slice(self._bounds[number], self._bounds[number + 1])
        places = self._order[members]
        if len(places) > 1:
            places = places[np.argsort(-self._scores[members], kind="stable")]
        return Group(
            tuple(places.tolist()),
            int(self._starts[number]),
            int(self._ends[number]),
            float(self._tops[number]),
            tuple(column[place].item() for column in self._keys),
        )


def grouped(hits: Hits, sort: Sort, first: Callable[[Sequence[int]], Mapping[int, int]]) -> Groups:
    """The hits as groups: the best first, or the newest.

    `first` says of sources that go on from others where their common stretch begins; it is asked only
    about sources whose hits lie close to those of others.
    """
    owners = hits.sources
    near = _near_others(hits)
    roots = first(near) if near else {}
    if roots:
        sources, places = np.unique(owners, return_inverse=True)
        owners = np.array([roots.get(number, number) for number in sources.tolist()])[places]
    return Groups(hits, owners, sort)


def shown(
    db: Database, hits: Hits, groups: Sequence[Group], clause: Clause, texts: Texts | None
) -> list[Moment]:
    """The groups with their texts and frames. A hit whose row is gone is left out.

    `texts` reads the texts of hits from the index; None: they are read from the rows.
    """
    places = [place for group in groups for place in group.places[:MOST_HITS]]
    read = _from_rows(db, hits, places) if texts is None else dict(zip(places, texts(places), strict=True))
    mark = highlight.marker(clause)
    made = {place: _hit(hits, place, text, mark) for place, text in read.items()}
    here = [[made[place] for place in group.places[:MOST_HITS] if place in made] for group in groups]
    wanted = [(found[0].source_id, found[0].start) for found in here if found and found[0].source_id]
    stood = standing.at(db, [(number, start) for number, start in wanted if number is not None])
    names = entries.source_names(db, [number for number, _ in wanted if number is not None])
    return [
        _moment(group, tuple(found), stood.get((found[0].source_id or 0, found[0].start)), names)
        for group, found in zip(groups, here, strict=True)
        if found
    ]


def _breaks(owners: Numbers, starts: Numbers, ends: Numbers) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which hits, ordered by owner and start, begin a group."""
    low = int(starts.min())
    height = int(ends.max()) - low + 1
    rank = np.cumsum(np.diff(owners, prepend=owners[0]) != 0)
    reach = np.maximum.accumulate(ends - low + rank * height) - rank * height + low
    new = np.ones(len(owners), dtype=bool)
    new[1:] = (rank[1:] != rank[:-1]) | (starts[1:] - reach[:-1] >= _CLOSE_MS)
    return new


def _near_others(hits: Hits) -> list[int]:
    """Sources with a hit that lies close to one of another source, notes without source left out."""
    order = np.lexsort((hits.ends, hits.starts))
    sources, starts, ends = hits.sources[order], hits.starts[order], hits.ends[order]
    reach = np.maximum.accumulate(ends)
    joins = starts[1:] - reach[:-1] < _CLOSE_MS  # each hit with some hit before it
    if not (joins & (sources[1:] != sources[:-1])).any():
        return []
    runs = np.cumsum(np.concatenate(([0], ~joins)))
    pairs = np.unique(np.stack((runs, sources)), axis=1)
    mixed, counts = np.unique(pairs[0], return_counts=True)
    crowded = np.isin(pairs[0], mixed[counts > 1])
    return [number for number in np.unique(pairs[1][crowded]).tolist() if number]


def _from_rows(db: Database, hits: Hits, places: Sequence[int]) -> dict[int, Shown]:
    found: dict[int, Shown] = {}
    for code, kind in enumerate(TEXT_KINDS):
        ids = {int(hits.ids[place]): place for place in places if hits.kinds[place] == code}
        if ids:
            rows = entries.by_ids(db, kind, list(ids))
            found |= {ids[number]: Shown(row["text"], entries.stands(row)) for number, row in rows.items()}
    return {place: found[place] for place in places if place in found}


def _hit(hits: Hits, place: int, shown: Shown, mark: highlight.Marker) -> Hit:
    found, text = hits[place], shown.text
    highlights = mark(text)
    frame_id, box = None, None
    if shown.stands:
        frame_id, x, y, width, height = shown.stands
        box = Box(x=x, y=y, width=width, height=height)
    return Hit(
        kind=found.kind,
        id=found.id,
        source_id=found.source_id or None,
        start=found.start,
        end=found.end,
        text=text,
        highlights=highlights,
        highlight_bytes=highlight.in_bytes(text, highlights),
        frame_id=frame_id,
        box=box,
    )


def _moment(
    group: Group, found: tuple[Hit, ...], stood: tuple[int, datetime] | None, names: Mapping[int, str]
) -> Moment:
    source_id = found[0].source_id
    frame_id, frame_at = stood if stood is not None else (None, None)
    return Moment(
        source_id=source_id,
        source_name=None if source_id is None else names.get(source_id),
        start=types.from_epoch(group.start),
        end=types.from_epoch(group.end),
        frame_id=frame_id,
        frame_at=frame_at,
        score=group.score,
        hit_count=len(group.places),
        hits=found,
    )
