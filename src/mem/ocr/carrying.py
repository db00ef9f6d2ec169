"""Which lines of a picture go over to the next one, and which are read anew.

A line in which nothing changed goes over. What is found anew takes its place only where it goes on
beyond it in the same rows: text is typed behind a line that stands. A line in which something changed is
read again as a whole; where nothing is found in its place and little of it changed, it still stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mem.ocr import Line, changes, shared
from mem.ocr.changes import Band, Cells
from mem.types import Box

_ONE_PLACE = 0.5  # share of the smaller box that two readings of one text have in common
_SAME_ROWS = 0.7  # of a line's height that another has to reach over to take its place
_LITTLE = 0.25  # share of a line's cells: a caret, a mark at its edge, a line that was drawn below it
_EDGE = 2  # pixels from a band's edge within which a line may be cut off


@dataclass(frozen=True, slots=True)
class Carried:
    """The lines of the picture before, and where it changed since."""

    cells: Cells
    kept: Sequence[Line]  # in which nothing changed
    touched: Sequence[Line]  # in which something did

    @classmethod
    def of(cls, cells: Cells, earlier: Sequence[Line]) -> Self:
        """The lines that stood there, by whether they changed."""
        touched = [line for line in earlier if changes.touched(cells, line.box)]
        return cls(cells, [line for line in earlier if line not in touched], touched)

    def wanted(self, box: Box, band: Band) -> bool:
        """Whether what was found there while a band was read is to be recognised."""
        again = any(shared(box, line.box) > _ONE_PLACE for line in self.touched)
        if not again and not changes.touched(self.cells, box):
            return False
        goes_on = not self._cut(box, band)
        return all(
            shared(box, line.box) <= _ONE_PLACE or (goes_on and _same_rows(box, line.box))
            for line in self.kept
        )

    def _cut(self, box: Box, band: Band) -> bool:
        """Whether the edge of a band may cut off what lies there."""
        last = self.cells.shape[0] * changes.CELL - changes.CELL  # a band beyond it ends with the picture
        above, below = box.y - band.top <= _EDGE, band.bottom - (box.y + box.height) <= _EDGE
        return (above and band.top > 0) or (below and band.bottom <= last)

    def joined(self, new: Sequence[Line]) -> list[Line]:
        """All that stands on the picture, given what was read anew."""
        kept = [line for line in self.kept if not _among(line, new, _ONE_PLACE)]
        unfound = [
            line
            for line in self.touched
            if changes.touched(self.cells, line.box) <= _LITTLE and not _among(line, new, _ONE_PLACE)
        ]
        return [*kept, *unfound, *new]


def _among(line: Line, others: Sequence[Line], share: float) -> bool:
    return any(shared(line.box, other.box) > share for other in others)


def _same_rows(box: Box, line: Box) -> bool:
    """Whether a box reaches over the rows of a line."""
    rows = min(box.y + box.height, line.y + line.height) - max(box.y, line.y)
    return rows >= _SAME_ROWS * line.height
