"""Reading text off pictures. `Engine` is the seam; rapid.py and tesseract.py are its two implementations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mem.types import Box

Picture = npt.NDArray[np.uint8]  # height x width x 3, RGB


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it stands in a picture."""

    text: str
    confidence: float  # 0 to 1
    box: Box


def moved(box: Box, down: int) -> Box:
    """The box so many pixels further down."""
    return Box(box.x, box.y + down, box.width, box.height)


def shared(one: Box, other: Box) -> float:
    """How much of the smaller of two boxes lies in the other, 0 to 1."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    smaller = min(one.width * one.height, other.width * other.height)
    return across * down / smaller if across > 0 and down > 0 and smaller > 0 else 0.0


def letters(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


Wanted = Callable[[Box], bool]


class Engine(Protocol):
    """Reads text. The same picture always gives the same lines."""

    def likely(self, picture: Picture) -> bool:
        """Whether a quick look finds anything that may be text."""

    def read(self, picture: Picture, wanted: Wanted) -> Sequence[Line]:
        """The lines of text in the picture, from the top, those at whose box `wanted` says no left out."""
