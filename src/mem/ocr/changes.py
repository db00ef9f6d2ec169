"""Which parts of a picture are to be read anew, given the one before.

Cells of 8 x 8 pixels tell what changed. A full stop of 2 x 2 pixels counts; what a video's or a frame's
own coding makes of unchanged text does not: in pages of 14 px text through H.264 (crf 18 to 30) and WebP
at 75 at most one pixel of such a cell differs by more than 64.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mem.ocr import Picture
from mem.types import Box

CELL = 8  # pixels
_STRONG, _STRONG_PIXELS = 64, 2  # levels of 255 by which so many pixels differ
_MEAN = 12  # or all of them on average: faint text on a like ground
_APART = 2 * CELL  # changed rows closer than that are one band
_GROWTH = 64  # pixels by which a band may grow to reach a gap between lines
_FLAT = 24  # levels between neighbouring pixels below which a row is a gap

Cells = npt.NDArray[np.bool_]  # one for each cell of a picture, row by row


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of a picture, over its full width."""

    top: int
    bottom: int


def changed(before: Picture, now: Picture) -> Cells:
    """The cells in which two pictures of one size differ."""
    height, width = now.shape[:2]
    difference = np.maximum(before, now)
    difference -= np.minimum(before, now)
    levels = difference.max(axis=2)
    levels = np.pad(levels, ((0, -height % CELL), (0, -width % CELL)))
    cells = levels.reshape(levels.shape[0] // CELL, CELL, levels.shape[1] // CELL, CELL)
    strong = (cells > _STRONG).sum(axis=(1, 3), dtype=np.uint16) >= _STRONG_PIXELS
    return np.asarray(strong | (cells.sum(axis=(1, 3), dtype=np.uint32) >= _MEAN * CELL * CELL))


def touched(cells: Cells, box: Box) -> bool:
    """Whether a changed cell reaches into the box."""
    rows = slice(box.y // CELL, -(-(box.y + box.height) // CELL))
    columns = slice(box.x // CELL, -(-(box.x + box.width) // CELL))
    return bool(cells[rows, columns].any())


def bands(now: Picture, cells: Cells) -> list[Band]:
    """What to read: the changed rows, grown to the gaps between lines where they changed."""
    height = now.shape[0]
    found: list[Band] = []
    rows = np.flatnonzero(cells.any(axis=1))
    for run in np.split(rows, np.flatnonzero(np.diff(rows) * CELL > _APART) + 1) if len(rows) else ():
        columns = np.flatnonzero(cells[run[0] : run[-1] + 1].any(axis=0))
        part = now[:, columns[0] * CELL : (columns[-1] + 1) * CELL]
        top, bottom = _grown(part, int(run[0]) * CELL, min(height, (int(run[-1]) + 1) * CELL))
        if found and top <= found[-1].bottom:
            found[-1] = Band(found[-1].top, max(bottom, found[-1].bottom))
        else:
            found.append(Band(top, bottom))
    return found


def _grown(part: Picture, top: int, bottom: int) -> tuple[int, int]:
    """The rows `[top, bottom)` grown until a row on each side is flat; a little air is kept about them."""
    first, last = max(0, top - _GROWTH), min(part.shape[0], bottom + _GROWTH)
    green = part[first:last, :, 1].astype(np.int16)
    flat = np.abs(np.diff(green, axis=1)).max(axis=1, initial=0) < _FLAT
    above, below = np.flatnonzero(flat[: top - first]), np.flatnonzero(flat[bottom - first :])
    top = first + int(above[-1]) if len(above) else first
    bottom = bottom + int(below[0]) + 1 if len(below) else last
    return max(0, top - CELL), min(part.shape[0], bottom + CELL)
