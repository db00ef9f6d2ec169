"""Reading the text off kept frames, inside a process that is confined as a decoder is.

Only what changed since the frame before is read; the other lines are carried over. Where nothing shows
text for a while, frames that come fast are passed over until one shows some. What is read off a frame
depends on it, the frame before and how many looks found nothing, so a run that goes on from any frame
gives what an undisturbed one gives.
"""

import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from mem.media import sandbox
from mem.media.wire import Message
from mem.ocr import Engine, Line, Picture, changes, letters, moved
from mem.ocr.carrying import Carried
from mem.ocr.changes import Band
from mem.ocr.rapid import Rapid
from mem.ocr.tesseract import Tesseract
from mem.types import Box

MAX_TEXT = 2_000  # characters of one line
MAX_LINES = 2_000  # of one frame
LONGEST_REST_MS = 60_000  # between two looks, of a source that shows no text
MOST_PASSED = 16  # frames between two looks
PATIENCE = 12  # looks without text before frames are passed over
_SPARSE = (
    0.1  # of a picture's cells that show anything; a few lines on a large screen, too small to glance at
)
_MOSTLY = 0.6  # changed rows of a picture from which on it is read whole
_TELL_SECONDS = 2.0
# In pages of 12 to 20 px no line of three letters had less than 0.95, whole words of two 0.9; in noise a
# single "1" was read with 0.72 to 0.87.
_SURE, _SURE_LETTERS = 0.8, 3  # a line that shows that there is text
_ALONE = 0.9  # for a letter that stands alone to be kept


@dataclass(frozen=True, slots=True)
class Step:
    """A frame to read, and the one that stood before it."""

    frame: int
    before: int | None
    offset_ms: int  # when it came up


@dataclass(slots=True)
class Quiet:
    """How long nothing was found that is text for sure."""

    looks: int = 0
    looked_ms: int = 0  # when it was last looked


def read(
    request: dict[str, Any], _: bytes, *, descriptor: int = 0, engine: Engine | None = None
) -> Iterator[Message]:
    """Read the frames whose images lie in the file behind `descriptor`.

    `request`: engine, program, threads; images: [frame, offset, length]; steps: [frame, before, offset_ms];
    known: [frame, lines] for those read earlier; quiet: [looks, looked_ms]; last: whether no frame follows.
    Yields `frame` for each step in order (those passed over at the end only when `last`; `settled` says
    where a later run may begin) and `progress`.
    """
    reading = _Reading(
        engine=engine or _engine(request),
        descriptor=descriptor,
        images={int(frame): (int(offset), int(length)) for frame, offset, length in request["images"]},
        lines={int(frame): [from_wire(line) for line in lines] for frame, lines in request["known"]},
        quiet=Quiet(*map(int, request["quiet"])),
    )
    steps = [Step(*step) for step in request["steps"]]
    for step in steps:
        yield from reading.take(step, final=bool(request["last"]) and step is steps[-1])


def to_wire(line: Line) -> list[Any]:
    """A line as a message holds it."""
    box = line.box
    return [line.text, line.confidence, box.x, box.y, box.width, box.height]


def from_wire(values: Sequence[Any]) -> Line:
    """The line again. Raises ValueError or TypeError for what is none."""
    text, confidence, x, y, width, height = values
    return Line(str(text), float(confidence), Box(int(x), int(y), int(width), int(height)))


def _engine(request: Mapping[str, Any]) -> Engine:
    if request["engine"] == "rapidocr":
        return Rapid(int(request["threads"]))
    return Tesseract(str(request["program"]), sandbox.program)


@dataclass(slots=True)
class _Reading:
    """One run over frames that follow one another."""

    engine: Engine
    descriptor: int
    images: Mapping[int, tuple[int, int]]  # frame -> offset and length in the file
    lines: dict[int, Sequence[Line]]  # what stands on each frame, as far as it is known
    quiet: Quiet
    decoded: dict[int, Picture] = field(default_factory=dict)  # two at most
    faulty: set[int] = field(default_factory=set)  # frames whose picture cannot be decoded
    passed: list[Step] = field(default_factory=list)  # frames that nobody looked at yet
    told: float = field(default_factory=time.monotonic)

    def take(self, step: Step, *, final: bool) -> Iterator[Message]:
        """What can be said once this frame has come."""
        resting = self.quiet.looks >= PATIENCE and step.offset_ms - self.quiet.looked_ms < LONGEST_REST_MS
        if resting and not final and len(self.passed) < MOST_PASSED:
            self.passed.append(step)
            yield from self._sign_of_life(step)
            return
        group, self.passed = [*self.passed, step], []
        if len(group) > 1 and not self._shows_text(step):
            for one in group:
                self.lines[one.frame] = ()
            self.quiet = Quiet(self.quiet.looks + 1, step.offset_ms)
        else:
            for one in group:
                self._look(one)
                yield from self._sign_of_life(one)
        for one in group:
            yield self._message(one, settled=one is step)

    def _message(self, step: Step, *, settled: bool) -> Message:
        fields = {
            "frame": step.frame,
            "lines": [to_wire(line) for line in self.lines[step.frame]],
            "quiet": [self.quiet.looks, self.quiet.looked_ms],
            "fault": step.frame in self.faulty,
            "settled": settled,
        }
        return Message("frame", fields)

    def _sign_of_life(self, step: Step) -> Iterator[Message]:
        if time.monotonic() - self.told > _TELL_SECONDS:
            self.told = time.monotonic()
            yield Message("progress", {"frame": step.frame})

    def _shows_text(self, step: Step) -> bool:
        """Whether a frame shows text for sure, whatever stood before it."""
        now = self._picture(step.frame)
        return now is not None and _sure(self._whole(now))

    def _look(self, step: Step) -> None:
        """Read one frame."""
        now = self._picture(step.frame)
        before = None if step.before is None else self._picture(step.before)
        found: Sequence[Line] = ()
        if now is not None:
            same_size = before is not None and before.shape == now.shape
            earlier = self.lines.get(step.before, ()) if step.before is not None else ()
            found = (
                self._changed(now, before, earlier) if before is not None and same_size else self._whole(now)
            )
            self.decoded = {step.frame: now}
        self.lines[step.frame] = found
        self.quiet = Quiet(0 if _sure(found) else self.quiet.looks + 1, step.offset_ms)

    def _whole(self, now: Picture) -> Sequence[Line]:
        """The lines of a picture of which nothing is known."""
        if self.engine.likely(now):
            return _cleaned(self.engine.read(now, lambda _: True))
        drawn = changes.drawn(now)
        if not 0 < np.mean(drawn) <= _SPARSE:
            return ()
        carried = Carried.of(drawn, ())
        return self._parts(now, carried, _bands(now, carried))

    def _changed(self, now: Picture, before: Picture, earlier: Sequence[Line]) -> Sequence[Line]:
        """The lines of a picture, given one of the same size and its lines."""
        cells = changes.changed(before, now)
        if not cells.any():
            return earlier
        carried = Carried.of(cells, earlier)
        bands = _bands(now, carried)
        if not earlier and bands == [Band(0, now.shape[0])]:
            return self._whole(now)
        return self._parts(now, carried, bands)

    def _parts(self, now: Picture, carried: Carried, bands: Sequence[Band]) -> Sequence[Line]:
        """The lines of a picture of which these bands are read."""

        def wanted(band: Band, part: Box) -> bool:
            return carried.wanted(moved(part, band.top), band)

        new: list[Line] = []
        for band in bands:
            part = self.engine.read(now[band.top : band.bottom], partial(wanted, band))
            new += [replace(line, box=moved(line.box, band.top)) for line in part]
        return _cleaned(carried.joined(new))

    def _picture(self, frame: int) -> Picture | None:
        """The picture of a frame; None when it cannot be decoded."""
        if frame not in self.decoded:
            offset, length = self.images[frame]
            try:
                with Image.open(io.BytesIO(os.pread(self.descriptor, length, offset))) as image:
                    self.decoded[frame] = np.asarray(image.convert("RGB"))
            except (OSError, ValueError, SyntaxError):  # what Pillow raises for a picture that is none
                self.faulty.add(frame)
                return None
        return self.decoded[frame]


def _bands(now: Picture, carried: Carried) -> list[Band]:
    """What of a picture is read: one band where most of it changed."""
    found = changes.bands(now, carried.cells, [line.box for line in carried.touched])
    whole = [Band(0, now.shape[0])]
    return whole if sum(band.bottom - band.top for band in found) > _MOSTLY * now.shape[0] else found


def _cleaned(lines: Sequence[Line]) -> list[Line]:
    """Lines that say something, from the top, with single spaces."""
    clean = [replace(line, text=" ".join(line.text.split())[:MAX_TEXT]) for line in lines]
    said = [line for line in clean if letters(line.text) > (line.confidence < _ALONE)]
    return sorted(said, key=lambda line: (line.box.y, line.box.x, line.text))[:MAX_LINES]


def _sure(lines: Sequence[Line]) -> bool:
    """Whether one of the lines is text and no noise that was taken for it."""
    return any(line.confidence >= _SURE and letters(line.text) >= _SURE_LETTERS for line in lines)
