"""Which parts of a picture are to be read anew, given the one before.

Cells of 8 x 8 pixels tell what changed. A full stop of 2 x 2 pixels counts; what a video's or a frame's
own coding makes of unchanged text does not: in pages of 14 px text through H.264 (crf 18 to 30) and WebP
at 75 at most one pixel of such a cell differs by more than 64.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mem.ocr import Picture
from mem.types import Box

CELL = 8  # pixels
_STRONG, _STRONG_PIXELS = 64, 2  # levels of 255 by which so many pixels differ
_MEAN = 12  # or all of them on average
_FAINT, _FAINT_PIXELS = 20, 4  # or so many by this: faint text on a like ground,
_RANGE = 0.5  # but by no less than this share of what lies between the cell's darkest and lightest
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
    lightest, darkest = np.maximum(before, now), np.minimum(before, now)
    levels = _cut((lightest - darkest).max(axis=2, keepdims=True))[..., 0]
    strong = _count(levels > _STRONG) >= _STRONG_PIXELS
    mean = levels.sum(axis=1, dtype=np.uint16).sum(axis=2) >= _MEAN * CELL * CELL
    between = _most(lightest) - _least(darkest)
    least = np.maximum(_FAINT, _RANGE * between.max(axis=2))[:, None, :, None]
    return np.asarray(strong | mean | (_count(levels >= least) >= _FAINT_PIXELS))


def drawn(now: Picture) -> Cells:
    """The cells that are not of one colour."""
    return np.asarray((_most(now) != _least(now)).any(axis=2))


def _cut(picture: Picture) -> Picture:
    """A picture as row of cells x row x column of cells x column x plane; the last ones repeat the edge."""
    height, width, planes = picture.shape
    picture = np.pad(picture, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge")
    return picture.reshape(picture.shape[0] // CELL, CELL, picture.shape[1] // CELL, CELL, planes)


def _most(picture: Picture) -> Picture:
    most: Picture = _cut(picture).max(axis=1).max(axis=2)  # one side after the other is five times as fast
    return most


def _least(picture: Picture) -> Picture:
    least: Picture = _cut(picture).min(axis=1).min(axis=2)
    return least


def _count(pixels: Cells) -> npt.NDArray[np.uint8]:
    count: npt.NDArray[np.uint8] = pixels.sum(axis=1, dtype=np.uint8).sum(axis=2, dtype=np.uint8)
    return count


def touched(cells: Cells, box: Box) -> float:
    """The share of the cells that reach into the box which changed, 0 to 1."""
    rows = slice(box.y // CELL, -(-(box.y + box.height) // CELL))
    columns = slice(box.x // CELL, -(-(box.x + box.width) // CELL))
    within = cells[rows, columns]
    return np.count_nonzero(within) / max(1, within.size)


def bands(now: Picture, cells: Cells, lines: Sequence[Box] = ()) -> list[Band]:
    """What to read: the changed rows, grown to the gaps between lines where they changed.

    `lines` are boxes that are to be read as well, each as a whole.
    """
    height = now.shape[0]
    found = [Band(max(0, box.y - CELL), min(height, box.y + box.height + CELL)) for box in lines]
    rows = np.flatnonzero(cells.any(axis=1))
    for run in np.split(rows, np.flatnonzero(np.diff(rows) * CELL > _APART) + 1) if len(rows) else ():
        columns = np.flatnonzero(cells[run[0] : run[-1] + 1].any(axis=0))
        part = now[:, columns[0] * CELL : (columns[-1] + 1) * CELL]
        found.append(_grown(part, int(run[0]) * CELL, min(height, (int(run[-1]) + 1) * CELL)))
    return _joined(found)


def _joined(found: Sequence[Band]) -> list[Band]:
    """The same rows in bands that do not touch, from the top."""
    joined: list[Band] = []
    for band in sorted(found, key=lambda band: band.top):
        if joined and band.top <= joined[-1].bottom:
            joined[-1] = Band(joined[-1].top, max(band.bottom, joined[-1].bottom))
        else:
            joined.append(band)
    return joined


def _grown(part: Picture, top: int, bottom: int) -> Band:
    """The rows `[top, bottom)` grown until a row on each side is flat; a little air is kept about them."""
    first, last = max(0, top - _GROWTH), min(part.shape[0], bottom + _GROWTH)
    green = part[first:last, :, 1].astype(np.int16)
    flat = np.abs(np.diff(green, axis=1)).max(axis=1, initial=0) < _FLAT
    above, below = np.flatnonzero(flat[: top - first]), np.flatnonzero(flat[bottom - first :])
    top = first + int(above[-1]) if len(above) else first
    bottom = bottom + int(below[0]) + 1 if len(below) else last
    return Band(max(0, top - CELL), min(part.shape[0], bottom + CELL))
