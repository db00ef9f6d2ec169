"""A recording listened to as a capture does it, in the process that captures use, and how well."""

import json
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mem.bench import sounds
from mem.bench.words import edits, plain
from mem.media import sandbox
from mem.media.warm import Warm
from mem.speech import native
from mem.speech.models import ModelChoice
from mem.speech.whisper import Recogniser

_LIMITS = sandbox.Limits(memory=4 * 2**30, stall_seconds=300, wall_seconds=None, threads=1, niceness=0)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was made of a sound, and what that took."""

    segments: tuple[dict[str, Any], ...]
    cpu_seconds: float
    peak_bytes: int  # of memory, of the process so far

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return [word for segment in self.segments for word in plain(segment["text"])]


@dataclass(frozen=True, slots=True)
class Score:
    """How well a talk was understood."""

    words: int
    wrong: int
    lost: int  # words that are missing
    late_ms: tuple[int, ...]  # of each sentence: how far its start lies from the truth
    cpu_seconds: float
    hours: float

    @property
    def wer(self) -> float:
        """Word error rate, in per cent."""
        return 100 * self.wrong / max(1, self.words)

    @property
    def missing(self) -> float:
        """Words that are missing, in per cent."""
        return 100 * self.lost / max(1, self.words)

    @property
    def cost(self) -> float:
        """CPU-seconds for an hour."""
        return self.cpu_seconds / self.hours


class Listener:
    """Listens with one model; the process that does it stays until the block ends."""

    def __init__(self, choice: ModelChoice, folder: Path) -> None:
        self._choice, self._folder = choice, folder
        self._ear = Warm("mem.capture.child", "hear", native.environment())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ear.close()

    def hear(self, sound: sounds.Sound) -> Heard:
        """What is said in a sound."""
        return self.listen(sounds.write(self._folder / "sound.wav", sound))

    def listen(self, file: Path) -> Heard:
        """What is said in a recording."""
        request = {
            "model_path": str(self._choice.path),
            "model_name": self._choice.name,
            "device": "cpu",
            "compute_type": "int8",
            "threads": 1,
            "language": "en",
            "stretch_ms": 300_000,
            "resume": None,
        }
        reads = [self._choice.path]
        with self._ear.run(file, request, limits=_LIMITS, reads=reads, idle=600) as messages:
            told = list(messages)
        cost = next(message.fields for message in told if message.kind == "cost")
        segments = tuple(message.fields for message in told if message.kind == "segment")
        return Heard(segments, cost["cpu_ms"] / 1000, cost["peak_bytes"])

    def score(self, talk: sounds.Talk, sound: sounds.Sound) -> Score:
        """How well a talk is understood in `sound`, which is the talk with something done to it."""
        heard = self.hear(sound)
        truth = talk.words
        wrong, lost = edits(truth, heard.words)
        late = tuple(
            min((abs(each["start_ms"] - start) for each in heard.segments), default=60_000)
            for start in talk.starts_ms
        )
        return Score(len(truth), wrong, lost, late, heard.cpu_seconds, len(sound) / sounds.RATE / 3600)


class Whole:
    """The same model over a whole sound in one go, without detection or cutting: the yardstick for cuts."""

    def __init__(self, choice: ModelChoice) -> None:
        self._model = Recogniser(choice.path, device="cpu", compute_type="int8", threads=1)

    def missing(self, talk: sounds.Talk, sound: sounds.Sound) -> float:
        """Words that it misses, in per cent."""
        heard = plain(self._model.whole(sound, "en"))
        truth = talk.words
        return 100 * edits(truth, heard)[1] / max(1, len(truth))


def real(folder: Path) -> dict[str, sounds.Talk]:
    """Recordings of people in a folder, by speaker; none without a `refs.json` that has their words."""
    listed = folder / "refs.json"
    if not listed.is_file():
        return {}
    found: dict[str, list[tuple[sounds.Sound, str]]] = {}
    for each in sorted(json.loads(listed.read_text()), key=lambda each: str(each["file"])):
        if each.get("text"):
            speaker = str(each.get("speaker") or each["file"])
            found.setdefault(speaker, []).append((_read(folder / each["file"]), str(each["text"])))
    return {speaker: _together(parts) for speaker, parts in found.items()}


def _together(parts: Sequence[tuple[sounds.Sound, str]]) -> sounds.Talk:
    pause = np.zeros(int(0.4 * sounds.RATE), np.float32)
    sound = np.concatenate([each for part, _ in parts for each in (part, pause)])
    return sounds.Talk(sound=sound, said=tuple(text for _, text in parts), starts_ms=())


def _read(file: Path) -> sounds.Sound:
    """A WAV file of 16 bits as mono at 16 kHz."""
    with wave.open(str(file)) as opened:
        rate, sides = opened.getframerate(), opened.getnchannels()
        samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, sides).mean(axis=1)
    at = np.arange(len(samples) * sounds.RATE // rate) * rate / sounds.RATE
    sound: sounds.Sound = np.interp(at, np.arange(len(samples)), samples / 32768).astype(np.float32)
    return sound
