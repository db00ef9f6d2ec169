"""Where in a text the words of a question stand."""

from collections.abc import Callable, Iterable

from mem.index import Clause, Exactly, Phrase, Prefix, Typo, Word, words
from mem.index.words import Token
from mem.search import query

Range = tuple[int, int]
Marker = Callable[[str], tuple[Range, ...]]


def ranges(text: str, clause: Clause) -> tuple[Range, ...]:
    """`[start, end)` of every match, in characters of `text`, in order and never overlapping."""
    return marker(clause)(text)


def marker(clause: Clause) -> Marker:
    """What gives the `ranges` of texts for one question, which is looked at once."""
    leaves = list(query.leaves(clause))
    wanted = {form for leaf in leaves if isinstance(leaf, Word) for form in (leaf.text, *leaf.forms)}
    literal = {leaf.text for leaf in leaves if isinstance(leaf, Exactly)} | wanted
    others = [leaf for leaf in leaves if not isinstance(leaf, Word | Exactly)]

    def marked(text: str) -> tuple[Range, ...]:
        tokens = words.tokens(text)
        found = [(start, end) for word, start, end in tokens if word in literal]
        parts = list(words.parts(text)) if words.may_have_parts(text) else []
        found += [(start, end) for word, start, end in parts if word in wanted]
        for leaf in others:
            found += _matches(leaf, tokens, parts)
        return tuple(_merged(sorted(set(found)))) if len(found) > 1 else tuple(found)

    return marked


def _matches(leaf: Clause, tokens: list[Token], parts: list[Token]) -> Iterable[Range]:
    match leaf:
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
