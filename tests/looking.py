"""Looking at recordings in this process: what the decoding child does, without the child."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from mem.capture import see
from mem.media import container, sample
from mem.media.offsets import Faults
from mem.media.sample import Pace, Sample
from mem.media.wire import Message

REQUEST: dict[str, Any] = {
    "every_ms": 1000,
    "tolerance_ms": 0,
    "sensitivity": "normal",
    "format": "webp",
    "quality": 75,
    "max_width": None,
    "stretch_ms": 300_000,
    "resume": None,
}


@contextlib.contextmanager
def descriptor(path: Path) -> Iterator[int]:
    """The file opened for reading."""
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and the video stream that is looked at."""
    with descriptor(path) as fd, container.open_container(fd) as found:
        stream = container.find_video(found)
        assert stream is not None
        yield found, stream


def samples(
    path: Path, every_ms: int, tolerance_ms: int = 0, faults: Faults | None = None, **more: Any
) -> list[Sample]:
    """All samples of a file."""
    with opened(path) as (found, stream):
        steps = sample.samples(found, stream, Pace(every_ms, tolerance_ms), faults=faults or Faults(), **more)
        return [step for step in steps if isinstance(step, Sample)]


@dataclass
class Seen:
    """What one run of `see` said."""

    messages: list[Message] = field(default_factory=list)

    def of(self, kind: str) -> list[Message]:
        """The messages of one kind."""
        return [message for message in self.messages if message.kind == kind]

    @property
    def spans(self) -> list[tuple[int, int, int, int]]:
        """All spans: ordinal, start, end, samples; one that goes on over a stretch's end is one span."""
        spans: list[tuple[int, int, int, int]] = []
        for stretch in self.of("stretch"):
            for number, (ordinal, start, end, count) in enumerate(stretch.fields["spans"]):
                if number == 0 and spans and spans[-1][0] == ordinal:
                    _, start, _, before = spans.pop()
                    count += before
                spans.append((ordinal, start, end, count))
        return spans

    @property
    def offsets(self) -> list[int]:
        """When the kept frames were seen, in ms."""
        return [frame.fields["offset_ms"] for frame in self.of("frame")]

    @property
    def end(self) -> dict[str, Any]:
        """The facts of the end."""
        return self.messages[-1].fields

    @property
    def warnings(self) -> list[str]:
        """All warnings."""
        return [text for m in self.messages for text in m.fields.get("warnings", [])]


def look(path: Path, state: bytes = b"", **request: Any) -> Seen:
    """Run `see` over a file; `request` overrides REQUEST."""
    with descriptor(path) as fd:
        messages = see.see({**REQUEST, **request}, state, fd)
        return Seen([message for message in messages if message.kind != "progress"])


def colour(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a place given in shares of width and height."""
    red, green, blue = image.convert("RGB").getpixel((int(x * image.width), int(y * image.height)))
    return red, green, blue


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 8) -> bool:
    """Whether two colours are about the same."""
    return all(abs(int(a) - int(b)) <= by for a, b in zip(one, other, strict=True))
