"""Listening to one recording, inside the process that decodes it.

Pieces of about a minute, each ending in a lull, go through the detector, and what is speech through the
model, which is loaded when the first speech is found. What is said depends on nothing but the recording,
the last committed stretch and the language, so a run that goes on from there says word for word what an
undisturbed one says. Stereo sound whose sides carry different voices is listened to side by side from the
piece on that shows it.
"""

import json
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer

from mem.capture.ear import Ear, Loaded, Request
from mem.media import audio
from mem.media.audio import Piece
from mem.media.container import open_container
from mem.media.wire import Message
from mem.speech import channels, native, sentences, vad, windows
from mem.speech.sentences import Sentence
from mem.speech.vad import Region
from mem.types import Channel

_LONGEST_CHAPTER = 300 * audio.RATE
_ENOUGH = 270 * audio.RATE  # speech that fills ten looks of the model


def hear(
    fields: dict[str, Any], state: bytes, *, descriptor: int = 0, loaded: Loaded | None = None
) -> Iterator[Message]:
    """Listen to the recording behind `descriptor`: messages `segment`, `stretch`, `progress`, `cost`, `end`.

    `state` is the body of the last committed `stretch`, empty at the beginning. For a speech server there
    are messages `window` instead of `segment`: sound in 16 bits, and where it comes from.
    """
    request = Request.parse(fields)
    resumed = json.loads(state) if state and fields["resume"] else {}
    ear = Ear(request, resumed, loaded or Loaded())
    try:
        with open_container(descriptor) as container:
            yield from _Listening(request, ear).listen(container)
    finally:
        native.give_back()  # the process may rest now, or go on to the next recording


class _Listening:
    """Where the listening is: the chapters that are gathered, and what is committed."""

    def __init__(self, request: Request, ear: Ear) -> None:
        self._request, self._ear = request, ear
        self._chapters: dict[Channel | None, Chapter] = {}
        self._index, self._committed = request.stretch, request.until_ms
        self._speech_ms = 0  # since the last stretch
        self._begun = time.process_time()

    def listen(self, container: InputContainer) -> Iterator[Message]:
        """All of the recording that is not committed."""
        faults = audio.Faults()
        until_ms = 0
        for piece in _pieces(container, audio.find(container), faults, self._request):
            until_ms = piece.end // audio.PER_MS
            if until_ms > self._committed:
                yield from self._take(piece)
                crossed = until_ms // self._request.stretch_ms > self._committed // self._request.stretch_ms
                if crossed or any(chapter.full for chapter in self._chapters.values()):
                    yield from self._told()
                if crossed:
                    yield self._stretch(until_ms)
            yield Message("progress", {"offset_ms": until_ms})
        if until_ms > self._committed:
            yield from self._told()
            yield self._stretch(until_ms)
        yield self._cost()
        yield Message(
            "end",
            {
                "duration_ms": until_ms,
                "speech_ms": self._ear.speech_ms,
                "partial": faults.partial,
                "warnings": [*self._ear.warnings, *faults.warnings()],
            },
        )

    def _cost(self) -> Message:
        """What the listening took; the memory is the most that the process had so far."""
        cpu_ms = round(1000 * (time.process_time() - self._begun))
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Message("cost", {"cpu_ms": cpu_ms, "peak_bytes": peak})

    def _take(self, piece: Piece) -> Iterator[Message]:
        """Find the speech in a piece and put both into the chapter, or into that of each side."""
        split = self._ear.split or (piece.sound.ndim == 2 and channels.differ(piece.sound))
        if split != self._ear.split or not all(each.goes_on(piece) for each in self._chapters.values()):
            yield from self._told()
        self._ear.split = split
        alone: dict[Channel | None, audio.Samples] = {None: piece.samples}
        sides = _sides(piece) if split else alone
        found = {channel: vad.regions(samples) for channel, samples in sides.items()}
        if split:
            left, right = sides["left"], sides["right"]
            found = {
                "left": channels.own(found["left"], left, right),
                "right": channels.own(found["right"], right, left),
            }
        for channel, samples in sides.items():
            chapter = self._chapters.setdefault(channel, Chapter())
            chapter.add(Piece(piece.start, samples), found[channel])
        self._speech_ms += _covered(found.values()) // audio.PER_MS

    def _told(self) -> Iterator[Message]:
        """What is said in the chapters, in order of time, with a sign of life for each window."""
        said: list[tuple[Sentence, Channel | None]] = []
        for channel, chapter in self._chapters.items():
            if self._request.remote:
                yield from _sent(chapter, channel)
                continue
            for step in self._ear.listen(chapter.samples, chapter.speech, chapter.start):
                said += ((sentence, channel) for sentence in step)
                yield Message("progress", {"offset_ms": chapter.end // audio.PER_MS})
        self._chapters = {}
        for sentence, channel in sorted(said, key=lambda each: each[0].start_ms):
            yield Message("segment", sentences.fields_of(sentence, channel))

    def _stretch(self, until_ms: int) -> Message:
        ear, index = self._ear, self._index
        ear.speech_ms += self._speech_ms
        fields = {
            "index": index,
            "until_ms": until_ms,
            "speech_ms": self._speech_ms,
            "language": ear.language,
            "warnings": list(ear.warnings),
        }
        self._index, self._committed, self._speech_ms = index + 1, until_ms, 0
        return Message("stretch", fields, json.dumps(ear.state()).encode())


def _pieces(
    container: InputContainer, stream: AudioStream | None, faults: audio.Faults, request: Request
) -> Iterator[Piece]:
    if stream is None:
        return
    parts = audio.sound(container, stream, faults, request.gaps)
    yield from audio.pieces(parts if request.only is None else audio.within(parts, *request.only))


def _sides(piece: Piece) -> dict[Channel | None, audio.Samples]:
    sound = np.broadcast_to(np.atleast_2d(piece.sound), (2, piece.length))
    return {channel: np.ascontiguousarray(sound[row]) for row, channel in enumerate(get_args(Channel))}


def _covered(found: Iterable[list[Region]]) -> int:
    """Samples in which anybody speaks."""
    covered, reached = 0, 0
    for at in sorted((each for side in found for each in side), key=lambda each: each.start):
        covered += max(0, at.end - max(at.start, reached))
        reached = max(reached, at.end)
    return covered


def _sent(chapter: "Chapter", channel: Channel | None) -> Iterator[Message]:
    """The windows of a chapter, for a server to listen to."""
    if not chapter.speech:
        return
    samples = chapter.samples
    for window in windows.pack(chapter.speech, len(samples)):
        fields = {
            "start": chapter.start,
            "channel": channel,
            "spans": [[span.start, span.end] for span in window.spans],
            "speech": [[at.start, at.end] for at in window.speech],
        }
        sound = np.clip(window.cut(samples) * 32767, -32768, 32767).astype("<i2")
        yield Message("window", fields, sound.tobytes())


class Chapter:
    """Neighbouring pieces that are listened to at once, until there is much speech in them.

    The model looks at 30 s however little is said in them, and several looks at once cost less.
    """

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self.speech: list[Region] = []  # in samples since `start`
        self.start = 0  # in samples since the start of the recording

    @property
    def samples(self) -> audio.Samples:
        """Its sound."""
        return np.concatenate([piece.samples for piece in self._pieces])

    @property
    def end(self) -> int:
        """Where it ends, in samples since the start of the recording."""
        return self._pieces[-1].end if self._pieces else self.start

    @property
    def full(self) -> bool:
        """Whether there is enough to listen to, or as much as should be held."""
        return (
            self.end - self.start >= _LONGEST_CHAPTER
            or sum(region.end - region.start for region in self.speech) >= _ENOUGH
        )

    def goes_on(self, piece: Piece) -> bool:
        """Whether `piece` follows without a gap."""
        return not self._pieces or self.end == piece.start

    def add(self, piece: Piece, speech: Sequence[Region]) -> None:
        """Take in a piece and the speech found in it; silence at the beginning is not kept."""
        if not self.speech:
            self._pieces, self.start = [], piece.start
        shift = piece.start - self.start
        self.speech += [Region(region.start + shift, region.end + shift) for region in speech]
        self._pieces.append(piece)
