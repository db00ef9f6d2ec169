"""What the speech model looks at: stretches of speech packed into windows of at most 30 s.

The model always looks at 30 s, so pauses are shortened and short stretches share a window. Windows end
at the longest pause that is near, so that few sentences are torn. Each window knows where its samples
come from.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mem.speech.vad import RATE, Region

_LONGEST = 30 * RATE
_SHORTEST = 15 * RATE  # a window may end earlier than it must for the sake of a longer pause
_UNHEARD_SECONDS = 2.5  # of speech between two words; at most 1.5 where nothing was missed, over 30 sounds
_LONGEST_WORD = 1.0  # the times of a word before a gap reach into it
_MARGIN = 400 * RATE // 1000  # kept around speech: onsets are quiet and the model wants some air


@dataclass(frozen=True, slots=True)
class Window:
    """Some stretches of speech, laid end to end."""

    spans: tuple[Region, ...]  # what is taken of the piece, margins included
    speech: tuple[Region, ...]  # the speech itself

    @property
    def length(self) -> int:
        """Samples in the window."""
        return sum(span.end - span.start for span in self.spans)

    @property
    def speech_seconds(self) -> float:
        """Seconds of speech in it."""
        return sum(region.seconds for region in self.speech)

    def cut(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The window's own samples out of those of the piece."""
        return np.concatenate([samples[span.start : span.end] for span in self.spans])

    def unheard(self, words: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
        """The interval between two of `words` that holds the most speech, if that is too much to be a pause.

        Both are in seconds of the window.
        """
        end = self.length / RATE
        ends = [0.0, *(min(last, first + _LONGEST_WORD) for first, last in words)]
        gaps = list(zip(ends, [*(first for first, _ in words), end], strict=True))
        longest = max(gaps, key=lambda gap: self._speech_within(*gap))
        return longest if self._speech_within(*longest) >= _UNHEARD_SECONDS else None

    def _speech_within(self, start: float, end: float) -> float:
        """Seconds of speech in an interval of the window."""
        within, total = 0, 0
        first, last = round(start * RATE), round(end * RATE)
        for span in self.spans:
            for region in self.speech:
                if span.start <= region.start < span.end:
                    begun = region.start - span.start + total
                    within += max(0, min(last, begun + region.end - region.start) - max(first, begun))
            total += span.end - span.start
        return within / RATE

    def place(self, start: float, end: float) -> tuple[int, int]:
        """Where an interval of the window, in seconds, lies in the piece, in samples.

        Both ends come to lie in the stretch that holds the middle.
        """
        ends, total = [], 0
        for span in self.spans:
            total += span.end - span.start
            ends.append(total)
        index = min(bisect.bisect_right(ends, int((start + end) / 2 * RATE)), len(ends) - 1)
        span = self.spans[index]
        shift = span.end - ends[index]
        first = min(max(round(start * RATE) + shift, span.start), span.end)
        return first, min(max(round(end * RATE) + shift, first), span.end)


def pack(speech: Sequence[Region], length: int) -> list[Window]:
    """Windows that hold all of `speech`, found in a piece of `length` samples, in order."""
    padded = _padded(speech, length)
    windows, first = [], 0
    while first < len(speech):
        last = _last(padded, first)
        windows.append(Window(tuple(_joined(padded[first : last + 1])), tuple(speech[first : last + 1])))
        first = last + 1
    return windows


def _last(padded: Sequence[Region], first: int) -> int:
    """The stretch that ends the window which `first` begins: the one before the longest pause, among
    those that leave no more for later windows than they can hold.
    """
    lengths = [span.end - span.start for span in padded[first:]]
    whole = sum(lengths)
    enough = max(_SHORTEST, whole - (math.ceil(whole / _LONGEST) - 1) * _LONGEST)
    total, fits = 0, first
    choices = []  # (pause after it, index)
    for index, length in enumerate(lengths, first):
        total += length
        if total > _LONGEST and index > first:
            break
        fits = index
        if total >= enough and index + 1 < len(padded):
            choices.append((padded[index + 1].start - padded[index].end, index))
    if fits == len(padded) - 1 or not choices:
        return fits
    return max(choices)[1]


def _padded(speech: Sequence[Region], length: int) -> list[Region]:
    """Each stretch with its margin, or half of the pause where that is shorter."""
    padded = []
    for index, region in enumerate(speech):
        before = speech[index - 1].end if index else -_LONGEST
        after = speech[index + 1].start if index + 1 < len(speech) else length + _LONGEST
        padded.append(
            Region(
                max(0, region.start - min(_MARGIN, (region.start - before) // 2)),
                min(length, region.end + min(_MARGIN, (after - region.end + 1) // 2)),
            )
        )
    return padded


def _joined(spans: Sequence[Region]) -> list[Region]:
    """The same stretches, those that touch made one."""
    joined = [spans[0]]
    for span in spans[1:]:
        if span.start == joined[-1].end:
            joined[-1] = Region(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
