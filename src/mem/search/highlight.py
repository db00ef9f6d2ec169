"""Where in a text the words of a question stand."""

from collections.abc import Iterable

from mem.index import Clause, Exactly, Phrase, Prefix, Typo, Word, words
from mem.index.words import Token
from mem.search import query

Range = tuple[int, int]


def ranges(text: str, clause: Clause) -> tuple[Range, ...]:
    """`[start, end)` of every match, in characters of `text`, in order and never overlapping."""
    tokens = words.tokens(text)
    parts = list(words.parts(text))
    found = {place for leaf in query.leaves(clause) for place in _matches(leaf, tokens, parts)}
    return tuple(_merged(sorted(found)))


def _matches(leaf: Clause, tokens: list[Token], parts: list[Token]) -> Iterable[Range]:
    match leaf:
        case Word(text, forms):
            return _places(token for token in (*tokens, *parts) if token.text in (text, *forms))
        case Exactly(text):
            return _places(token for token in tokens if token.text == text)
        case Typo(text, errors):
            return _places(token for token in tokens if words.within(text, token.text, errors))
        case Prefix(text):
            return _places(token for token in (*tokens, *parts) if token.text.startswith(text))
        case Phrase(phrase, open_end):
            return _rows(phrase, open_end, tokens)
        case _:
            return ()


def _places(tokens: Iterable[Token]) -> list[Range]:
    return [(token.start, token.end) for token in tokens]


def _rows(phrase: tuple[str, ...], open_end: bool, tokens: list[Token]) -> list[Range]:
    found = []
    *firsts, last = phrase
    for place in range(len(tokens) - len(phrase) + 1):
        row = tokens[place : place + len(phrase)]
        end = row[-1].text
        if [t.text for t in row[:-1]] == firsts and (end.startswith(last) if open_end else end == last):
            found.append((row[0].start, row[-1].end))
    return found


def _merged(places: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for start, end in places:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
