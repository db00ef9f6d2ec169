"""Sound for the benchmark of speech: sentences whose words are known, and sound in which nobody speaks."""

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mem.bench.words import plain
from mem.errors import ExtraMissing

Sound = npt.NDArray[np.float32]
RATE = 16_000  # Hz
_VOICE_RATE = 24_000

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "We met the new accountant on Monday morning.",
    "Please send the invoice to the office in Berlin.",
    "She opened the window and looked at the garden.",
    "Nobody knew where the keys had been left.",
    "Can you read the number on the second page?",
    "The children were playing football behind the school.",
    "Coffee is served in the small room next to the library.",
    "My grandmother kept a red bicycle in the barn.",
    "They painted the kitchen yellow and the hall blue.",
    "The doctor said that I should drink more water.",
    "There are three ways to solve this problem.",
    "Do not forget to lock the door when you leave.",
    "The printer on the first floor is out of paper.",
    "Her daughter plays the violin in the city orchestra.",
    "The ship left the harbour before the storm began.",
    "I would like a table near the window for four people.",
    "The train to London leaves from the other platform.",
    "He forgot his umbrella in the back of the taxi.",
    "Snow fell on the mountains during the whole night.",
    "The museum closes at six and opens again tomorrow.",
    "Our neighbours bought a large dog last summer.",
    "You can find the report in the folder on the desk.",
    "The farmer sells apples and honey at the market.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Speech with what is said in it and when."""

    sound: Sound
    said: tuple[str, ...]
    starts_ms: tuple[int, ...]

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return [word for sentence in self.said for word in plain(sentence)]


class Voice:
    """A small voice that speaks English without a network."""

    def __init__(self) -> None:
        try:
            from hibari import Hibari
        except ImportError:
            raise ExtraMissing(
                "The benchmark of speech needs a voice.", hint="Install it: `pip install hibari-tts==0.2.1`."
            ) from None
        self._speak: Any = Hibari(threads=1)
        self._said: dict[tuple[str, float], Sound] = {}

    def say(self, sentence: str, speed: float = 1.0) -> Sound:
        """The sentence at 16 kHz, from its first audible sample to its last."""
        if (sentence, speed) not in self._said:
            spoken = np.asarray(self._speak(sentence, speed=speed, seed=1), dtype=np.float32)
            at = np.arange(len(spoken) * RATE // _VOICE_RATE) * _VOICE_RATE / RATE
            spoken = np.interp(at, np.arange(len(spoken)), spoken).astype(np.float32)
            loud = np.flatnonzero(np.abs(spoken) > 0.01)
            self._said[sentence, speed] = spoken[loud[0] : loud[-1] + 1]
        return self._said[sentence, speed]

    def talk(self, sentences: int, *, gaps: tuple[float, ...], seed: int, speed: float = 1.0) -> Talk:
        """So many sentences in a random order, with pauses of these seconds in turn."""
        random = np.random.default_rng(seed)
        said = [SENTENCES[int(n) % len(SENTENCES)] for n in random.permutation(sentences)]
        parts, starts, length = [], [], 0
        for number, sentence in enumerate(said):
            starts.append(length * 1000 // RATE)
            parts += [self.say(sentence, speed), np.zeros(int(gaps[number % len(gaps)] * RATE), np.float32)]
            length += len(parts[-1]) + len(parts[-2])
        quiet = random.normal(0, 0.0003, length).astype(np.float32)
        return Talk(sound=np.concatenate(parts) + quiet, said=tuple(said), starts_ms=tuple(starts))


def without_speech(seconds: int, voice: Voice) -> dict[str, Sound]:
    """Sound in which nobody can be understood, by name."""
    count = seconds * RATE
    at = np.arange(count) / RATE
    random = np.random.default_rng(7)
    hum = sum(np.sin(2 * np.pi * 50 * n * at) / n for n in (1, 2, 3, 5)) * 0.05
    return {
        "silence": np.zeros(count, np.float32),
        "room noise": random.normal(0, 0.001, count).astype(np.float32),
        "hum": np.asarray(hum, dtype=np.float32),
        "music": _music(at, random),
        "crowd": _crowd(count, voice, random),
        "traffic": _traffic(at, random),
        "knocks and bells": _knocks(at, random),
        "barks and whistles": _barks(at, random),
    }


def write(file: Path, sound: Sound) -> Path:
    """A WAV file of it, 16 bits."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
    return file


def _music(at: "npt.NDArray[np.float64]", random: np.random.Generator) -> Sound:
    """Chords of four voices, a new one each half second, that swell and die away."""
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    notes = random.choice(scale, size=(int(at[-1] * 2) + 1, 4))
    beat = (at * 2).astype(int)
    swell = np.exp(-3 * (at * 2 - beat))
    chord = sum(np.sin(2 * np.pi * notes[beat, n] * at) for n in range(4))
    return np.asarray(0.05 * swell * chord, dtype=np.float32)


def _crowd(count: int, voice: Voice, random: np.random.Generator) -> Sound:
    """Sixteen voices backwards on top of each other: the murmur of a hall, of which no word can be heard."""
    murmur = np.zeros(count, np.float32)
    for _ in range(16):
        row = [voice.say(SENTENCES[int(n)])[::-1] for n in random.permutation(len(SENTENCES))]
        one = np.tile(np.concatenate(row), 1 + count // sum(map(len, row)))[:count]
        murmur += np.roll(one, int(random.integers(count)))
    return murmur * np.float32(0.02 / rms(murmur))


def _traffic(at: "npt.NDArray[np.float64]", random: np.random.Generator) -> Sound:
    """A road: rumbling that never ends, and a vehicle that comes, passes and goes every seven seconds."""
    rumble = np.cumsum(random.normal(0, 1, len(at)))
    rumble -= np.convolve(rumble, np.ones(800) / 800, "same")
    near = np.exp(-(((at % 7) - 3.5) ** 2))
    motor = np.sin(2 * np.pi * np.cumsum(90 - 25 * np.tanh((at % 7) - 3.5)) / RATE)
    whole = 0.02 * rumble / rms(rumble) * (0.3 + near) + 0.03 * motor * near
    return np.asarray(whole + random.normal(0, 0.01, len(at)) * near, dtype=np.float32)


def _knocks(at: "npt.NDArray[np.float64]", random: np.random.Generator) -> Sound:
    """Blows at random, keys of a keyboard, and a telephone that rings."""
    since = np.full(len(at), 1e3)
    for start in random.integers(0, len(at), int(at[-1]) + 1):
        since[start:] = np.arange(len(at) - start) / RATE
    blows = random.normal(0, 0.3, len(at)) * np.exp(-since / 0.02)
    bell = np.sin(2 * np.pi * 1_200 * at) * np.sign(np.sin(2 * np.pi * 20 * at)) * (at % 6 < 1)
    keys = random.normal(0, 0.05, len(at)) * (at % 0.18 < 0.006)
    return np.asarray(blows + 0.05 * bell + keys, dtype=np.float32)


def _barks(at: "npt.NDArray[np.float64]", random: np.random.Generator) -> Sound:
    """Short rough cries with the overtones of a throat, two a second, and now and then a whistled tune."""
    phase = at * 2 % 1
    pitch = 350 + 250 * np.exp(-((phase - 0.15) ** 2) / 0.005)
    throat = sum(np.sin(2 * np.pi * n * np.cumsum(pitch) / RATE) / n for n in range(1, 9))
    rough = 1 + 0.5 * random.normal(0, 1, len(at))
    bark = np.where(phase < 0.35, throat * rough * np.sin(np.pi * phase / 0.35), 0) * (at % 5 < 2)
    tune = np.sin(2 * np.pi * np.cumsum(1_000 + 300 * np.sin(2 * np.pi * 0.7 * at)) / RATE) * (at % 5 > 3)
    return np.asarray(0.08 * bark + 0.05 * tune, dtype=np.float32)


def rms(sound: "npt.NDArray[Any]") -> float:
    """How loud it is: its root mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
