"""Lines over time: which of those on a frame stood on the one before already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mem import types
from mem.capture.plan import Shown
from mem.ocr import Line, shared
from mem.store.screen import NewScreenText
from mem.types import ScreenText

_ONE_PLACE = 0.5  # share of the smaller box that two readings of one line have in common


@dataclass(slots=True)
class Stretch:
    """A line and the time, in offsets, during which it stood unchanged."""

    line: Line
    frame_id: int
    start_ms: int
    end_ms: int
    id: int | None = None  # of its row, once it has one
    grown: bool = False  # whether it has a later end than its row

    def row(self, started_at: datetime, engine: str) -> NewScreenText:
        """What to store of it."""
        return NewScreenText(
            frame_id=self.frame_id,
            start=types.after(started_at, self.start_ms),
            end=types.after(started_at, self.end_ms),
            text=self.line.text,
            confidence=self.line.confidence,
            engine=engine,
            box=self.line.box,
        )


class Standing:
    """The lines that stand at `until_ms`, and what changed since all of it was stored."""

    def __init__(self, until_ms: int, lines: list[Stretch]) -> None:
        self.until_ms = until_ms
        self.spans = 0  # gone through since
        self._lines = lines
        self._ended: list[Stretch] = []

    @classmethod
    def of(cls, until_ms: int, started_at: datetime, rows: Sequence[ScreenText]) -> Self:
        """From the rows of the lines that stand at `until_ms`."""
        return cls(
            until_ms,
            [
                Stretch(
                    Line(row.text, row.confidence, row.box),
                    row.frame_id,
                    types.milliseconds(row.start - started_at),
                    types.milliseconds(row.end - started_at),
                    row.id,
                )
                for row in rows
            ],
        )

    def show(self, span: Shown, lines: Sequence[Line]) -> None:
        """Go on to a span whose frame shows these lines; what stood before and is not among them ends."""
        remaining: dict[str, list[Line]] = {}
        for line in lines:
            remaining.setdefault(folded(line.text), []).append(line)
        goes_on = span.start_ms == self.until_ms  # else there is a gap, over which nothing stands
        kept: list[Stretch] = []
        for one in self._lines:
            same = remaining.get(folded(one.line.text), [])
            best = max(same, key=lambda line: shared(line.box, one.line.box), default=None)
            if best is None or not goes_on or shared(best.box, one.line.box) <= _ONE_PLACE:
                self._ended.append(one)
                continue
            same.remove(best)
            one.end_ms, one.grown = span.end_ms, True
            kept.append(one)
        new = [line for same in remaining.values() for line in same]
        new.sort(key=lambda line: (line.box.y, line.box.x, line.text))
        self._lines = kept + [Stretch(line, span.frame_id, span.start_ms, span.end_ms) for line in new]
        self.until_ms = span.end_ms
        self.spans += 1

    def new(self) -> list[Stretch]:
        """Those that have no row, in order of time and from the top."""
        found = [one for one in (*self._ended, *self._lines) if one.id is None]
        return sorted(found, key=lambda one: (one.start_ms, one.line.box.y, one.line.box.x, one.line.text))

    def ends(self) -> Iterator[tuple[int, int]]:
        """The rows that have a later end by now, each with it."""
        for one in (*self._ended, *self._lines):
            if one.id is not None and one.grown:
                yield one.id, one.end_ms

    def stored(self) -> None:
        """Note that all of it has its row."""
        self._ended, self.spans = [], 0
        for one in self._lines:
            one.grown = False


def folded(text: str) -> str:
    """A text as two readings of it are compared: engines differ in spaces and case."""
    return "".join(text.split()).casefold()
