"""How far what was heard is from what was said, in words."""

from collections.abc import Sequence

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELT = {"harbour": "harbor", "neighbour": "neighbor", "neighbours": "neighbors"}


def plain(text: str) -> list[str]:
    """The words alone, as error rates compare them: no case, no punctuation, numbers below 100 in words,
    American spelling.
    """
    kept = "".join(letter if letter.isalnum() or letter in "' " else " " for letter in text.lower())
    return [part for word in kept.split() for part in _spoken(word)]


def _spoken(word: str) -> list[str]:
    if not (word.isascii() and word.isdigit() and len(word) <= 2):
        return [_SPELT.get(word, word)]
    number = int(word)
    if number < len(_SMALL):
        return [_SMALL[number]]
    return [_TENS[number // 10 - 2], *([_SMALL[number % 10]] if number % 10 else [])]


def edits(truth: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How many words are wrong, missing or too many; and how many of these are missing."""
    row = [(n, 0) for n in range(len(heard) + 1)]  # edits, of which deletions
    for i, word in enumerate(truth, 1):
        before, row = row, [(i, i)]
        for j, other in enumerate(heard, 1):
            same = (before[j - 1][0] + (word != other), before[j - 1][1])
            missing = (before[j][0] + 1, before[j][1] + 1)
            more = (row[j - 1][0] + 1, row[j - 1][1])
            row.append(min(same, more, missing))
    return row[-1]
