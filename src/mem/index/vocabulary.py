"""The words that texts hold, to tell which of them a mistyped one may stand for.

tantivy looks through all words of every file for that, at each question and once more to count: 4 ms in a
year. Here each word has 64 bits that say which characters it holds. An edit changes two of them at most, so
a glance at the bits of words of about that length leaves a few, and only those are compared letter by letter.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mem.index import words

SHORTEST = 4  # letters of a word that one of five letters may have been meant for

Texts = np.ndarray[Any, np.dtype[np.str_]]
Bits = np.ndarray[Any, np.dtype[np.uint64]]


class Vocabulary:
    """Words by their length. They are only ever added; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._held: Mapping[int, tuple[Texts, Bits]] = {}

    def __len__(self) -> int:
        return sum(len(texts) for texts, _ in self._held.values())

    def add(self, found: Iterable[str]) -> None:
        """Add those that are not there yet and that somebody may have meant."""
        by_length: defaultdict[int, set[str]] = defaultdict(set)
        for word in found:
            if len(word) >= SHORTEST:
                by_length[len(word)].add(word)
        with self._turn:
            held = dict(self._held)
            for length, more in by_length.items():
                held[length] = _with(held.get(length), np.array(sorted(more), f"U{length}"))
            self._held = held

    def near(self, word: str, errors: int) -> list[str]:
        """The words that at most `errors` edits separate from this one, in order."""
        asked, held = _bits(np.array([word])), self._held
        found: list[str] = []
        for length in range(len(word) - errors, len(word) + errors + 1):
            if length in held:
                texts, bits = held[length]
                alike = texts[np.bitwise_count(bits ^ asked) <= 2 * errors]
                found += (other for other in alike.tolist() if words.within(word, other, errors))
        return sorted(found)


def _with(held: tuple[Texts, Bits] | None, more: Texts) -> tuple[Texts, Bits]:
    """What is held of a length, in order, and more of it."""
    if held is None:
        return more, _bits(more)
    texts, bits = held
    places = np.searchsorted(texts, more)
    new = texts[np.minimum(places, len(texts) - 1)] != more
    if not new.any():
        return held
    places, more = places[new], more[new]
    return np.insert(texts, places, more), np.insert(bits, places, _bits(more))


def _bits(texts: Texts) -> Bits:
    """Which characters each of some words of one length holds, each character as one of 64 bits."""
    letters = texts.view(np.uint32).reshape(len(texts), -1)
    each = np.uint64(1) << (letters % 64).astype(np.uint64)
    return np.asarray(np.bitwise_or.reduce(each, axis=1), np.uint64)
