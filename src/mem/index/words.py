"""What counts as a word, in texts and in questions alike.

Everything that finds or highlights uses these functions, so that an index, a highlight and the
question always agree. A text is *folded* (case, accents, look-alike forms and what is not seen are
dropped), then cut into *tokens*: runs of letters and digits; of scripts written without spaces, single
characters with their marks.
*Parts* are the other ways to ask for a word: pieces of an identifier ("16" in "RE16", "user" in
"getUserName") and its joined form ("email" for "e-mail", "10000" for "10,000", "1234.5" for "1,234.5").

All offsets count characters of the original text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

LONGEST = 64  # characters of a token; what follows is not looked at
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"  # Thai, Lao, Myanmar, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_NOT_DECOMPOSED = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t",
}  # fmt: skip
# Marks that writers leave out at will: Latin, Greek and Cyrillic accents, Hebrew and Arabic vowel points.
_ACCENTS = {*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x610, 0x61B), *range(0x64B, 0x660), 0x670}
# What is not seen: soft hyphens, joiners, marks of direction, the choice between forms of a character.
_UNSEEN = {
    0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
    *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
}  # fmt: skip


def _marks() -> str:
    """Every combining mark of the scripts in use: part of a word, dropped where it is an accent."""
    blocks = (*range(0x300, 0x3100), *range(0xA66F, 0xABF0), *range(0xFE20, 0xFE30))
    return "".join(chr(code) for code in blocks if unicodedata.category(chr(code))[0] == "M")


_LETTER = rf"[^\W_][{_marks()}]*"
_TOKEN = re.compile(rf"(?=[{_SPACELESS}]){_LETTER}|(?:(?![{_SPACELESS}]){_LETTER})+")
_PLAIN_TOKEN = re.compile("[a-z0-9]+")
_SPACED = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}  # the same cut
_COMPOUND = re.compile(r"[^\W_]+(?:[-_'’‐‑][^\W_]+)+|(?<![\d.,])\d{1,3}(?:,\d{3})+(?!,?\d)")
_DECIMAL = re.compile(r"(?<![\d.,])(?:[0-9]{4,}|[0-9]{1,3}(?:,[0-9]{3})+)\.[0-9]+(?![.,]?\d)")
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\WA-Za-z0-9_]+")
_HAS_PIECES = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z][0-9]|[0-9][A-Za-z]")
_HAS_COMPOUND = re.compile(r"[-_'’‐‑,](?=\w)|[0-9]{4}\.[0-9]")  # only a hint that it is worth a closer look
# The same for plain text, three times as fast: letters, digits and joints each as one character.
_SHAPE = {
    code: "a" if c.islower() else "A" if c.isupper() else "0" if c.isdigit() else "-" if c in "-_'," else " "
    for code, c in enumerate(map(chr, range(128)))
} | {ord("."): "."}


class Token(NamedTuple):
    """A folded word and where it stands in the original text."""

    text: str
    start: int
    end: int


_DROPPED = _ACCENTS | _UNSEEN


class _Folding(dict[int, str]):
    """What each character folds to, worked out once."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        plain = "".join(_NOT_DECOMPOSED.get(c, c) for c in plain)
        folded = "".join(c for c in unicodedata.normalize("NFKD", plain) if ord(c) not in _DROPPED)
        self[code] = folded
        return folded


_FOLDING = _Folding()


def rules() -> str:
    """A digest of the rules below, Unicode's included: an index made by others must be made anew."""
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"{digest} {unicodedata.unidata_version}"


def fold(text: str) -> str:
    """`text` without case, accents and compatibility forms."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def plain(text: str) -> list[str]:
    """The folded tokens of `text`, in order."""
    pattern = _PLAIN_TOKEN if text.isascii() else _TOKEN
    return [word[:LONGEST] for word in pattern.findall(fold(text))]


def spaced(text: str) -> str:
    """The tokens of `text` with spaces between, as an index takes them."""
    if text.isascii():
        folded = text.translate(_SPACED)
        if len(text) <= LONGEST or max(map(len, folded.split()), default=0) <= LONGEST:
            return folded
    return " ".join(plain(text))


def may_have_parts(text: str) -> bool:
    """Whether it is worth looking for `parts`."""
    if text.isascii():
        shape = text.translate(_SHAPE)
        joined = "-a" in shape or "-A" in shape or "-0" in shape or "--" in shape or "0000.0" in shape
        mixed = "a0" in shape or "A0" in shape or "0a" in shape or "0A" in shape
        return joined or mixed or "aA" in shape or "AAa" in shape
    return _HAS_COMPOUND.search(text) is not None or _HAS_PIECES.search(text) is not None


def tokens(text: str) -> list[Token]:
    """The tokens of `text` with their places."""
    if text.isascii():
        return [Token(m[0][:LONGEST], m.start(), m.end()) for m in _PLAIN_TOKEN.finditer(text.lower())]
    folded, places = "", []
    for place, character in enumerate(text):
        more = _FOLDING[ord(character)]
        folded += more
        places += [place] * len(more)
    places.append(len(text))
    return [
        Token(m[0][:LONGEST], places[m.start()], _end(text, places, m.end())) for m in _TOKEN.finditer(folded)
    ]


def _end(text: str, places: list[int], end: int) -> int:
    """The place after the last character of a token, the accents that were folded away included."""
    place = places[end - 1] + 1
    while place < len(text) and not _FOLDING[ord(text[place])]:
        place += 1
    return place


def parts(text: str) -> Iterator[Token]:
    """The other ways to ask for words of `text`: pieces of identifiers and joined forms."""
    if _HAS_COMPOUND.search(text):
        for compound in _COMPOUND.finditer(text):
            joined = _joined(compound[0])
            if joined and len(joined) <= LONGEST and ("," in compound[0] or not joined.isdigit()):
                yield Token(joined, compound.start(), compound.end())
        for number in _DECIMAL.finditer(text):
            yield Token(number[0].replace(",", "")[:LONGEST], number.start(), number.end())
    if _HAS_PIECES.search(text):
        for word in _WORD.finditer(text):
            if _HAS_PIECES.search(word[0]):
                yield from _pieces(word[0], word.start())


def part_texts(text: str) -> set[str]:
    """The same without their places, worked out once for each way that a word is written."""
    found: set[str] = set()
    for written in text.split():  # no part reaches over a space
        found.update(_part_texts(written))
    return found


@lru_cache(maxsize=50_000)
def _part_texts(written: str) -> tuple[str, ...]:
    return tuple(part.text for part in parts(written)) if may_have_parts(written) else ()


def _joined(text: str) -> str:
    """The tokens of a short text in one."""
    return "".join(text.translate(_SPACED).split()) if text.isascii() else "".join(plain(text))


def _pieces(word: str, start: int) -> Iterator[Token]:
    for piece in _PIECE.finditer(word):
        text = _joined(piece[0])
        if len(text) > 1 and len(piece[0]) < len(word):
            yield Token(text[:LONGEST], start + piece.start(), start + piece.end())


def forms(word: str) -> tuple[str, ...]:
    """The English singular or plural of `word`, which a search for it finds as well."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return ()
    hissing = ("s", "x", "z", "ch", "sh")
    if word.endswith("s") and not word.endswith("ss"):
        found = {word[:-1]} if len(word) > 4 else set()
        if word.endswith("ies"):
            found = {word[:-3] + "y"}
        elif word.endswith("es") and word[:-2].endswith(hissing):
            found.add(word[:-2])
    elif word.endswith(hissing):
        found = {word + "es"}
    else:
        found = {word[:-1] + "ies"} if word.endswith("y") and word[-2] not in "aeiou" else {word + "s"}
    return tuple(sorted(found))


def tolerance(word: str) -> int:
    """How many typing errors may separate `word` from what was meant: none in numbers and short words."""
    if len(word) < 5 or not word.isalpha():
        return 0
    return 1 if len(word) < 9 else 2


def within(word: str, other: str, errors: int) -> bool:
    """Whether at most `errors` edits (change, loss, insertion, swap of neighbours) lie between them."""
    if abs(len(word) - len(other)) > errors or len(set(word).difference(other)) > errors:
        return False  # each edit brings in one letter at most
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and word[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > errors:
            return False
    return row[-1] <= errors
