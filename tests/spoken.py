"""Speech with known words at known times, made by a small offline voice, for the tests."""

import json
import re
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler

RATE = 16_000  # Hz

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
)


@cache
def _voice():
    from hibari import Hibari

    return Hibari(threads=1)


@cache
def say(sentence: str, speed: float = 1.0) -> np.ndarray:
    """The sentence at 16 kHz, from its first audible sample to its last."""
    spoken = np.asarray(_voice()(sentence, speed=speed, seed=1), dtype=np.float32)
    at = np.arange(len(spoken) * RATE // 24_000) * 24_000 / RATE
    spoken = np.interp(at, np.arange(len(spoken)), spoken).astype(np.float32)
    loud = np.flatnonzero(np.abs(spoken) > 0.01)
    return spoken[loud[0] : loud[-1] + 1]


def talk(sentences=SENTENCES, *, gaps=(0.5,), lead=0.0, speed=1.0):
    """The sentences one after the other with pauses of `gaps` seconds in turn, over faint room noise.

    Gives the samples at 16 kHz and where each sentence starts, in ms.
    """
    parts, starts, length = [np.zeros(int(lead * RATE), np.float32)], [], int(lead * RATE)
    for sentence, gap in zip(sentences, islice(cycle(gaps), len(sentences)), strict=True):
        starts.append(length * 1000 // RATE)
        parts += [say(sentence, speed), np.zeros(int(gap * RATE), np.float32)]
        length += len(parts[-1]) + len(parts[-2])
    quiet = np.random.default_rng(3).normal(0, 0.0003, length).astype(np.float32)
    return np.concatenate(parts) + quiet, starts


def load(path: Path) -> np.ndarray:
    """The samples of a clip at 16 kHz mono."""
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += [frame for frame in resampler.resample(None) if frame is not None]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float32)


def references(folder: Path) -> dict[str, str]:
    """What is said in each clip of `folder`."""
    return {entry["file"]: entry["text"] for entry in json.loads((folder / "refs.json").read_text())}


def plain(text: str) -> str:
    """The words alone, as error rates compare them: no case, no punctuation, no hyphens."""
    return " ".join(re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'")).split())
