"""Words with times, put right and gathered into sentences.

The model's word times come from its attention: they are good to a tenth of a second inside speech and
stray into the pauses around it. The detector knows where speech begins and ends, so words are kept
inside what it found. A sentence ends after its punctuation, at a long pause, and at the latest after
20 s at the best pause in it.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mem.speech.vad import Region
from mem.types import Channel, Suspicion

_LEAD_MS = 40  # the detector hears an onset this much late
_TRAIL_MS = 120
_SHORTEST_WORD_MS = 20
_PAUSE_MS = 1200  # ends a sentence whatever the punctuation says
_UNMARKED_MS = 700  # ends one where the model forgot the full stop but began with a capital
_LONGEST_MS = 20_000
_COMMA_MS = 300  # a comma is worth as much as a pause of this length
_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟")
_CLOSERS = "\"'”’»)]"
_TITLES = frozenset(
    {"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "jr.", "sr.", "vs.", "e.g.", "i.e.", "u.s.", "u.k."}
)


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word; its times are offsets in ms."""

    start_ms: int
    end_ms: int
    text: str  # with the space before it, where the language writes one
    probability: float
    language: str = "en"
    suspect: Suspicion | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of speech that reads as one; its times are offsets in ms."""

    start_ms: int
    end_ms: int
    text: str
    language: str
    confidence: float  # 0 to 1: the geometric mean of its words' probabilities
    words: tuple[Word, ...]
    suspect: Suspicion | None = None


def fields_of(sentence: Sentence, channel: Channel | None) -> dict[str, Any]:
    """A sentence as a message has it."""
    return {
        "start_ms": sentence.start_ms,
        "end_ms": sentence.end_ms,
        "text": sentence.text,
        "language": sentence.language,
        "confidence": sentence.confidence,
        "channel": channel,
        "suspect": sentence.suspect,
        "words": [
            [word.start_ms, word.end_ms, word.text.strip(), round(word.probability, 4)]
            for word in sentence.words
        ],
    }


def settle(words: Sequence[Word], speech: Sequence[Region], start: int) -> list[Word]:
    """The words inside the speech that was found in a piece beginning at sample `start`: in order, not
    overlapping, none of them empty.
    """
    spans = [((start + at.start) // 16 - _LEAD_MS, (start + at.end) // 16 + _TRAIL_MS) for at in speech]
    settled: list[Word] = []
    earliest = max(0, start // 16)
    for word in words:
        first, last = _nearest(word, spans)
        begin = max(min(max(word.start_ms, first), last - _SHORTEST_WORD_MS), earliest)
        end = max(min(word.end_ms, last), begin + _SHORTEST_WORD_MS)
        settled.append(replace(word, start_ms=begin, end_ms=end))
        earliest = end
    return settled


def _nearest(word: Word, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The span that shares most with the word, or the nearest one."""
    at = bisect.bisect_left(spans, (word.start_ms, 0))
    near = spans[max(0, at - 2) : at + 3]
    return max(near, key=lambda span: min(word.end_ms, span[1]) - max(word.start_ms, span[0]))


def gather(words: Sequence[Word], language: str) -> list[Sentence]:
    """The words as sentences."""
    found: list[Sentence] = []
    first = 0
    for index, word in enumerate(words):
        if index + 1 == len(words) or _ends(word, words[index + 1]):
            found += [_sentence(part, language) for part in _bounded(words[first : index + 1])]
            first = index + 1
    return [sentence for sentence in found if any(letter.isalnum() for letter in sentence.text)]


def _ends(word: Word, following: Word) -> bool:
    pause = following.start_ms - word.end_ms
    text = word.text.strip().rstrip(_CLOSERS)
    if pause >= _PAUSE_MS:
        return True
    if not text.endswith(_ENDS):
        first = following.text.strip()
        capital = first[:1].isupper() and not first.startswith(("I ", "I'", "I’")) and first != "I"
        return capital and pause >= _UNMARKED_MS
    initial = len(text) == 2 and text[0].isupper()
    return not (text.lower() in _TITLES or initial) or pause >= _PAUSE_MS // 2


def _bounded(words: Sequence[Word]) -> list[Sequence[Word]]:
    """The same words in parts of at most 20 s, split at the best pause away from the edges."""
    if words[-1].end_ms - words[0].start_ms <= _LONGEST_MS or len(words) < 4:
        return [words]
    inner = range(max(1, len(words) // 5), max(2, len(words) * 4 // 5))
    cut = max(inner, key=lambda index: _break(words[index - 1], words[index]))
    return _bounded(words[:cut]) + _bounded(words[cut:])


def _break(word: Word, following: Word) -> int:
    comma = _COMMA_MS if word.text.endswith((",", ";", ":")) else 0
    return following.start_ms - word.end_ms + comma


def _sentence(words: Sequence[Word], language: str) -> Sentence:
    logs = [math.log(max(word.probability, 1e-4)) for word in words]
    return Sentence(
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text="".join(word.text for word in words).strip(),
        language=language,
        confidence=round(math.exp(sum(logs) / len(logs)), 4),
        words=tuple(words),
    )
