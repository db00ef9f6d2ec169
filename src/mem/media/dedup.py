"""Does a picture show something new? The rule that decides what is remembered.

A picture is compared as a small *thumb* with the few pictures kept last, so that going back to a
window makes no second frame of it. Both are cut into tiles of 4 x 4 thumb pixels (16 x 16 pixels of
a 1080p picture). A brighter or darker light over the whole picture is taken out first. A tile has
changed when the mean difference of its pixels passes a threshold that rises with the picture's
noise, but never beyond a cap: else a wholly new picture would raise its own bar. The colours of a
tile count by themselves, so that a lamp that turns from green to red is news. The picture is new
when enough changed tiles lie together - noise is scattered, what people care about is not - or when
more of them together changed less, as a line of pale text makes them.
"""

import json
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

Sensitivity = Literal["low", "normal", "high"]
Bytes = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

KEPT = 8  # pictures that a new one is compared with
TILE = 4  # thumb pixels along a tile's side
_THUMB_PIXELS = 480 * 270  # of a thumb, for pictures up to 1080p
_MOST_PIXELS = 2 * _THUMB_PIXELS
_SHRINK = 16  # pixels of a larger picture for one of its thumb's
_PIXELS = TILE * TILE
_COLOURS = 4  # chroma values of a tile, in each of two planes
_CAP = 10  # grey levels that the threshold never passes on account of noise
_COLOUR_CAP = 2  # the same for colour, times its own threshold
_FOLLOW, _FOLLOWERS = 0.06, 0.6  # a gain is believed when this share of tiles keeps to it this closely
_LIGHTS = 0.5  # logarithm of the gain at which a light went on or off
_TINT = 12  # levels by which the whole picture's colour may drift
_DARK = 8  # grey level below which a tile says nothing about the gain
_VERSION = 1
_HEADER = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Rule:
    """How small a change is news."""

    level: float  # grey levels of mean change in a tile
    tiles: int  # changed tiles that must touch
    faint: float  # a smaller change, such as pale text makes,
    many: int  # which counts where more tiles touch
    colour: float  # levels of mean change in a tile's two colour planes together


RULES: dict[Sensitivity, Rule] = {
    "low": Rule(8, 12, 6, 24, 12),
    "normal": Rule(5, 6, 3, 10, 8),
    "high": Rule(4, 6, 2.5, 8, 6),
}


class Thumb:
    """A picture reduced to what the rule looks at."""

    __slots__ = ("colours", "luma", "tiles")

    def __init__(self, luma: Bytes, colours: Sums) -> None:
        self.luma = luma  # a multiple of TILE on both sides
        self.colours = colours  # plane x row x column: sums over a tile's chroma values
        self.tiles = _tile_sums(luma)


def thumb(frame: VideoFrame, reformatter: VideoReformatter | None = None) -> Thumb:
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


class Keeper:
    """Decides which pictures are kept, and which kept one stands for each of the others."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._kept: list[tuple[int, Thumb]] = []  # the one shown last comes first
        self._next = 0

    def decide(self, seen: Thumb) -> tuple[int, bool]:
        """The ordinal of the kept picture that stands for `seen`, and whether that is `seen` itself."""
        for place, (ordinal, kept) in enumerate(self._kept):
            if not differs(kept, seen, self._rule):
                self._kept.insert(0, self._kept.pop(place))
                return ordinal, False
        ordinal, self._next = self._next, self._next + 1
        self._kept.insert(0, (ordinal, seen))
        del self._kept[KEPT:]
        return ordinal, True

    def to_bytes(self) -> bytes:
        """All that decides about the pictures to come."""
        kept = [[ordinal, *seen.luma.shape] for ordinal, seen in self._kept]
        header = json.dumps({"version": _VERSION, "next": self._next, "kept": kept}).encode()
        body = b"".join(
            _flattened(seen.luma) + seen.colours.astype("<i2").tobytes() for _, seen in self._kept
        )
        return _HEADER.pack(len(header)) + header + zlib.compress(body, 1)

    @classmethod
    def from_bytes(cls, rule: Rule, state: bytes) -> Self:
        """The keeper that `to_bytes` described. Raises ValueError for anything else."""
        keeper = cls(rule)
        try:
            (length,) = _HEADER.unpack_from(state)
            header = json.loads(state[_HEADER.size : _HEADER.size + length])
            if header["version"] != _VERSION:
                raise ValueError("the state is of another version")
            body = memoryview(zlib.decompress(state[_HEADER.size + length :]))
            keeper._next = int(header["next"])
            keeper._kept = list(_read_kept(header["kept"], body))
        except (struct.error, zlib.error, KeyError, TypeError) as error:
            raise ValueError(f"not the state of a keep rule: {error}") from None
        return keeper


def _read_kept(shapes: list[tuple[int, int, int]], body: memoryview) -> Iterator[tuple[int, Thumb]]:
    at = 0
    for ordinal, height, width in shapes:
        pixels, sums = height * width, height * width // _PIXELS * 2
        flat = np.frombuffer(body, np.uint8, pixels, at).reshape(height, width)
        colours = np.frombuffer(body, "<i2", sums, at + pixels).reshape(2, height // TILE, width // TILE)
        at += pixels + 2 * sums
        yield ordinal, Thumb(np.cumsum(flat, axis=1, dtype=np.uint8), colours.astype(np.int32))


def _flattened(luma: Bytes) -> bytes:
    """Each pixel as its difference to the one on its left, which packs to half the size."""
    return np.diff(luma, axis=1, prepend=np.uint8(0)).astype(np.uint8).tobytes()


def differs(kept: Thumb, seen: Thumb, rule: Rule) -> bool:
    """Whether `seen` shows something that `kept` does not."""
    if kept.luma.shape != seen.luma.shape:
        return True
    plain = _tile_sums(np.maximum(kept.luma, seen.luma) - np.minimum(kept.luma, seen.luma))
    colours = seen.colours - kept.colours
    shades = np.abs(colours[0]) + np.abs(colours[1])
    marked = (plain >= rule.faint * _PIXELS) | (shades >= rule.colour * _COLOURS)
    if np.count_nonzero(marked) < rule.tiles:
        return False  # nothing below can mark more: the common case
    return _differs_closely(kept, seen, plain, rule)


def _differs_closely(kept: Thumb, seen: Thumb, plain: Sums, rule: Rule) -> bool:
    gain = _gain(kept, seen)
    if abs(math.log(gain)) > _LIGHTS:
        return True
    least = np.abs(seen.tiles - kept.tiles * gain)  # no tile differs by less than its mean does
    if _together(least >= (max(rule.level, _CAP) + 1) * _PIXELS, rule.tiles):
        return True
    if gain != 1.0:
        table = np.clip(np.arange(256) * gain + 0.5, 0, 255).astype(np.uint8)
        lit = table[kept.luma]
        plain = _tile_sums(np.maximum(lit, seen.luma) - np.minimum(lit, seen.luma))
    noise = float(np.median(plain))
    level = max(rule.level * _PIXELS, min(_CAP * _PIXELS, 3 * noise))
    faint = max(rule.faint * _PIXELS, min(_CAP * _PIXELS, 4 * noise))
    shades = _shades(kept, seen, gain)
    if shades is None:
        return True
    ceiling = _COLOUR_CAP * rule.colour * _COLOURS
    colour = max(rule.colour * _COLOURS, min(ceiling, 4 * float(np.median(shades))))
    tinted = shades >= colour
    return _together((plain >= level) | tinted, rule.tiles) or _together((plain >= faint) | tinted, rule.many)


def _gain(kept: Thumb, seen: Thumb) -> float:
    """By how much the whole picture became brighter, 1.0 when it did not as a whole."""
    lit = kept.tiles > _DARK * _PIXELS
    ratios = seen.tiles[lit] / kept.tiles[lit]
    if not len(ratios):
        return 1.0
    gain = float(np.median(ratios))
    if gain <= 0 or np.mean(np.abs(ratios - gain) <= _FOLLOW * gain) <= _FOLLOWERS:
        return 1.0
    return gain if abs(gain - 1) > 1 / 512 else 1.0


def _shades(kept: Thumb, seen: Thumb, gain: float) -> npt.NDArray[np.float64] | None:
    """Each tile's change of colour beyond the whole picture's drift; None: all of it was tinted anew."""
    grey = 128 * _COLOURS
    change = (seen.colours - grey) - (kept.colours - grey) * gain
    drift = np.median(change, axis=(1, 2))
    if np.abs(drift).max() > _TINT * _COLOURS:
        return None
    change -= drift[:, None, None]
    shades: npt.NDArray[np.float64] = np.abs(change[0]) + np.abs(change[1])
    return shades


def _together(marked: Mask, tiles: int) -> bool:
    """Whether at least `tiles` marked tiles touch, corners included."""
    if np.count_nonzero(marked) < tiles:
        return False
    framed = np.pad(marked, 1).astype(np.uint8)
    across = framed[:, :-2] + framed[:, 1:-1] + framed[:, 2:]
    around = (across[:-2] + across[1:-1] + across[2:]) * marked  # marked in its 3 x 3, itself included
    if tiles <= 9 and around.max() >= tiles:
        return True
    return _largest_reaches(np.flatnonzero(np.pad(around > 1, 1)), marked.shape[1] + 2, tiles)


def _largest_reaches(places: npt.NDArray[np.intp], width: int, tiles: int) -> bool:
    """The same, tile by tile, for those that have a neighbour at all; stops at the first large group."""
    left = set(places.tolist())
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    while len(left) >= tiles:
        group, count = [left.pop()], 1
        while group:
            at = group.pop()
            for step in steps:
                if at + step in left:
                    left.remove(at + step)
                    group.append(at + step)
                    count += 1
        if count >= tiles:
            return True
    return False


def _tile_sums(plane: Bytes) -> Sums:
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
