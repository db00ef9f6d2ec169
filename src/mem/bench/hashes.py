"""The rules that others keep pictures by, for comparison."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from mem.media.thumb import Thumb

Hash = Callable[[Thumb], int]

_SIDE = 8  # of a hash of 64 bits
_COSINES = 32  # pixels along the side of what the cosine transform sees


class Hashing:
    """Keeps what is more than some bits from the picture kept last."""

    def __init__(self, of: Hash, bits: int) -> None:
        self._of, self._bits = of, bits
        self._last: int | None = None
        self._ordinal = -1

    def decide(self, seen: Thumb) -> tuple[int, bool]:
        """The number of the picture that stands for this one, and whether it is this one itself."""
        found = self._of(seen)
        new = self._last is None or (found ^ self._last).bit_count() > self._bits
        if new:
            self._last, self._ordinal = found, self._ordinal + 1
        return self._ordinal, new


class Everything:
    """Keeps each look, as a picture every five seconds does."""

    def __init__(self) -> None:
        self._ordinal = -1

    def decide(self, seen: Thumb) -> tuple[int, bool]:  # noqa: ARG002 - whatever it is
        """The picture itself."""
        self._ordinal += 1
        return self._ordinal, True


def difference(seen: Thumb) -> int:
    """The dHash: in which of 8 x 8 places it gets brighter to the right."""
    small = np.asarray(Image.fromarray(seen.luma).resize((_SIDE + 1, _SIDE), Image.Resampling.BOX), np.int16)
    return _number(small[:, 1:] > small[:, :-1])


def cosine(seen: Thumb) -> int:
    """The pHash: which of the 8 x 8 lowest frequencies lie above their median."""
    small = Image.fromarray(seen.luma).resize((_COSINES, _COSINES), Image.Resampling.BOX)
    found = (_TRANSFORM @ np.asarray(small, np.float64) @ _TRANSFORM.T)[:_SIDE, :_SIDE]
    return _number(found > np.median(found))


def _number(bits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


_TRANSFORM = np.cos(
    np.pi / _COSINES * (np.arange(_COSINES) + 0.5)[None, :] * np.arange(_COSINES, dtype=np.float64)[:, None]
)
