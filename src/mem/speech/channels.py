"""Stereo sound whose sides carry different voices, such as a microphone and what the computer plays.

One voice picked up by two microphones rises and falls on both sides at once; two people in turn do not.
"""

import numpy as np
import numpy.typing as npt

from mem.speech.vad import RATE, Region

Samples = npt.NDArray[np.float32]

_HOP = RATE * 30 // 1000
_AUDIBLE = 0.003  # RMS of a hop; -50 dBFS
_SPOKEN_HOPS = 33  # a second
_ALIKE = 0.5  # correlation of loudness: one room gives above 0.8 here, two people below 0.2
_BLEEDS = 3.2  # how much louder the other side is where its voice is heard on this one: 10 dB


def differ(sound: Samples) -> bool:
    """Whether both sides of stereo `sound` (2, n) carry something, and not the same."""
    left, right = _loudness(sound[0]), _loudness(sound[1])
    heard = (left > _AUDIBLE) | (right > _AUDIBLE)
    if min(int((left > _AUDIBLE).sum()), int((right > _AUDIBLE).sum())) < _SPOKEN_HOPS:
        return False
    one, two = (np.log10(side[heard] + 1e-5) for side in (left, right))
    if float(one.std()) < 1e-3 or float(two.std()) < 1e-3:
        return False
    return float(np.corrcoef(one, two)[0, 1]) < _ALIKE


def own(speech: list[Region], side: Samples, other: Samples) -> list[Region]:
    """The stretches of speech of one side, without those that only bleed over from the other."""
    return [at for at in speech if _rms(other[at.start : at.end]) < _BLEEDS * _rms(side[at.start : at.end])]


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _loudness(side: Samples) -> Samples:
    hops = side[: len(side) // _HOP * _HOP].reshape(-1, _HOP)
    loud: Samples = np.sqrt(np.mean(np.square(hops), axis=1))
    return loud
