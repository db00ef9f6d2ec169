"""Which frame stood at an instant, for the many instants of one page of hits.

DuckDB looks through all spans for that, 6 ms in a year of them. So where nobody else writes they are
kept in memory by source and start (24 bytes each, a year 8 MB) until one of them changes. New spans do
not make them old: an instant that none of those in memory holds is looked up in the table.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from mem.store import frames
from mem.store.columns import Columnar
from mem.store.database import Database
from mem.types import from_epoch, since_epoch

Place = tuple[int, datetime]  # a source and an instant
Stood = tuple[int, datetime]  # a frame, and when it came up

MOST = 6_000_000  # spans in memory; with more of them, each question is put to the table
_MISSES = 200  # instants that were looked up in the table for spans that came since, until all are read anew


@dataclass
class _Spans:
    """All spans as they were once, ordered by source and start."""

    version: int  # of the table, new spans included
    sources: "dict[int, tuple[int, int]]"  # the rows of each source
    starts: "np.ndarray[Any, np.dtype[np.int64]]"  # ms since 1970
    ends: "np.ndarray[Any, np.dtype[np.int64]]"
    frame_ids: "np.ndarray[Any, np.dtype[np.int64]]"
    misses: int = field(default=0)

    def at(self, source_id: int, moment: int) -> Stood | None:
        first, last = self.sources.get(source_id, (0, 0))
        place = bisect_right(self.starts, moment, first, last) - 1
        if place < first or self.ends[place] <= moment:
            return None
        return int(self.frame_ids[place]), from_epoch(int(self.starts[place]))


def at(db: Database, wanted: Sequence[Place]) -> Mapping[Place, Stood]:
    """What stood at each source and instant; those that no span holds are left out."""
    spans = _remembered(db)
    if spans is None:
        return _looked_up(db, wanted)
    found, missing = {}, []
    for source_id, moment in dict.fromkeys(wanted):
        stood = spans.at(source_id, since_epoch(moment))
        if stood is not None:
            found[source_id, moment] = stood
        else:
            missing.append((source_id, moment))
    if missing and db.remembered is not None and spans.version != db.remembered.version("spans", "spans+"):
        spans.misses += len(missing)
        found |= _looked_up(db, missing)
    return found


def _looked_up(db: Database, wanted: Iterable[Place]) -> dict[Place, Stood]:
    return {place: (span.frame_id, span.start) for place, span in frames.holding(db, list(wanted)).items()}


def _remembered(db: Database) -> _Spans | None:
    memory = db.remembered
    if memory is None or not isinstance(db, Columnar):
        return None
    spans = memory.get("spans", ("spans",), lambda: _read(db))
    if spans is not None and spans.misses > _MISSES:
        memory.forget("spans")
        spans = memory.get("spans", ("spans",), lambda: _read(db))
    return spans


def _read(db: Any) -> _Spans | None:
    version = db.remembered.version("spans", "spans+")  # before the rows: what comes meanwhile is not in them
    columns = db.columns("frames.all_spans", MOST + 1)
    owners, starts = columns["source_id"], columns["start"]
    if len(owners) > MOST:
        return None
    order = np.lexsort((starts, owners))
    owners = owners[order]
    bounds = np.flatnonzero(np.diff(owners, prepend=-1, append=-1)) if len(owners) else np.zeros(1, int)
    rows = {int(owners[a]): (int(a), int(b)) for a, b in pairwise(bounds)}
    return _Spans(version, rows, starts[order], columns["end"][order], columns["frame_id"][order])
