"""Which pictures are kept: those that show something new. The rule that decides what is remembered.

A picture is compared as a small *thumb* with the few pictures kept last, so that going back to a
window makes no second frame of it; `mem.media.news` has what counts as new.
"""

import json
import struct
import zlib
from typing import Any, Self

import numpy as np

from mem.media import news
from mem.media.clutter import Clutter, at_share
from mem.media.news import CAP, Rule
from mem.media.thumb import COLOURS, PIXELS, TILE, Thumb, difference

KEPT = 8  # pictures that a new one is compared with
_VERSION = 2  # 1 knew nothing of clutter
_HEADER = struct.Struct(">I")


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
        return news.first_like([thumb for _, thumb in kept], seen, self._rule, clutter, before)

    def _learn(self, seen: Thumb) -> None:
        before, self._before = self._before, seen
        if before is None:
            self._clutter.learn(seen, None, None)
            return
        plain = difference(before, seen)
        noise = min(CAP * PIXELS, 3 * at_share(plain, 0.5))
        colours = seen.colours - before.colours
        shades = np.abs(colours[0]) + np.abs(colours[1])
        changed = (plain >= max(self._rule.level * PIXELS, noise)) | (shades >= self._rule.colour * COLOURS)
        self._clutter.learn(seen, plain.astype(np.float32) / np.float32(PIXELS), changed)

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
    pixels, sums = height * width, height * width // PIXELS * 2
    flat = np.frombuffer(body, np.uint8, pixels).reshape(height, width)
    colours = np.frombuffer(body, "<i2", sums, pixels).reshape(2, height // TILE, width // TILE)
    seen = Thumb(np.cumsum(flat, axis=1, dtype=np.uint8), colours.astype(np.int32))
    return seen, body[pixels + 2 * sums :]


def _flattened(seen: Thumb) -> bytes:
    """The thumb with each pixel as its difference to the one on its left, which packs to half the size."""
    luma = np.diff(seen.luma, axis=1, prepend=np.uint8(0)).astype(np.uint8)
    return luma.tobytes() + seen.colours.astype("<i2").tobytes()
