"""Does a picture show something new? The rule that decides what is remembered.

A picture is compared as a small *thumb* with the few pictures kept last, so that going back to a
window makes no second frame of it. Both are cut into tiles of 4 x 4 thumb pixels (16 x 16 pixels of
a 1080p picture). A brighter or darker light over the whole picture is taken out first. A tile has
changed when the mean difference of its pixels passes a threshold that rises with the picture's
noise, but never beyond a cap: else a wholly new picture would raise its own bar. The colours of a
tile count by themselves, so that a lamp that turns from green to red is news. The picture is new
when enough changed tiles lie together - noise is scattered, what people care about is not - or when
more of them together changed less, as a line of pale text makes them. What never rests is no news as
long as it goes on as it did; see `mem.media.clutter`.
"""

import json
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from mem.media.clutter import Clutter, Levels, Mask, at_share

Sensitivity = Literal["low", "normal", "high"]
Bytes = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.int32]

KEPT = 8  # pictures that a new one is compared with
TILE = 4  # thumb pixels along a tile's side
_THUMB_PIXELS = 480 * 270  # of a thumb, for pictures up to 1080p
_MOST_PIXELS = 4 * _THUMB_PIXELS  # that of 4K, so that a line of text is as many tiles there
_SHRINK = 16  # pixels of a larger picture for one of its thumb's
_PIXELS = TILE * TILE
_COLOURS = 4  # chroma values of a tile, in each of two planes
_CAP = 10  # grey levels that the threshold never passes on account of noise
_COLOUR_CAP = 2  # the same for colour, times its own threshold
_FOLLOW, _FOLLOWERS = 0.06, 0.6  # a gain is believed when this share of tiles keeps to it this closely
_LIGHTS = 0.5  # logarithm of the gain at which a light went on or off
_TINT = 12  # levels by which the whole picture's colour may drift
_DARK = 8  # grey level below which a tile says nothing about the gain
_FINEST = 2.0  # grey levels; on a screen where little else changes, so faint a line of text is news
_FINE_SHARE = 0.02  # of the tiles that may change by half of that: a coder's pulses are everywhere
_FINE_AFTER = 8  # samples, until what tiles change by themselves is known
_FINE_TILES = 6  # that touch
_FINE_SCREEN = 4000  # tiles; on less than half a screen a coder's pulses look like pale text
_OVER_SPECKS = 1.5  # a change counts where it passes those of rain by this
_VERSION = 2  # 1 knew nothing of clutter
_HEADER = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Rule:
    """How small a change is news."""

    level: float  # grey levels of mean change in a tile
    tiles: int  # changed tiles that must touch
    faint: float  # a smaller change, such as pale text makes,
    many: int  # which counts where more tiles touch
    colour: float  # levels of mean change in a tile's two colour planes together
    clutter: bool = True  # whether what never rests is learned, and is no news


RULES: dict[Sensitivity, Rule] = {
    "low": Rule(8, 12, 6, 24, 12),
    "normal": Rule(5, 6, 3, 10, 8),
    "high": Rule(4, 6, 2.5, 8, 6),
}


def rule(sensitivity: Sensitivity | dict[str, Any]) -> Rule:
    """The rule of a name, or of numbers by the names of its fields."""
    return Rule(**sensitivity) if isinstance(sensitivity, dict) else RULES[sensitivity]


class Thumb:
    """A picture reduced to what the rule looks at."""

    __slots__ = ("_values", "colours", "luma", "tiles")

    def __init__(self, luma: Bytes, colours: Sums) -> None:
        self.luma = luma  # a multiple of TILE on both sides
        self.colours = colours  # plane x row x column: sums over a tile's chroma values
        self.tiles = _tile_sums(luma)
        self._values: Levels | None = None

    @property
    def values(self) -> Levels:
        """Plane x row x column: a tile's mean brightness and its two mean colours."""
        if self._values is None:
            planes = (self.tiles / _PIXELS, *(self.colours / _COLOURS))
            self._values = np.stack(planes, dtype=np.float32, casting="same_kind")
        return self._values


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

    def __init__(self, rule: Rule, first: int = 0, *, opening: int = 0) -> None:
        """`first` is the ordinal of the first picture that is kept; so many of those are an `opening`."""
        self._rule = rule
        self.opening: list[tuple[int, Thumb]] = []  # the first ones kept, for what goes before
        self._opens = opening
        self._kept: list[tuple[int, Thumb]] = []  # the one shown last comes first
        self._next = first
        self._before: Thumb | None = None  # the latest picture seen
        self._clutter = Clutter.of(0, 0)

    def decide(self, seen: Thumb) -> tuple[int, bool]:
        """The ordinal of the kept picture that stands for `seen`, and whether that is `seen` itself."""
        if self._before is None or self._before.luma.shape != seen.luma.shape:
            self._before, self._clutter = None, Clutter.of(*seen.tiles.shape)
        found = self.place_among(self._kept, seen)
        self._learn(seen)
        if found is not None:
            self._kept.insert(0, self._kept.pop(found))
            return self._kept[0][0], False
        ordinal, self._next = self._next, self._next + 1
        self._kept.insert(0, (ordinal, seen))
        del self._kept[KEPT:]
        if len(self.opening) < self._opens:
            self.opening.append((ordinal, seen))
        return ordinal, True

    @property
    def remembered(self) -> list[tuple[int, Thumb]]:
        """The pictures that the next one is compared with, by their ordinals, the one shown last first."""
        return list(self._kept)

    def take_over(self, kept: list[tuple[int, Thumb]]) -> None:
        """Remember these, and have no opening any more."""
        self._kept, self.opening, self._opens = kept[:KEPT], [], 0

    def place_among(self, kept: list[tuple[int, Thumb]], seen: Thumb) -> int | None:
        """The place of the picture among these from which `seen` does not differ, by what was learned."""
        last = self._before
        known = last is not None and last.luma.shape == seen.luma.shape
        clutter, before = (self._clutter, last) if known else (None, None)
        for place, (_, thumb) in enumerate(kept):
            if not differs(thumb, seen, self._rule, clutter, before):
                return place
        return None

    def _learn(self, seen: Thumb) -> None:
        before, self._before = self._before, seen
        if before is None:
            self._clutter.learn(seen, None, None)
            return
        plain = _difference(before, seen)
        noise = min(_CAP * _PIXELS, 3 * at_share(plain, 0.5))
        colours = seen.colours - before.colours
        shades = np.abs(colours[0]) + np.abs(colours[1])
        changed = (plain >= max(self._rule.level * _PIXELS, noise)) | (shades >= self._rule.colour * _COLOURS)
        self._clutter.learn(seen, (plain / np.float32(_PIXELS)).astype(np.float32), changed)

    def to_bytes(self) -> bytes:
        """All that decides about the pictures to come."""
        kept = [[ordinal, *seen.luma.shape] for ordinal, seen in self._kept]
        before, learned = self._before, [self._clutter.count, self._clutter.specks]
        header = {"version": _VERSION, "next": self._next, "kept": kept, "learned": learned}
        if self._opens:
            opening = [[ordinal, *seen.luma.shape] for ordinal, seen in self.opening]
            header |= {"opening": opening, "opens": self._opens}
        seen = [thumb for _, thumb in (*self.opening, *self._kept)]
        body = b"".join(map(_flattened, seen + ([before] if before else [])))
        return _packed(header, body + self._clutter.to_bytes())

    @classmethod
    def from_bytes(cls, rule: Rule, state: bytes) -> Self:
        """The keeper that `to_bytes` described. Raises ValueError for anything else.

        One of before clutter was learned goes on with what it knows.
        """
        keeper = cls(rule)
        try:
            header, body = _unpacked(state)
            if header["version"] not in (1, _VERSION):
                raise ValueError("the state is of another version")
            keeper._next, keeper._opens = int(header["next"]), int(header.get("opens", 0))
            for ordinal, height, width in header.get("opening", ()):
                seen, body = _read_thumb(body, height, width)
                keeper.opening.append((ordinal, seen))
            for ordinal, height, width in header["kept"]:
                seen, body = _read_thumb(body, height, width)
                keeper._kept.append((ordinal, seen))
            if header["version"] == _VERSION and keeper._kept:
                keeper._read_learned(body, *header["learned"])
        except (struct.error, zlib.error, KeyError, TypeError) as error:
            raise ValueError(f"not the state of a keep rule: {error}") from None
        return keeper

    def _read_learned(self, body: memoryview, count: int, specks: float) -> None:
        """The picture seen last, which is as large as the one shown last, and the clutter."""
        height, width = self._kept[0][1].luma.shape
        self._before, body = _read_thumb(body, height, width)
        self._clutter = Clutter.from_bytes(body, self._before.tiles.shape, count, specks)


def _packed(header: dict[str, Any], body: bytes) -> bytes:
    head = json.dumps(header).encode()
    return _HEADER.pack(len(head)) + head + zlib.compress(body, 1)


def _unpacked(state: bytes) -> tuple[dict[str, Any], memoryview]:
    (length,) = _HEADER.unpack_from(state)
    header = json.loads(state[_HEADER.size : _HEADER.size + length])
    return header, memoryview(zlib.decompress(state[_HEADER.size + length :]))


def _read_thumb(body: memoryview, height: int, width: int) -> tuple[Thumb, memoryview]:
    """The first thumb in `body`, and what follows it."""
    pixels, sums = height * width, height * width // _PIXELS * 2
    flat = np.frombuffer(body, np.uint8, pixels).reshape(height, width)
    colours = np.frombuffer(body, "<i2", sums, pixels).reshape(2, height // TILE, width // TILE)
    seen = Thumb(np.cumsum(flat, axis=1, dtype=np.uint8), colours.astype(np.int32))
    return seen, body[pixels + 2 * sums :]


def _flattened(seen: Thumb) -> bytes:
    """The thumb with each pixel as its difference to the one on its left, which packs to half the size."""
    luma = np.diff(seen.luma, axis=1, prepend=np.uint8(0)).astype(np.uint8)
    return luma.tobytes() + seen.colours.astype("<i2").tobytes()


def differs(
    kept: Thumb, seen: Thumb, rule: Rule, clutter: Clutter | None = None, before: Thumb | None = None
) -> bool:
    """Whether `seen` shows something that `kept` does not, beyond the clutter that was learned.

    Pale text is news only where it is new since `before`, the picture seen last: a coder that works out
    its picture little by little makes changes as pale as that.
    """
    if kept.luma.shape != seen.luma.shape:
        return True
    plain = _difference(kept, seen)
    colours = seen.colours - kept.colours
    shades = np.abs(colours[0]) + np.abs(colours[1])
    large = kept.tiles.size >= _FINE_SCREEN
    quiet = large and clutter is not None and clutter.quiet and clutter.count >= _FINE_AFTER
    least = min(rule.faint, _FINEST) if quiet else rule.faint
    marked = (plain >= least * _PIXELS) | (shades >= rule.colour * _COLOURS)
    if np.count_nonzero(marked) < rule.tiles:
        return False  # nothing below can mark more: the common case
    ignored = clutter.ignored(kept, seen) if clutter is not None and rule.clutter else None
    if ignored is not None and np.count_nonzero(marked & ~ignored) < rule.tiles:
        return False
    if clutter is not None and quiet and before is not None:
        fine = _paler(kept, seen, clutter) & _paler(before, seen, clutter)
        if _together(fine if ignored is None else fine & ~ignored, max(_FINE_TILES, rule.tiles)):
            return True
    specks = clutter.specks if clutter is not None and rule.clutter else 0.0
    return _differs_closely(kept, seen, plain, rule, np.True_ if ignored is None else ~ignored, specks)


def _differs_closely(
    kept: Thumb, seen: Thumb, plain: Sums, rule: Rule, counting: Mask | np.bool_, specks: float
) -> bool:
    gain = _gain(kept, seen)
    if abs(math.log(gain)) > _LIGHTS:
        return True
    least = np.abs(seen.tiles - kept.tiles * gain)  # no tile differs by less than its mean does
    if _together((least >= (max(rule.level, _CAP) + 1) * _PIXELS) & counting, rule.tiles):
        return True
    if gain != 1.0:
        table = np.clip(np.arange(256) * gain + 0.5, 0, 255).astype(np.uint8)
        lit = table[kept.luma]
        plain = _tile_sums(np.maximum(lit, seen.luma) - np.minimum(lit, seen.luma))
    noise = at_share(plain, 0.5)
    rain = _OVER_SPECKS * specks * _PIXELS
    level = max(rule.level * _PIXELS, min(_CAP * _PIXELS, max(3 * noise, rain)))
    faint = max(rule.faint * _PIXELS, min(_CAP * _PIXELS, max(4 * noise, rain)))
    shades = _shades(kept, seen, gain)
    if shades is None:
        return True
    ceiling = _COLOUR_CAP * rule.colour * _COLOURS
    tinted = shades >= max(rule.colour * _COLOURS, min(ceiling, 4 * at_share(shades, 0.5)))
    if _together(((plain >= level) | tinted) & counting, rule.tiles):
        return True
    return _together(((plain >= faint) | tinted) & counting, rule.many)


def _paler(kept: Thumb, seen: Thumb, clutter: Clutter) -> Mask:
    """The tiles that changed as pale text changes them; none where a coder made the whole picture anew."""
    away = np.abs(seen.tiles - kept.tiles)
    if np.count_nonzero(away >= _FINEST / 2 * _PIXELS) > _FINE_SHARE * away.size:
        return np.zeros(away.shape, np.bool_)
    found: Mask = (away >= _FINEST * _PIXELS) & (away >= 3 * _PIXELS * clutter.grain)
    return found


def _difference(one: Thumb, other: Thumb) -> Sums:
    """How much the pixels of each tile differ, in sum."""
    return _tile_sums(np.maximum(one.luma, other.luma) - np.minimum(one.luma, other.luma))


def _gain(kept: Thumb, seen: Thumb) -> float:
    """By how much the whole picture became brighter, 1.0 when it did not as a whole."""
    before, after = kept.tiles.ravel()[::5], seen.tiles.ravel()[::5]
    lit = before > _DARK * _PIXELS
    ratios = after[lit] / before[lit]
    if not len(ratios):
        return 1.0
    gain = float(np.partition(ratios, len(ratios) // 2)[len(ratios) // 2])
    if gain <= 0 or np.mean(np.abs(ratios - gain) <= _FOLLOW * gain) <= _FOLLOWERS:
        return 1.0
    return gain if abs(gain - 1) > 1 / 512 else 1.0


def _shades(kept: Thumb, seen: Thumb, gain: float) -> npt.NDArray[np.float64] | None:
    """Each tile's change of colour beyond the whole picture's drift; None: all of it was tinted anew."""
    grey = 128 * _COLOURS
    change = (seen.colours - grey) - (kept.colours - grey) * gain
    drift = np.array([at_share(plane, 0.5) for plane in change])
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
