"""Hiding a part of a picture, or all of it, beyond recognition."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from mem.media.image import Picture

Region = Sequence[float]  # left, top, width, height, as shares of the picture

_TILES = 6  # along the longer side of a region: nothing that was written can be read from so few


def cover(picture: Picture, regions: Sequence[Region] | None) -> Picture:
    """The picture with the regions as a coarse mosaic; black as a whole where `regions` is None."""
    if regions is None:
        return np.zeros_like(picture)
    covered = picture.copy()
    height, width = picture.shape[:2]
    for left, top, wide, high in regions:
        x, y = math.floor(left * width), math.floor(top * height)
        x_end = min(width, math.ceil((left + wide) * width))
        y_end = min(height, math.ceil((top + high) * height))
        if x < x_end and y < y_end:
            covered[y:y_end, x:x_end] = _mosaic(picture[y:y_end, x:x_end])
    return covered


def _mosaic(part: Picture) -> Picture:
    height, width = part.shape[:2]
    scale = _TILES / max(height, width)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    tiles = Image.fromarray(np.ascontiguousarray(part)).resize(small, Image.Resampling.BOX)
    return np.asarray(tiles.resize((width, height), Image.Resampling.NEAREST), np.uint8)
