"""Sound for the benchmark of speech: sentences whose words are known, and sound in which nobody speaks."""

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
        self._said: dict[str, Sound] = {}

    def say(self, sentence: str) -> Sound:
        """The sentence at 16 kHz, from its first audible sample to its last."""
        if sentence not in self._said:
            spoken = np.asarray(self._speak(sentence, seed=1), dtype=np.float32)
            at = np.arange(len(spoken) * RATE // _VOICE_RATE) * _VOICE_RATE / RATE
            spoken = np.interp(at, np.arange(len(spoken)), spoken).astype(np.float32)
            loud = np.flatnonzero(np.abs(spoken) > 0.01)
            self._said[sentence] = spoken[loud[0] : loud[-1] + 1]
        return self._said[sentence]

    def talk(self, sentences: int, *, gaps: tuple[float, ...], seed: int) -> Talk:
        """So many sentences in a random order, with pauses of these seconds in turn."""
        random = np.random.default_rng(seed)
        said = [SENTENCES[int(n) % len(SENTENCES)] for n in random.permutation(sentences)]
        parts, starts, length = [], [], 0
        for number, sentence in enumerate(said):
            starts.append(length * 1000 // RATE)
            parts += [self.say(sentence), np.zeros(int(gaps[number % len(gaps)] * RATE), np.float32)]
            length += len(parts[-1]) + len(parts[-2])
        quiet = random.normal(0, 0.0003, length).astype(np.float32)
        return Talk(sound=np.concatenate(parts) + quiet, said=tuple(said), starts_ms=tuple(starts))


def noisy(sound: Sound, decibels: float) -> Sound:
    """The sound with pink noise that many decibels below it."""
    noise = _pink(len(sound), 5)
    wanted = _rms(sound) / 10 ** (decibels / 20)
    mixed: Sound = sound + noise * np.float32(wanted / _rms(noise))
    return mixed


def far(sound: Sound) -> Sound:
    """The sound from the other end of a room, at -40 dBFS."""
    late = np.arange(int(0.25 * RATE)) / RATE
    tail = np.random.default_rng(6).normal(0, 1, len(late)) * np.exp(-late / 0.05) * 0.15
    tail[0] = 1.0
    size = 1 << (len(sound) + len(tail)).bit_length()
    there = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    quiet: Sound = (there * (0.01 / _rms(there))).astype(np.float32)
    return quiet


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
    return murmur * np.float32(0.02 / _rms(murmur))


def _pink(count: int, seed: int) -> Sound:
    size = 1 << count.bit_length()
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(0, 1, size))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, size)[:count].astype(np.float32)


def _rms(sound: "npt.NDArray[Any]") -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
