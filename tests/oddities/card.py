"""The test card, the tone, and the short recording of both that most odd files are made from."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests import videos
from tests.videos import Picture, Shape, Sound

Maker = Callable[[Path], object]
MAKERS: dict[str, Maker] = {}

WIDTH, HEIGHT = 160, 120
CORNERS = {  # which no turn or mirroring leaves as they are: top left, top right, bottom left, bottom right
    (0.15, 0.15): (200, 40, 40),
    (0.85, 0.15): (40, 160, 60),
    (0.15, 0.85): (40, 60, 190),
    (0.85, 0.85): (210, 190, 50),
}
PATCHES = ((20, 20, 20), (235, 235, 235), (140, 20, 140))  # in the middle, in turn
CHANGES_MS = (0, 1000, 2000)
SECONDS = 3
BURST_MS = 1500


def oddity(*names: str) -> Callable[[Maker], Maker]:
    """Put a maker into the list: under several names if it goes by the name of what it writes."""

    def put(maker: Maker) -> Maker:
        for name in names:
            assert name not in MAKERS
            MAKERS[name] = maker
        return maker

    return put


def card(number: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """The test card with the patch of this number."""
    picture = videos.flat((0, 0, 0), width, height)
    for (x, y), colour in CORNERS.items():
        rows = slice(0, height // 2) if y < 0.5 else slice(height // 2, height)
        columns = slice(0, width // 2) if x < 0.5 else slice(width // 2, width)
        picture[rows, columns] = colour
    picture[height // 4 : height - height // 4, width // 4 : width - width // 4] = PATCHES[number % 3]
    return picture


def cards(width: int = WIDTH, height: int = HEIGHT, fps: int = 10) -> Iterator[videos.Timed]:
    """Three seconds of the card."""
    changes = [(start, card(number, width, height)) for number, start in enumerate(CHANGES_MS)]
    return videos.at_rate(changes, SECONDS, fps)


def burst(at_ms: int = BURST_MS, seconds: float = SECONDS, rate: int = 16_000) -> Sound:
    """Silence with a tone of 100 ms in it."""
    sound = np.zeros(round(seconds * rate), np.float32)
    start = at_ms * rate // 1000
    sound[start : start + rate // 10] = 2.5 * videos.tone(0.1, rate, 1000)
    return sound


def recording(path: Path, shape: Shape | None = None) -> Path:
    """The card and the tone."""
    return videos.write(path, cards(), shape, sound=burst())


class Frozen(dict[str, str]):
    """Options that can be part of a key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


@cache
def _recorded(folder: Path, suffix: str, shape_key: tuple[tuple[str, object], ...]) -> bytes:
    path = folder / f".plain{suffix}"
    content = recording(path, Shape(**dict(shape_key))).read_bytes()  # type: ignore[arg-type]
    path.unlink()
    return content


def plain(beside: Path, suffix: str, **shape: object) -> bytearray:
    """The bytes of the card and the tone in a container; made once, beside the file that needs them."""
    return bytearray(_recorded(beside.parent, suffix, tuple(shape.items())))


def remux(
    source: Path,
    target: Path,
    moved: Callable[[str, float], float],
    options: dict[str, str] | None = None,
) -> None:
    """Copy packets into another file; `moved` says by how many seconds, from kind of stream and time."""
    with av.open(str(source)) as opened, av.open(str(target), "w", options=options or {}) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in opened.streams}
        for packet in opened.demux():
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            kind = packet.stream.type
            shift = round(moved(kind, float(packet.dts * packet.time_base)) / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            out.mux(packet)


def box(name: bytes, *parts: bytes) -> bytes:
    """An MP4 box."""
    content = b"".join(parts)
    return (len(content) + 8).to_bytes(4, "big") + name + content


def noise(seed: int, size: int) -> NDArray[np.uint8]:
    """Random bytes."""
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
