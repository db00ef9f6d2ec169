"""Coding the pictures of a pack as reels, in a child: the pack is its standard input."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image

from mem.errors import ReelDamaged
from mem.media import reel
from mem.media.wire import Message

_QUANTIZERS = (40, 34, 28, 23, 18)  # tried from the coarsest on; one finer than the last saves too little
_WORTH = 0.9  # of the bytes of the single pictures: a reel that takes more is none


@dataclass(frozen=True, slots=True)
class _Still:
    """A picture of the pack."""

    at_ms: int  # offset into the recording
    offset: int
    length: int
    width: int
    height: int


def code(request: dict[str, Any], fd: int = 0) -> Iterator[Message]:
    """Code the pictures of the pack behind the descriptor `fd`.

    `request`: pictures, a list of [offset_ms, offset, length, width, height] in the order of time. For each
    few of them that follow one another and are of one size comes a message with their `count`: reel, which
    is the body, or stills where one would be worth too little or not be near enough to what it is made from.
    """
    level = 0
    for group in _groups([_Still(*map(int, each)) for each in request["pictures"]]):
        level, data = _coded(fd, group, level)
        yield Message("stills" if data is None else "reel", {"count": len(group)}, data or b"")


def _groups(stills: list[_Still]) -> Iterator[list[_Still]]:
    group: list[_Still] = []
    for still in stills:
        size = still.width, still.height
        if group and (size != (group[0].width, group[0].height) or len(group) == reel.most(*size)):
            yield group
            group = []
        group.append(still)
    if group:
        yield group


def _coded(fd: int, group: list[_Still], level: int) -> tuple[int, bytes | None]:
    """The reel of a group, and the level to begin with for the next one: one coarser than what it took."""
    pictures = [_planes(fd, still) for still in group]
    if None in pictures:
        return level, None
    before = [picture for picture in pictures if picture is not None]
    most = _WORTH * sum(still.length for still in group)
    for number in range(level, len(_QUANTIZERS)):
        packets = reel.code(before, _QUANTIZERS[number])
        if sum(map(len, packets)) > most:
            break
        if _alike(before, packets):
            times = [still.at_ms for still in group]
            return max(0, number - 1), reel.bound(packets, times, before[0].width, before[0].height)[0]
    return max(0, level - 1), None


def _planes(fd: int, still: _Still) -> VideoFrame | None:
    """A picture as the coder takes it; None where it cannot be read, or is not as large as its row says."""
    data = os.pread(fd, still.length, still.offset)
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.size != (still.width, still.height):
                return None
            return reel.planes(np.asarray(image.convert("RGB"), np.uint8))
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for a picture that is damaged
        return None


def _alike(before: list[VideoFrame], packets: list[bytes]) -> bool:
    """Whether every picture comes back, near enough to what it was made from."""
    after = list(reel.decode(packets))
    if len(after) != len(before):
        raise ReelDamaged(f"Of {len(before)} pictures of a reel {len(after)} came back.")
    return all(reel.alike(one, other) for one, other in zip(before, after, strict=True))
