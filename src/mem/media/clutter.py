"""What never rests in a picture: a running clock, trees in the wind, a film in a corner.

A tile that changes from one sample to the next nearly every time is *restless*, and what it has been
showing is learned: its mean and its spread, in brightness and in both colours. As long as it goes on
like that it is no news. It is again what it was to the rule as soon as it shows something out of
that range (someone walks through), or stands still for a few samples. What looks like a line of text
- flat and wide - is never learned: subtitles change all the time, and each one counts. On a picture
without noise, which is a screen, only little of it can be restless: what moves there may be a page
that is being read.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from mem.media import touching
from mem.media.thumb import Levels
from mem.media.touching import Mask

History = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint8]

_BEGIN, _OF = 7, 8  # changes in the last samples that make a tile restless
_STAY, _AMONG = 8, 16  # changes in the last samples that keep it so
_STILL = 4  # samples without a change after which it is not
_BACK, _OF_BACK = 3, 4  # changes in the last samples that wake one which was restless before
_FORGET = 4  # changes in the last 64 samples below which it is forgotten that it was
_AGAIN = 2  # changes, however long ago, that make a tile beside a clock part of it
_LEARN = 1 / 16  # weight of a new sample
_SPREADS, _SLACK = 4.0, 8.0  # a value is usual within so many spreads, and levels, of the mean
_LARGE_SLACK = 40.0  # levels; beyond them nothing that is large is usual, however restless
_SMALL, _SMALL_ON_SCREEN = 0.005, 0.01  # share of the tiles up to which restless ones count as a clock
_MOST, _MOST_OF_SCREEN = 0.6, 0.12  # share of the tiles that may be restless
_QUIET = 0.2  # levels; half of the tiles of a screen change by less
_REACH = 12  # tiles from a clock's seconds to its hours
_GRAIN_LEARN, _GRAIN_MOST = 1 / 8, 4.0
_SPECKS = 0.95  # share of the tiles below whose change is what tells how strong rain or snow is
_LINE = 4  # a group this much wider than high,
_LINE_TILES = 6  # and this wide, is text
_EVERY = 4  # samples between two looks at the groups


class Seen(Protocol):
    """What is learned from: a thumb."""

    @property
    def values(self) -> Levels:
        """Plane x row x column: a tile's mean brightness and two colours."""


@dataclass(slots=True)
class Clutter:
    """What has been learned of a picture's tiles."""

    history: History  # row x column; a bit for each of the last 64 samples, set where the tile changed
    mean: Levels  # plane x row x column
    spread: Levels  # of the same: mean distance from `mean`
    grain: Levels  # row x column: how much the tile's pixels change while nothing happens
    restless: Mask  # row x column
    known: Mask  # those, and those that were and may be again, as behind someone who stands there
    times: Counts  # row x column: changes since the beginning, up to 255
    count: int = 0  # samples seen
    specks: float = 0.0  # levels: what the tiles that change most change by, where no clutter is
    quiet: bool = field(init=False)  # the picture is without noise, as a screen's is
    usual: Levels = field(init=False)  # plane x row x column: how far from `mean` is no news

    def __post_init__(self) -> None:
        self.quiet = self._quiet()
        self.usual = self._usual()

    @classmethod
    def of(cls, rows: int, columns: int) -> Self:
        """Nothing learned yet, of so many tiles."""
        planes = np.zeros((2, 3, rows, columns), np.float32)
        flat = np.zeros((rows, columns), np.float32)
        return cls(
            np.zeros((rows, columns), np.uint64),
            planes[0],
            planes[1],
            flat,
            flat > 0,
            flat > 0,
            flat.astype(np.uint8),
        )

    def to_bytes(self) -> bytes:
        """All that was learned, but for `count` and `specks`."""
        parts = (self.history, self.mean, self.spread, self.grain, self.restless, self.known, self.times)
        return b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, state: memoryview, shape: tuple[int, int], count: int, specks: float) -> Self:
        """What `to_bytes` gave, of `shape` rows and columns. Raises ValueError when it is too short."""
        tiles = shape[0] * shape[1]
        history = np.frombuffer(state, np.uint64, tiles).reshape(shape).copy()
        levels = np.frombuffer(state, np.float32, 7 * tiles, 8 * tiles).reshape(7, *shape).copy()
        restless, known = np.frombuffer(state, np.bool_, 2 * tiles, 36 * tiles).reshape(2, *shape).copy()
        times = np.frombuffer(state, np.uint8, tiles, 38 * tiles).reshape(shape).copy()
        return cls(history, levels[:3], levels[3:6], levels[6], restless, known, times, count, specks)

    def ignored(self, kept: Seen, seen: Seen) -> Mask | None:
        """The tiles whose change from one picture to the other is nothing new; None: there are none."""
        if not self.restless.any():
            return None
        low, high = self.mean - self.usual, self.mean + self.usual
        both: Mask = self.usual[0] > 0
        for values in (kept.values, seen.values):
            both = both & ((values >= low) & (values <= high)).all(axis=0)
        return both

    def learn(self, seen: Seen, difference: Levels | None, changed: Mask | None) -> None:
        """Go on by a sample: its difference to the one before, and where that is a change.

        None stands for both with the first one.
        """
        self.count += 1
        values = seen.values
        if difference is None or changed is None:
            self.mean = values.copy()
            return
        np.left_shift(self.history, np.uint64(1), out=self.history)
        self.history |= changed
        self.times += changed & (self.times < np.iinfo(np.uint8).max)
        learning = ~self.known | self.restless  # what was restless is remembered as it was
        weight = np.float32(max(_LEARN, 1 / self.count)) * learning
        bound = _SPREADS * self.spread + _SLACK
        away = np.minimum(np.maximum(values - self.mean, -bound), bound)
        self.mean += away * weight
        self.spread += (np.abs(away) - self.spread) * weight
        self.grain += (np.minimum(difference, _GRAIN_MOST) - self.grain) * _GRAIN_LEARN
        self.quiet = self._quiet()
        self._learn_specks(difference)
        if self.count % _EVERY == 0 or self.known.any():
            self._settle()

    def _learn_specks(self, difference: Levels) -> None:
        resting = difference if not self.restless.any() else difference[~self.restless]
        strong = at_share(resting, _SPECKS) if not self.quiet and resting.size > 100 else 0.0
        self.specks += (strong - self.specks) * max(_LEARN, 1 / self.count)

    def _settle(self) -> None:
        """Say anew which tiles are restless."""
        recent = self.history & np.uint64(2**_AMONG - 1)
        if self.count % _EVERY == 0:
            lately = np.bitwise_count(recent & np.uint64(2**_OF - 1)) >= _BEGIN
            began = lately | (self.restless & (np.bitwise_count(recent) >= _STAY))
            self.restless = _without_lines(began)
            self.known |= self.restless
            self.known &= np.bitwise_count(self.history) >= _FORGET
        self.restless &= (recent & np.uint64(2**_STILL - 1)) > 0
        self.restless |= self.known & (np.bitwise_count(recent & np.uint64(2**_OF_BACK - 1)) >= _BACK)
        most = _MOST_OF_SCREEN if self.quiet else _MOST
        if np.count_nonzero(self.restless) > most * self.restless.size:
            self.restless = np.zeros_like(self.restless)
            self.known = self.restless.copy()
        self.usual = self._usual()

    def _quiet(self) -> bool:
        return self.count > 1 and at_share(self.grain, 0.5) < _QUIET

    def _usual(self) -> Levels:
        usual: Levels = (_SPREADS * self.spread + _SLACK).astype(np.float32) * self.restless
        count = np.count_nonzero(self.restless)
        if count > (_SMALL_ON_SCREEN if self.quiet else _SMALL) * self.restless.size:
            return usual if self.quiet else np.minimum(usual, np.float32(_LARGE_SLACK))
        if count:
            usual = np.maximum(usual, _spread_out(usual) * (self.times >= _AGAIN))
        return usual


def at_share(tiles: npt.NDArray[np.floating[Any]] | npt.NDArray[np.int32], share: float) -> float:
    """The value below which a share of the tiles lies, from every fifth: as good, and quicker."""
    some = tiles.ravel()[::5]
    return float(np.sort(some)[int(share * len(some))])  # np.partition is slow where many are the same


def _spread_out(levels: Levels) -> Levels:
    """The largest value near each, as far as a clock's digits reach."""
    columns = levels.shape[2]
    framed = np.pad(levels, ((0, 0), (1, 1), (_REACH, _REACH)))
    tall = np.maximum(np.maximum(framed[:, :-2], framed[:, 1:-1]), framed[:, 2:])
    wide = np.maximum(tall[:, :, 1:], tall[:, :, :-1])  # of two, then four and so on
    for reach in (2, 4, 8):
        wide = np.maximum(wide[:, :, reach:], wide[:, :, :-reach])
    whole: Levels = np.maximum(wide[:, :, :columns], wide[:, :, -columns:])
    return whole


def _without_lines(marked: Mask) -> Mask:
    """The same without groups that are as flat and wide as text."""
    kept = marked.copy()
    for group in touching.groups(marked):
        high = group[-1][0] - group[0][0] + 1
        wide = max(end for _, _, end in group) - min(start for _, start, _ in group)
        if wide >= _LINE_TILES and wide >= _LINE * high:
            for row, start, end in group:
                kept[row, start:end] = False
    return kept
