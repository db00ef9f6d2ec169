"""The texts that answer a question, as columns: a thousand are merged in no time, and few are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, overload

import numpy as np

from mem.types import TextKind, from_epoch

TEXT_KINDS: tuple[TextKind, ...] = ("speech", "screen", "note")  # their places are what `Hits.kinds` holds
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class IndexHit:
    """A text that answers the question."""

    kind: TextKind
    id: int
    source_id: int
    start: datetime
    end: datetime
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits(Sequence[IndexHit]):
    """Hits in the order in which they were asked for."""

    kinds: Numbers  # places in TEXT_KINDS
    ids: Numbers
    sources: Numbers  # 0: about the time itself
    starts: Numbers  # ms since 1970
    ends: Numbers
    scores: Scores

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> IndexHit: ...
    @overload
    def __getitem__(self, place: slice) -> "Hits": ...
    def __getitem__(self, place: int | slice) -> "IndexHit | Hits":
        if isinstance(place, slice):
            return Hits(**{name: getattr(self, name)[place] for name in _COLUMNS})
        return IndexHit(
            TEXT_KINDS[self.kinds[place]],
            int(self.ids[place]),
            int(self.sources[place]),
            from_epoch(int(self.starts[place])),
            from_epoch(int(self.ends[place])),
            float(self.scores[place]),
        )

    def __iter__(self) -> Iterator[IndexHit]:
        return (self[place] for place in range(len(self)))

    def where(self, chosen: "np.ndarray[Any, np.dtype[np.bool_]]") -> "Hits":
        """Those for which `chosen` holds."""
        return Hits(**{name: getattr(self, name)[chosen] for name in _COLUMNS})


_COLUMNS = tuple(field.name for field in fields(Hits))


def numbers(values: Sequence[Any]) -> Numbers:
    """A column of whole numbers."""
    return np.asarray(values, dtype=np.int64)
