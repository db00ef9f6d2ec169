"""Does a picture show something that another one does not? What counts as news.

Two thumbs are compared tile by tile. A brighter or darker light over the whole picture is taken out first.
A tile has changed when the mean difference of its pixels passes a threshold that rises with the picture's
noise, but never beyond a cap: else a wholly new picture would raise its own bar. The colours of a
tile count by themselves, so that a lamp that turns from green to red is news. The picture is new
when enough changed tiles lie together - noise is scattered, what people care about is not - or when
more of them together changed less, as a line of pale text makes them. What never rests is no news as
long as it goes on as it did; see `mem.media.clutter`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mem.media import touching
from mem.media.clutter import Clutter, at_share
from mem.media.thumb import COLOURS, PIXELS, Sums, Thumb, difference, tile_sums
from mem.media.touching import Mask

Sensitivity = Literal["low", "normal", "high"]

CAP = 10  # grey levels that the threshold never passes on account of noise
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


def first_like(
    kept: Sequence[Thumb],
    seen: Thumb,
    rule: Rule,
    clutter: Clutter | None = None,
    before: Thumb | None = None,
) -> int | None:
    """The place of the first of these from which `seen` does not differ; the rest is as for `differs`.

    Mostly that is the one shown last, so the others come after it. Those that are another picture altogether
    are left out all at once, by their tiles' sums alone.
    """
    for begin, some in ((0, kept[:1]), (1, kept[1:])):
        others = _plainly_others(some, seen, rule, clutter)
        for place, (one, other) in enumerate(zip(some, others, strict=True), begin):
            if not other and not differs(one, seen, rule, clutter, before):
                return place
    return None


def _plainly_others(
    kept: Sequence[Thumb], seen: Thumb, rule: Rule, clutter: Clutter | None
) -> Sequence[bool]:
    """Which of these `differs` is bound to find different, by means of tiles that nothing could excuse."""
    if not kept or any(one.luma.shape != seen.luma.shape for one in kept):
        return [False] * len(kept)
    tiles = np.stack([one.tiles for one in kept])
    far = np.abs(tiles - seen.tiles) >= max(_beyond_noise(rule), rule.faint) * PIXELS
    if clutter is not None and rule.clutter:
        far &= clutter.usual[0] <= 0
    plainly = touching.plainly(far, rule.tiles)
    if plainly.any():  # unless the light of the whole picture is to be taken out first
        gains = _gains(tiles[plainly], seen.tiles)
        plainly[plainly] = (gains == 1.0) | (np.abs(np.log(gains)) > _LIGHTS)
    found: list[bool] = plainly.tolist()
    return found


def _beyond_noise(rule: Rule) -> float:
    """Levels by which a tile's mean changes only where something else is there."""
    return max(rule.level, CAP) + 1


def differs(
    kept: Thumb, seen: Thumb, rule: Rule, clutter: Clutter | None = None, before: Thumb | None = None
) -> bool:
    """Whether `seen` shows something that `kept` does not, beyond the clutter that was learned.

    Pale text is news only where it is new since `before`, the picture seen last: a coder that works out
    its picture little by little makes changes as pale as that.
    """
    if kept.luma.shape != seen.luma.shape:
        return True
    plain = difference(kept, seen)
    colours = seen.colours - kept.colours
    shades = np.abs(colours[0]) + np.abs(colours[1])
    large = kept.tiles.size >= _FINE_SCREEN
    quiet = large and clutter is not None and clutter.quiet and clutter.count >= _FINE_AFTER
    least = min(rule.faint, _FINEST) if quiet else rule.faint
    marked = (plain >= least * PIXELS) | (shades >= rule.colour * COLOURS)
    if np.count_nonzero(marked) < rule.tiles:
        return False  # nothing below can mark more: the common case
    ignored = clutter.ignored(kept, seen) if clutter is not None and rule.clutter else None
    if ignored is not None and np.count_nonzero(marked & ~ignored) < rule.tiles:
        return False
    if clutter is not None and quiet and before is not None:
        fine = _paler(kept, seen, clutter) & _paler(before, seen, clutter)
        if touching.together(fine if ignored is None else fine & ~ignored, max(_FINE_TILES, rule.tiles)):
            return True
    specks = clutter.specks if clutter is not None and rule.clutter else 0.0
    return _differs_closely(kept, seen, plain, rule, np.True_ if ignored is None else ~ignored, specks)


def _differs_closely(
    kept: Thumb, seen: Thumb, plain: Sums, rule: Rule, counting: Mask | np.bool_, specks: float
) -> bool:
    gain = float(_gains(kept.tiles[None], seen.tiles)[0])
    if abs(math.log(gain)) > _LIGHTS:
        return True
    least = np.abs(seen.tiles - kept.tiles * gain)  # no tile differs by less than its mean does
    if touching.together((least >= _beyond_noise(rule) * PIXELS) & counting, rule.tiles):
        return True
    if gain != 1.0:
        table = np.clip(np.arange(256) * gain + 0.5, 0, 255).astype(np.uint8)
        lit = table[kept.luma]
        plain = tile_sums(np.maximum(lit, seen.luma) - np.minimum(lit, seen.luma))
    noise = at_share(plain, 0.5)
    rain = _OVER_SPECKS * specks * PIXELS
    level = max(rule.level * PIXELS, min(CAP * PIXELS, max(3 * noise, rain)))
    faint = max(rule.faint * PIXELS, min(CAP * PIXELS, max(4 * noise, rain)))
    shades = _shades(kept, seen, gain)
    if shades is None:
        return True
    ceiling = _COLOUR_CAP * rule.colour * COLOURS
    tinted = shades >= max(rule.colour * COLOURS, min(ceiling, 4 * at_share(shades, 0.5)))
    if touching.together(((plain >= level) | tinted) & counting, rule.tiles):
        return True
    return touching.together(((plain >= faint) | tinted) & counting, rule.many)


def _paler(kept: Thumb, seen: Thumb, clutter: Clutter) -> Mask:
    """The tiles that changed as pale text changes them; none where a coder made the whole picture anew."""
    away = np.abs(seen.tiles - kept.tiles)
    if np.count_nonzero(away >= _FINEST / 2 * PIXELS) > _FINE_SHARE * away.size:
        return np.zeros(away.shape, np.bool_)
    found: Mask = (away >= _FINEST * PIXELS) & (away >= 3 * PIXELS * clutter.grain)
    return found


def _gains(kept: Sums, seen: Sums) -> npt.NDArray[np.float64]:
    """By how much the whole picture became brighter than each of the kept ones; 1.0 where not as a whole.

    Both are sums of tiles, `kept` those of several pictures.
    """
    before, after = kept.reshape(len(kept), -1)[:, ::5], seen.ravel()[::5]
    lit = before > _DARK * PIXELS
    ratios = after / np.maximum(before, 1)
    ratios[~lit] = np.inf
    count = np.maximum(1, lit.sum(axis=1))
    ordered = np.sort(ratios, axis=1)  # np.partition is slow where many are the same
    gains: npt.NDArray[np.float64] = ordered[np.arange(len(kept)), count // 2]
    gains[~np.isfinite(gains) | (gains <= 0)] = 1.0
    following = np.abs(ratios - gains[:, None]) <= _FOLLOW * gains[:, None]
    gains[(following.sum(axis=1) / count <= _FOLLOWERS) | (np.abs(gains - 1) <= 1 / 512)] = 1.0
    return gains


def _shades(kept: Thumb, seen: Thumb, gain: float) -> npt.NDArray[np.float64] | None:
    """Each tile's change of colour beyond the whole picture's drift; None: all of it was tinted anew."""
    grey = 128 * COLOURS
    change = (seen.colours - grey) - (kept.colours - grey) * gain
    drift = np.array([at_share(plane, 0.5) for plane in change])
    if np.abs(drift).max() > _TINT * COLOURS:
        return None
    change -= drift[:, None, None]
    shades: npt.NDArray[np.float64] = np.abs(change[0]) + np.abs(change[1])
    return shades
