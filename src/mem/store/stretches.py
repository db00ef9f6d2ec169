"""Recordings that follow one another without a pause are one continuous stretch.

A camera that begins a new file each minute has recorded an hour, not sixty recordings. One goes on
from another when both have the same place and device, at least one of which is known, and it begins
at most `APART` from the other's end.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from mem.store import known
from mem.store.database import Reader, Row

APART = timedelta(seconds=2)
_MOST = 5_000  # recordings that are looked at together


def continued(r: Reader, ids: Sequence[int]) -> dict[int, int]:
    """The recording that each of the given ones goes on from, whether or not it is given too."""

    def read(missing: list[int]) -> dict[int, int | None]:
        rows = _these(r, missing)
        if not rows:
            return dict.fromkeys(missing)
        starts = [row["started_at"] for row in rows]
        earlier = r.read("stretches.ending", min(starts) - APART, max(starts) + APART, _MOST)
        return dict.fromkeys(missing) | _followed(rows, earlier)

    before = known.kept(r, "continued", ("sources", "sources+"), ids, read)
    return {number: previous for number, previous in before.items() if previous is not None}


def first(r: Reader, ids: Sequence[int]) -> dict[int, int]:
    """For those of the given recordings that go on from another given one: where their stretch begins."""
    rows = _these(r, ids)
    previous = _followed(rows, rows)
    return {number: _root(previous, number) for number in previous}


def _these(r: Reader, ids: Iterable[int]) -> list[Row]:
    """What decides whether recordings follow one another, of those that have a place or a device."""
    rows = known.facts(r, sorted(set(ids))).values()
    return [row for row in rows if row["location"] is not None or row["device"] is not None]


def _followed(rows: Iterable[Row], earlier: Iterable[Row]) -> dict[int, int]:
    """Which of `earlier` each of the rows goes on from: the one that ends nearest to its start."""
    ends = defaultdict(list)
    for row in earlier:
        if row["ended_at"] is not None:
            ends[row["location"], row["device"]].append((row["ended_at"], row["id"], row["started_at"]))
    for group in ends.values():
        group.sort()
    found = {}
    for row in rows:
        group, start = ends.get((row["location"], row["device"]), []), row["started_at"]
        near = []
        for ended_at, number, started_at in group[bisect_left(group, (start - APART,)) :]:
            if ended_at > start + APART:
                break
            if started_at < start:
                near.append((abs(ended_at - start), number))
        if near:
            found[row["id"]] = min(near)[1]
    return found


def _root(previous: Mapping[int, int], number: int) -> int:
    while number in previous:  # ends: each step goes to an earlier start
        number = previous[number]
    return number
