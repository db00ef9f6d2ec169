"""What is written down of speech whose words are known, what it costs, and what is made of no speech.

Recordings are made by a small offline voice from a fixed seed, and listened to as a capture does it, but in
this process: decoding, detection, Whisper, word times. The model is loaded before, as it is for all but the
first of several recordings.
"""

import json
import os
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem import config
from mem.bench import Measure, Tell, sounds
from mem.bench.timing import percentile
from mem.capture import hear
from mem.capture.ear import Loaded
from mem.errors import ModelMissing
from mem.speech import models
from mem.speech.models import ModelChoice

_MODELS = ("tiny.en", "base")
_TARGETS = {"tiny.en": 110.0, "base": 270.0}  # CPU-s an hour of dense speech
_SENTENCES, _QUICK_SENTENCES = 96, 12
_SILENT_SECONDS, _QUICK_SILENT_SECONDS = 60, 10
_NOISE = (20, 10, 5)  # dB


@dataclass(frozen=True, slots=True)
class Score:
    """What was made of a talk."""

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
    def cost(self) -> float:
        """CPU-seconds for an hour."""
        return self.cpu_seconds / self.hours


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:
    """Errors, cost and times on several kinds of sound, for each model that is on this machine."""
    voice = sounds.Voice()
    pulled = config.load({}).data_dir / "models"
    choices = [models.present(name, models_dir=pulled) for name in _MODELS]
    here = [choice for choice in choices if choice is not None]
    if not here:
        raise ModelMissing("No speech model is on this machine.", hint="`mem models pull base` fetches one.")
    return [one for choice in here for one in _of_model(choice, quick, tell, folder, voice)]


def _of_model(
    choice: ModelChoice, quick: bool, tell: Tell, folder: Path, voice: sounds.Voice
) -> list[Measure]:
    count = _QUICK_SENTENCES if quick else _SENTENCES
    listener = _Listener(choice, folder)
    talk = voice.talk(count, gaps=(0.3, 0.7, 0.5), seed=1)
    listener.hear(talk.sound[: 5 * sounds.RATE])  # loads the model
    tell(f"{choice.name}: clean speech")
    clean = [listener.score(talk, talk.sound) for _ in range(1 if quick else 3)]
    how = f"{choice.name}, int8, 1 thread, {len(talk.sound) / sounds.RATE:.0f} s of one synthetic voice"
    cost = statistics.median(score.cost for score in clean)
    late = clean[0].late_ms
    found = [
        _measure(f"{choice.name} clean WER", clean[0].wer, "%", 7.0, how),
        _measure(f"{choice.name} dense speech", cost, "CPU-s/h", _TARGETS.get(choice.name), f"median; {how}"),
        _measure(f"{choice.name} sentence start, median", statistics.median(late) / 1000, "s", 0.3, how),
        _measure(f"{choice.name} sentence start, p99", percentile(late, 0.99) / 1000, "s", 1.0, how),
    ]
    for decibels in _NOISE:
        tell(f"{choice.name}: noise at {decibels} dB")
        score = listener.score(talk, sounds.noisy(talk.sound, decibels))
        found.append(_measure(f"{choice.name} WER, noise {decibels} dB below", score.wer, "%", None, how))
    tell(f"{choice.name}: far away")
    score = listener.score(talk, sounds.far(talk.sound))
    found.append(_measure(f"{choice.name} WER, far-field -40 dBFS", score.wer, "%", None, how))
    tell(f"{choice.name}: without pauses")
    hasty = voice.talk(count, gaps=(0.12,), seed=2)
    score = listener.score(hasty, hasty.sound)
    lost = 100 * score.lost / score.words
    found.append(_measure(f"{choice.name} words lost, hardly a pause to cut in", lost, "%", 1.0, how))
    found += _silent(listener, choice, quick, tell, voice)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.append(_measure(f"{choice.name} memory at most", peak, "MB", 900.0, "RSS of this process so far"))
    return found


def _silent(
    listener: "_Listener", choice: ModelChoice, quick: bool, tell: Tell, voice: sounds.Voice
) -> list[Measure]:
    seconds = _QUICK_SILENT_SECONDS if quick else _SILENT_SECONDS
    found = []
    for name, sound in sounds.without_speech(seconds, voice).items():
        tell(f"{choice.name}: {name}")
        believed = [each for each in listener.hear(sound)[0] if each["suspect"] is None]
        count = sum(len(each["text"].split()) for each in believed)
        how = f"{seconds} s; words that are not marked as doubted"
        found.append(_measure(f"{choice.name} false words, {name}", count, "words", 0, how))
    return found


def _measure(name: str, value: float, unit: str, target: float | None, how: str) -> Measure:
    return Measure(measure=name, value=round(value, 2), unit=unit, target=target, how=how)


class _Listener:
    """Listens to sound as a capture does."""

    def __init__(self, choice: ModelChoice, folder: Path) -> None:
        self._choice, self._folder, self._loaded = choice, folder, Loaded()

    def hear(self, sound: sounds.Sound) -> tuple[list[dict[str, Any]], float]:
        """What is said, and the CPU-seconds that it took."""
        file = sounds.write(self._folder / "sound.wav", sound)
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
        descriptor = os.open(file, os.O_RDONLY)
        try:
            begin = time.process_time()
            told = list(
                hear.hear(json.loads(json.dumps(request)), b"", descriptor=descriptor, loaded=self._loaded)
            )
            taken = time.process_time() - begin
        finally:
            os.close(descriptor)
        return [message.fields for message in told if message.kind == "segment"], taken

    def score(self, talk: sounds.Talk, sound: sounds.Sound) -> Score:
        """How well a talk is understood in `sound`, which is the talk with something done to it."""
        segments, taken = self.hear(sound)
        truth = [word for sentence in talk.said for word in plain(sentence)]
        heard = [word for segment in segments for word in plain(segment["text"])]
        wrong, lost = edits(truth, heard)
        late = tuple(
            min((abs(each["start_ms"] - start) for each in segments), default=60_000)
            for start in talk.starts_ms
        )
        return Score(len(truth), wrong, lost, late, taken, len(sound) / sounds.RATE / 3600)


def plain(text: str) -> list[str]:
    """The words alone, as error rates compare them: no case, no punctuation, American spelling."""
    kept = "".join(letter if letter.isalnum() or letter in "' " else " " for letter in text.lower())
    return kept.replace("harbour", "harbor").replace("neighbour", "neighbor").split()


def edits(truth: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How many words are wrong, missing or too many; and how many of these are missing."""
    row = [(n, 0) for n in range(len(heard) + 1)]  # edits, of which deletions
    for i, word in enumerate(truth, 1):
        before, row = row, [(i, i)]
        for j, other in enumerate(heard, 1):
            same = (before[j - 1][0] + (word != other), before[j - 1][1])
            missing = (before[j][0] + 1, before[j][1] + 1)
            more = (row[j - 1][0] + 1, row[j - 1][1])
            row.append(min(same, more, missing))
    return row[-1]
