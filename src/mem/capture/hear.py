"""Listening to one recording, inside the process that decodes it.

Pieces of about a minute, each ending in a lull, go through the detector, and what is speech through the
model, which is loaded when the first speech is found. What is said depends on nothing but the recording,
the last committed stretch and the language, so a run that goes on from there says word for word what an
undisturbed one says.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer

from mem.media import audio
from mem.media.audio import Piece
from mem.media.container import open_container
from mem.media.wire import Message
from mem.speech import models, vad
from mem.speech.sentences import Sentence
from mem.speech.vad import Region
from mem.speech.whisper import Recogniser

_ENOUGH = 50 * audio.RATE  # speech that fills two looks of the model
_LONGEST_CHAPTER = 300 * audio.RATE


@dataclass(frozen=True, slots=True)
class Request:
    """What to listen with, and from where on."""

    model_path: Path
    model_name: str
    device: str  # auto, cpu or cuda
    compute_type: str
    threads: int
    language: str | None  # None: the one that is heard first
    stretch_ms: int
    until_ms: int = 0  # everything before is committed
    stretch: int = 0  # number of the next stretch

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> "Request":
        """The request from a message's fields."""
        at = fields["resume"] or {}
        return cls(
            model_path=Path(fields["model_path"]),
            model_name=str(fields["model_name"]),
            device=str(fields["device"]),
            compute_type=str(fields["compute_type"]),
            threads=int(fields["threads"]),
            language=fields["language"],
            stretch_ms=int(fields["stretch_ms"]),
            until_ms=int(at.get("until_ms", 0)),
            stretch=int(at.get("stretch", 0)),
        )


def hear(fields: dict[str, Any], state: bytes, *, descriptor: int = 0) -> Iterator[Message]:
    """Listen to the recording behind `descriptor`: messages `segment`, `stretch`, `progress`, `end`.

    `state` is the body of the last committed `stretch`, empty at the beginning.
    """
    request = Request.parse(fields)
    ear = _Ear(request, json.loads(state) if state and fields["resume"] else {})
    with open_container(descriptor) as container:
        yield from _listen(container, request, ear)


def _listen(container: InputContainer, request: Request, ear: "_Ear") -> Iterator[Message]:
    stream = audio.find(container)
    faults = audio.Faults()
    index, committed, until_ms, speech_ms = request.stretch, request.until_ms, 0, 0
    chapter = Chapter()
    for piece in audio.pieces(audio.sound(container, stream, faults)) if stream else ():
        until_ms = piece.end // audio.PER_MS
        if until_ms > committed:
            speech = vad.regions(piece.samples)
            speech_ms += sum(region.end - region.start for region in speech) // audio.PER_MS
            if not chapter.goes_on(piece):
                yield from _told(ear, chapter)
                chapter = Chapter()
            chapter.add(piece, speech)
            crossed = until_ms // request.stretch_ms > committed // request.stretch_ms
            if crossed or chapter.full:
                yield from _told(ear, chapter)
                chapter = Chapter()
            if crossed:
                yield _stretch(index, until_ms, speech_ms, ear)
                index, committed, speech_ms = index + 1, until_ms, 0
        yield Message("progress", {"offset_ms": until_ms})
    if until_ms > committed:
        yield from _told(ear, chapter)
        yield _stretch(index, until_ms, speech_ms, ear)
    yield Message(
        "end",
        {
            "duration_ms": until_ms,
            "speech_ms": ear.speech_ms,
            "partial": faults.partial,
            "warnings": [*ear.warnings, *faults.warnings()],
        },
    )


def _told(ear: "_Ear", chapter: "Chapter") -> Iterator[Message]:
    """What is said in a chapter, with a sign of life for each window of it."""
    for step in ear.listen(chapter):
        yield from (Message("segment", _fields(sentence)) for sentence in step)
        yield Message("progress", {"offset_ms": chapter.end // audio.PER_MS})


class Chapter:
    """Neighbouring pieces that are listened to at once, until there is a minute of speech in them.

    The model looks at 30 s however little is said in them; where little is said this halves its work.
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


def _stretch(index: int, until_ms: int, speech_ms: int, ear: "_Ear") -> Message:
    ear.speech_ms += speech_ms
    fields = {
        "index": index,
        "until_ms": until_ms,
        "speech_ms": speech_ms,
        "language": ear.language,
        "warnings": list(ear.warnings),
    }
    return Message("stretch", fields, json.dumps(ear.state()).encode())


def _fields(sentence: Sentence) -> dict[str, Any]:
    return {
        "start_ms": sentence.start_ms,
        "end_ms": sentence.end_ms,
        "text": sentence.text,
        "language": sentence.language,
        "confidence": sentence.confidence,
        "words": [
            [word.start_ms, word.end_ms, word.text.strip(), round(word.probability, 4)]
            for word in sentence.words
        ],
    }


class _Ear:
    """The model, once there is something to listen to, and the language that it is listened to in."""

    def __init__(self, request: Request, state: dict[str, Any]) -> None:
        self._request = request
        self._recogniser: Recogniser | None = None
        self.language: str | None = state.get("language") or request.language
        self.speech_ms = int(state.get("speech_ms", 0))  # committed so far
        self.warnings: list[str] = list(state.get("warnings", ()))

    def state(self) -> dict[str, Any]:
        """What a later run needs to go on as this one would."""
        return {"language": self.language, "speech_ms": self.speech_ms, "warnings": self.warnings}

    def listen(self, chapter: Chapter) -> Iterator[list[Sentence]]:
        """What is said in a chapter, with empty steps as signs of life."""
        if not chapter.speech:
            return
        recogniser, samples = self._load(), chapter.samples
        language = self.language
        if language is None:
            language, sure = recogniser.language(samples, chapter.speech)
            self.language = language if sure else None
        yield from recogniser.steps(samples, chapter.speech, language=language, start=chapter.start)

    def _load(self) -> Recogniser:
        if self._recogniser is None:
            request = self._request
            self._recogniser = Recogniser(
                request.model_path,
                device=models.device(request.device),
                compute_type=request.compute_type,
                threads=request.threads,
            )
            if self.language is not None:
                self._agree(self._recogniser, self.language)
        return self._recogniser

    def _agree(self, recogniser: Recogniser, language: str) -> None:
        """Listen in English, and say so, where the model knows nothing else."""
        if recogniser.english_only and language != "en":
            self.language = "en"
            self.warnings.append(
                f"The speech model {self._request.model_name} understands English only, not {language!r}."
            )
        else:
            recogniser.check_language(language)
