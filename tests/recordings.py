"""A recording whose truth is known: what it shows and says, and when."""

from functools import cache
from pathlib import Path

import numpy as np

from tests import videos

SCENES_MS = (0, 7_000, 15_000, 22_000, 31_000, 44_000)
SENTENCES = (
    (2_000, "The invoice for the red bicycle arrived this morning."),
    (11_000, "Please water the garden before the guests arrive."),
    (18_500, "Our train to the mountains leaves at seven."),
    (27_000, "The doctor said the medicine works very well."),
    (36_000, "Remember to buy some bread and butter."),
    (46_000, "Tomorrow we paint the kitchen window."),
)
SECONDS = 52.0
RATE = 24_000


@cache
def _voice():
    from hibari import Hibari

    return Hibari(threads=1)


def speech() -> videos.Sound:
    """The sentences, each begun at its time, over quiet room noise."""
    sound = np.random.default_rng(7).normal(0, 0.0005, round(SECONDS * RATE)).astype(np.float32)
    for start_ms, sentence in SENTENCES:
        spoken = np.asarray(_voice()(sentence, seed=1), dtype=np.float32)
        loud = np.flatnonzero(np.abs(spoken) > 0.02)
        spoken = spoken[loud[0] :]  # the voice begins with its first loud sample, so its start is known
        at = start_ms * RATE // 1000
        sound[at : at + len(spoken)] += spoken[: len(sound) - at]
    return sound


def make(path: Path, *, loops: int = 1) -> Path:
    """Write the recording to `path`, its sound and scenes repeated `loops` times."""
    starts = [lap * round(SECONDS * 1000) + start for lap in range(loops) for start in SCENES_MS]
    pictures = videos.scenes(starts, SECONDS * loops, fps=10)
    sound = np.tile(speech(), loops)
    return videos.write(path, pictures, sound=sound, rate=RATE)
