"""Where in a piece of sound somebody speaks.

Silero's detector as faster-whisper ships it. The threshold is lower than its own default: 0.5 drops
quiet words, 0.15 hears speech in noise.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16_000  # Hz
_THRESHOLD = 0.25
_LONGEST_SECONDS = 28.0  # what one look of the speech model takes in, with room for padding
_SHORTEST_PAUSE_MS = 160
_SEARCH = 12 * RATE  # the end of what fits, in which the quietest place is looked for
_HOP = RATE // 100
_LULL_HOPS = 10  # 100 ms
_INAUDIBLE = 1e-4  # peak; -80 dBFS


@dataclass(frozen=True, slots=True)
class Region:
    """An interval `[start, end)` in which somebody speaks, in samples since the start of the piece."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start) / RATE


def regions(samples: npt.NDArray[np.float32]) -> list[Region]:
    """The stretches of speech in `samples` (16 kHz mono), tight, in order, at most 28 s each.

    One that is longer is divided where it is quietest: a cut within a word costs the sentences beside it.
    """
    if not len(samples) or float(np.max(np.abs(samples))) < _INAUDIBLE:
        return []
    from faster_whisper import vad  # half a second, which silence need not cost

    options = vad.VadOptions(
        threshold=_THRESHOLD,
        min_silence_duration_ms=_SHORTEST_PAUSE_MS,
        speech_pad_ms=0,
    )
    found = (Region(int(at["start"]), int(at["end"])) for at in vad.get_speech_timestamps(samples, options))
    return [part for region in found for part in _divided(samples, region)]


def _divided(samples: npt.NDArray[np.float32], region: Region) -> Iterator[Region]:
    while region.seconds > _LONGEST_SECONDS:
        latest = region.start + int(_LONGEST_SECONDS * RATE)
        hops = samples[latest - _SEARCH : latest].reshape(-1, _HOP)
        power = np.convolve(np.mean(np.square(hops, dtype=np.float64), axis=1), np.ones(_LULL_HOPS), "valid")
        cut = latest - _SEARCH + (int(np.argmin(power)) * _HOP + _LULL_HOPS * _HOP // 2)
        yield Region(region.start, cut)
        region = Region(cut, region.end)
    yield region
