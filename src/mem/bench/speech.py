"""What is written down of speech whose words are known, what it costs, and what is made of no speech.

Recordings are made by a small offline voice from a fixed seed, and listened to in the process that captures
use: decoding, detection, Whisper, word times. The model is loaded before, as it is for all but the first of
several recordings. Recordings of people are scored as well where the data directory has a folder `clips` with
WAV files and their words in `refs.json` (a list of `file`, `text` and `speaker`).
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mem.bench import Measure, Tell, effects, listening, sounds
from mem.bench.listening import Listener, Whole
from mem.bench.timing import percentile
from mem.errors import ModelMissing
from mem.speech import models
from mem.speech.models import ModelChoice

_MODELS = ("tiny.en", "base")
_TARGETS = {"tiny.en": 110.0, "base": 270.0}  # CPU-s an hour of dense speech
_NOISE = (20, 10, 5)  # dB
_SPEECH_OF_A_DAY = 0.2


@dataclass(frozen=True, slots=True)
class _Size:
    """How much is listened to."""

    sentences: int  # of clean speech
    times: int  # that the clean speech is listened to
    harder: int  # sentences of each other kind of speech
    silent_seconds: int  # of each kind of sound without speech
    day_seconds: int  # of a day with a fifth of speech in it


_FULL = _Size(sentences=96, times=3, harder=20, silent_seconds=60, day_seconds=600)
_QUICK = _Size(sentences=10, times=1, harder=3, silent_seconds=10, day_seconds=60)


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:
    """Errors, cost and times on several kinds of sound, for each model that is on this machine."""
    choices = [models.present(name, models_dir=folder / "models") for name in _MODELS]
    here = [choice for choice in choices if choice is not None]
    if not here:
        raise ModelMissing("No speech model is on this machine.", hint="`mem models pull base` fetches one.")
    size, voice = _QUICK if quick else _FULL, sounds.Voice()
    clips = {} if quick else listening.real(folder / "clips")
    found: list[Measure] = []
    for choice in here:
        with Listener(choice, folder) as listener:
            found += _Bench(choice, listener, voice, size, tell).measures(clips)
    return found


class _Bench:
    """One model on all kinds of sound."""

    def __init__(
        self, choice: ModelChoice, listener: Listener, voice: sounds.Voice, size: _Size, tell: Tell
    ) -> None:
        self._model, self._listener, self._voice = choice.name, listener, voice
        self._size, self._tell = size, tell
        self._whole = Whole(choice)

    def measures(self, clips: dict[str, sounds.Talk]) -> Iterator[Measure]:
        """All of them."""
        yield from self._clean()
        for name, (talk, sound) in self._harder().items():
            yield from self._understood(name, talk, sound)
        for speaker, talk in clips.items():
            yield from self._understood(f"recording of {speaker}", talk, talk.sound)
        yield from self._silent()
        yield from self._day()

    def _clean(self) -> Iterator[Measure]:
        talk = self._voice.talk(self._size.sentences, gaps=(0.3, 0.7, 0.5), seed=1)
        self._listener.hear(talk.sound[: 5 * sounds.RATE])  # loads the model
        self._tell(f"{self._model}: clean speech")
        scores = [self._listener.score(talk, talk.sound) for _ in range(self._size.times)]
        how = f"int8, 1 thread, {_seconds(talk.sound)} of one synthetic voice"
        late = scores[0].late_ms
        cost = statistics.median(score.cost for score in scores)
        more = scores[0].missing - self._whole.missing(talk, talk.sound)
        yield self._said("WER, clean speech", scores[0].wer, "%", 7.0, how)
        yield self._said("dense speech", cost, "CPU-s/h", _TARGETS.get(self._model), f"median; {how}")
        yield self._said("sentence start, median", statistics.median(late) / 1000, "s", 0.3, how)
        yield self._said("sentence start, p99", percentile(late, 0.99) / 1000, "s", 1.0, how)
        yield self._lost("clean speech", more, how)

    def _harder(self) -> dict[str, tuple[sounds.Talk, sounds.Sound]]:
        """The talk under worse conditions, and other ways to talk."""
        count, voice = self._size.harder, self._voice
        talk = voice.talk(count, gaps=(0.3, 0.7, 0.5), seed=1)
        other = voice.talk(count, gaps=(0.4,), seed=3)
        found = {
            f"noise {decibels} dB below": (talk, effects.noisy(talk.sound, decibels)) for decibels in _NOISE
        }
        found |= {
            "far-field -40 dBFS": (talk, effects.far(talk.sound)),
            "telephone": (talk, effects.telephone(talk.sound)),
            "clipped by 20 dB": (talk, effects.clipped(talk.sound)),
            "knocks": (talk, effects.interrupted(talk.sound)),
            "another voice 12 dB below": (talk, effects.beside(talk.sound, other.sound, 12)),
        }
        ways = {
            "hardly a pause": voice.talk(count, gaps=(0.12,), seed=2),
            "long pauses": voice.talk(count, gaps=(4.0, 9.0), seed=4),
            "fast": voice.talk(count, gaps=(0.3,), seed=5, speed=1.5),
            "slow": voice.talk(count, gaps=(0.9,), seed=6, speed=0.7),
        }
        return found | {name: (way, way.sound) for name, way in ways.items()}

    def _understood(self, name: str, talk: sounds.Talk, sound: sounds.Sound) -> Iterator[Measure]:
        self._tell(f"{self._model}: {name}")
        score = self._listener.score(talk, sound)
        how = f"{_seconds(sound)}, {score.words} words"
        yield self._said(f"WER, {name}", score.wer, "%", None, how)
        yield self._lost(name, score.missing - self._whole.missing(talk, sound), how)

    def _silent(self) -> Iterator[Measure]:
        count = self._size.silent_seconds
        for name, sound in sounds.without_speech(count, self._voice).items():
            self._tell(f"{self._model}: {name}")
            segments = self._listener.hear(sound).segments
            words = sum(len(each["text"].split()) for each in segments if each["suspect"] is None)
            how = f"{count} s; words that are not marked as doubted"
            yield self._said(f"false words, {name}", words, "words", 0, how)

    def _day(self) -> Iterator[Measure]:
        """Somebody speaks for a minute in five; the rest is a room."""
        self._tell(f"{self._model}: a day")
        count = self._size.day_seconds * sounds.RATE
        sound = np.random.default_rng(9).normal(0, 0.001, count).astype(np.float32)
        talk = self._voice.talk(24, gaps=(0.3, 0.7, 0.5), seed=1).sound
        part = talk[: min(len(talk), round(count * _SPEECH_OF_A_DAY))]
        every = round(len(part) / _SPEECH_OF_A_DAY)
        for start in range(0, count - len(part) + 1, every):
            sound[start : start + len(part)] += part
        heard = self._listener.hear(sound)
        minutes = heard.cpu_seconds * 86_400 / self._size.day_seconds / 60
        how = f"a fifth of it speech; projected from {self._size.day_seconds} s"
        yield self._said("24 hours", minutes, "CPU-min", 20.0, how)
        how = "RSS of the process that listened to all of the above"
        yield self._said("memory at most", heard.peak_bytes / 1e6, "MB", 900.0, how)

    def _lost(self, name: str, points: float, how: str) -> Measure:
        how = f"{how}; beside the same model over the whole, uncut"
        return self._said(f"words lost at cuts, {name}", points, "points", 1.0, how)

    def _said(self, name: str, value: float, unit: str, target: float | None, how: str) -> Measure:
        name = f"{self._model} {name}"
        return Measure(measure=name, value=round(value, 2), unit=unit, target=target, how=how)


def _seconds(sound: sounds.Sound) -> str:
    return f"{len(sound) / sounds.RATE:.0f} s"
