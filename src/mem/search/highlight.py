"""Where in a text the words of a question stand."""

from collections.abc import Callable, Iterable, Iterator, Sequence

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
    plainly = _plainly(literal, others)

    def marked(text: str) -> tuple[Range, ...]:
        if plainly is not None and text.isascii() and not _in_parts(text, wanted, others):
            found = plainly(text.lower())
        else:
            tokens, parts = words.tokens(text), list(words.parts(text))
            found = [(start, end) for word, start, end in tokens if word in literal]
            found += [(start, end) for word, start, end in parts if word in wanted]
            for leaf in others:
                found += _matches(leaf, tokens, parts)
        return tuple(_merged(sorted(set(found)))) if len(found) > 1 else tuple(found)

    return marked


def in_bytes(text: str, found: Sequence[Range]) -> tuple[Range, ...]:
    """The same ranges in bytes of the text's UTF-8."""
    if text.isascii():
        return tuple(found)
    places, place, size = {}, 0, 0
    for wanted in sorted({place for each in found for place in each}):
        size += len(text[place:wanted].encode())
        places[wanted], place = size, wanted
    return tuple((places[start], places[end]) for start, end in found)


def _in_parts(text: str, wanted: set[str], others: Iterable[Clause]) -> bool:
    """Whether something that is asked for stands in a text as a part of a word."""
    parts = words.part_texts(text)
    beginnings = tuple(leaf.text for leaf in others if isinstance(leaf, Prefix))
    return not parts.isdisjoint(wanted) or any(part.startswith(beginnings) for part in parts)


def _plainly(literal: Iterable[str], others: Iterable[Clause]) -> Callable[[str], list[Range]] | None:
    """What finds the same in plain text of lower case, in a fifth of the time; None for words too long."""
    rows: list[tuple[tuple[str, ...], bool]] = [((word,), False) for word in literal]
    rows += [((leaf.text,), True) for leaf in others if isinstance(leaf, Prefix)]
    rows += [(leaf.words, leaf.open_end) for leaf in others if isinstance(leaf, Phrase)]
    typos = [leaf for leaf in others if isinstance(leaf, Typo)]
    if any(len(word) >= words.LONGEST for row, _ in rows for word in row):
        return None  # of longer words only the beginning is compared
    alike: dict[str, bool] = {}

    def mistyped(word: str) -> bool:
        if word not in alike:
            alike[word] = any(words.within(typo.text, word, typo.errors) for typo in typos)
        return alike[word]

    def found(text: str) -> list[Range]:
        places = [place for row, open_end in rows for place in _standing(text, row, open_end)]
        if typos:
            tokens = words.tokens(text)
            places += [(start, end) for word, start, end in tokens if mistyped(word)]
        return places

    return found


def _standing(text: str, row: Sequence[str], open_end: bool) -> Iterator[Range]:
    """Where these words stand one after the other in plain text of lower case."""
    place = text.find(row[0])
    while place >= 0:
        if (place == 0 or not text[place - 1].isalnum()) and (end := _end(text, place, row, open_end)):
            yield place, end
        place = text.find(row[0], place + 1)


def _end(text: str, place: int, row: Sequence[str], open_end: bool) -> int:
    """Where the words end that begin at `place`; 0 where others stand there."""
    size = len(text)
    for number, word in enumerate(row, 1):
        while number > 1 and place < size and not text[place].isalnum():
            place += 1
        if not text.startswith(word, place):
            return 0
        place += len(word)
        while place < size and text[place].isalnum():
            if not open_end or number < len(row):
                return 0
            place += 1
    return place


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
