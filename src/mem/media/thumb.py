"""A picture reduced to what the keep rule looks at: a small picture, cut into tiles of 4 x 4 pixels.

A tile is 16 x 16 pixels of a 1080p picture.
"""

import math

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

Bytes = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.int32]
Levels = npt.NDArray[np.float32]

TILE = 4  # thumb pixels along a tile's side
PIXELS = TILE * TILE
COLOURS = 4  # chroma values of a tile, in each of two planes
_THUMB_PIXELS = 480 * 270  # of a thumb, for pictures up to 1080p
_MOST_PIXELS = 4 * _THUMB_PIXELS  # that of 4K, so that a line of text is as many tiles there
_SHRINK = 16  # pixels of a larger picture for one of its thumb's


class Thumb:
    """A picture reduced to what the rule looks at."""

    __slots__ = ("_values", "colours", "luma", "tiles")

    def __init__(self, luma: Bytes, colours: Sums) -> None:
        self.luma = luma  # a multiple of TILE on both sides
        self.colours = colours  # plane x row x column: sums over a tile's chroma values
        self.tiles = tile_sums(luma)
        self._values: Levels | None = None

    @property
    def values(self) -> Levels:
        """Plane x row x column: a tile's mean brightness and its two mean colours."""
        if self._values is None:
            self._values = np.empty((3, *self.tiles.shape), np.float32)
            np.multiply(self.tiles, np.float32(1 / PIXELS), out=self._values[0], casting="unsafe")
            np.multiply(self.colours, np.float32(1 / COLOURS), out=self._values[1:], casting="unsafe")
        return self._values


def of(frame: VideoFrame, reformatter: VideoReformatter | None = None) -> Thumb:
    """The thumb of a decoded picture; a `reformatter` kept over many saves making it each time."""
    width, height = _thumb_size(frame.width, frame.height)
    small = (reformatter or VideoReformatter()).reformat(
        frame,
        width,
        height,
        "yuv420p",
        dst_color_range=ColorRange.JPEG,
        interpolation=Interpolation.AREA,
        threads=1,
    )
    planes = []
    for plane in small.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        planes.append(rows[: plane.height, : plane.width])
    colours = np.stack([_pair_sums(planes[1]), _pair_sums(planes[2])])
    return Thumb(np.ascontiguousarray(planes[0]), colours)


def _thumb_size(width: int, height: int) -> tuple[int, int]:
    pixels = min(max(width * height / _SHRINK, _THUMB_PIXELS), _MOST_PIXELS)
    factor = min(1.0, math.sqrt(pixels / (width * height)))
    return tuple(max(TILE, round(side * factor / TILE) * TILE) for side in (width, height))  # type: ignore[return-value]


def difference(one: Thumb, other: Thumb) -> Sums:
    """How much the pixels of each tile differ, in sum."""
    return tile_sums(np.maximum(one.luma, other.luma) - np.minimum(one.luma, other.luma))


def tile_sums(plane: Bytes) -> Sums:
    """The sum of each tile's pixels."""
    rows = plane[0::TILE].astype(np.uint16)
    for start in range(1, TILE):
        rows += plane[start::TILE]
    sums = rows[:, 0::TILE].astype(np.int32)
    for start in range(1, TILE):
        sums += rows[:, start::TILE]
    return sums


def _pair_sums(plane: Bytes) -> Sums:
    """The sum of each 2 x 2 chroma values, which are one tile's."""
    rows = plane[0::2].astype(np.int32) + plane[1::2]
    return rows[:, 0::2] + rows[:, 1::2]
