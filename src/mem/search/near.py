"""Hits by words and hits by meaning as one list.

Both lists are merged by reciprocal rank: what stands high in either, or in both, comes first. Where names
and numbers are asked for, words decide: all of their hits come before what is only alike in meaning.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mem.errors import NoMeaning
from mem.index import (
    Among,
    Choice,
    Clause,
    Either,
    Every,
    Exactly,
    Found,
    Index,
    Phrase,
    Prefix,
    Question,
    Shown,
    Typo,
    Without,
    Word,
)
from mem.index.hits import TEXT_KINDS, Hits, Numbers, numbers
from mem.index.vectors import key, parted
from mem.meaning import Meaning
from mem.search import query as queries
from mem.types import TextKind

Key = TypeVar("Key", TextKind, int)
MOST = 100  # texts that are near in meaning
_LEAST = 0.3  # cosine: 0.06 between texts about other things (99 of 100 below 0.28), 0.35 to 0.57 where meant
_FEW = 5_000  # texts that filters leave, up to which they are compared without the others
_STEADY = 60.0  # of reciprocal ranks: how little the first few ranks differ
_LAST = 1e-3  # of the weight of words, what is only alike in meaning weighs where words decide
_COLUMNS = ("kinds", "ids", "sources", "starts", "ends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Texts that are near in meaning to a question."""

    texts: tuple[tuple[int, int], ...]  # place of the kind in TEXT_KINDS, and id; the nearest first
    words: Question  # the question itself, by its words
    alone: Question  # the same for these texts, whatever their words
    both: Question  # these texts, as far as they have the words


def find(finder: Index, meaning: Meaning | None, question: Question) -> Near | None:
    """What is near to a question's words; None where it has none. Raises NoMeaning."""
    if meaning is None:
        raise NoMeaning
    leaves = list(queries.leaves(question.clause))
    said = " ".join(filter(None, map(_said, leaves)))
    if not said:
        return None
    excluded = _excluded(question.clause)
    keys = meaning.nearest(said, MOST, _LEAST, _filtered(finder, question, excluded))
    texts = tuple(map(parted, keys))
    among = Among(texts)
    return Near(
        texts=tuple((TEXT_KINDS.index(kind), number) for kind, number in texts),
        words=question,
        alone=dataclasses.replace(question, clause=Every((among, *excluded))),
        both=dataclasses.replace(question, clause=Every((among, question.clause))),
    )


def either(near: Near) -> Question:
    """The question whose hits are those by words and those by meaning, in no order of their own."""
    return dataclasses.replace(near.words, clause=Either((near.words.clause, near.alone.clause)))


def search(finder: Index, near: Near, *, limit: int, offset: int) -> tuple[Found, bool]:
    """A window of hits by words, the first with those by meaning merged in, and whether more may follow.

    Counts are of both.
    """
    found, alone = finder.find(near.words, limit=limit, offset=offset), finder.find(near.alone, limit=MOST)
    both = finder.find(near.both, limit=1)
    known = set(_names(found.hits))
    ranks = {name: rank for rank, name in enumerate(near.texts)}
    share = _LAST if _words_decide(near.words.clause) else 1.0
    scored: list[tuple[float, Found, int]] = []
    for place, name in enumerate(_names(found.hits)):
        score = 1 / (_STEADY + offset + place)
        if name not in ranks:
            scored.append((score, found, place))
        elif offset == 0:  # else the first window has it
            scored.append((score + share / (_STEADY + ranks[name]), found, place))
    for place, name in enumerate(_names(alone.hits) if offset == 0 else ()):
        if name not in known:
            scored.append((share / (_STEADY + ranks[name]), alone, place))
    scored.sort(key=lambda one: -one[0])
    merged = Found(
        hits=_hits(scored, found.hits, alone.hits),
        total=found.total + alone.total - both.total,
        by_kind=_sum(found.by_kind, alone.by_kind, both.by_kind),
        by_source=_sum(found.by_source, alone.by_source, both.by_source),
        outside=found.outside + alone.outside - both.outside,
        texts=_texts([(origin, place) for _, origin, place in scored]),
    )
    return merged, len(found.hits) == limit


def _filtered(finder: Index, question: Question, excluded: Sequence[Clause]) -> Numbers | None:
    """The keys of the texts that the filters leave, if they are few; None: look among all.

    Who may know a part alone is never given what is near among all: the rest would take up places.
    """
    rest = dataclasses.replace(question, clause=Every(tuple(excluded)))
    most = dataclasses.replace(rest, tags=Choice(only=question.tags.only)) == Question(clause=Every())
    if most and not finder.bounded:
        return None  # leaving out a tag leaves most
    total = finder.find(rest, limit=1).total
    if total > _FEW and not finder.bounded:
        return None
    hits = finder.find(rest, limit=max(1, total), sort="time").hits
    return numbers([key(TEXT_KINDS[kind], number) for kind, number in _names(hits)])


def _excluded(clause: Clause) -> list[Clause]:
    """What must not be there."""
    if isinstance(clause, Without):
        return [clause]
    return [each for each in clause.clauses if isinstance(each, Without)] if isinstance(clause, Every) else []


def _words_decide(clause: Clause) -> bool:
    """Whether a name, a number or an exact wording is asked for: one word, a digit, quotes, a star."""
    leaves = list(queries.leaves(clause))
    exact = any(isinstance(leaf, Phrase | Exactly | Prefix) for leaf in leaves)
    return exact or len(leaves) < 2 or any(map(str.isdigit, "".join(map(queries.text, leaves))))


def _said(leaf: Clause) -> str:
    match leaf:
        case Word(text) | Typo(text) | Exactly(text) | Prefix(text):
            return text
        case Phrase(words):
            return " ".join(words)
        case _:
            return ""


def _names(hits: Hits) -> list[tuple[int, int]]:
    return list(zip(hits.kinds.tolist(), hits.ids.tolist(), strict=True))


def _hits(scored: Sequence[tuple[float, Found, int]], words: Hits, near: Hits) -> Hits:
    """The chosen rows of both, with their scores."""
    places = [place if origin.hits is words else place + len(words) for _, origin, place in scored]
    columns = {name: np.concatenate((getattr(words, name), getattr(near, name))) for name in _COLUMNS}
    chosen = {name: column[np.asarray(places, np.int64)] for name, column in columns.items()}
    return Hits(**chosen, scores=np.array([score for score, _, _ in scored], float))


def _sum(one: Mapping[Key, int], other: Mapping[Key, int], twice: Mapping[Key, int]) -> dict[Key, int]:
    """How many of each there are in two lists, given how many are in both."""
    names = one.keys() | other.keys()
    counts = {name: one.get(name, 0) + other.get(name, 0) - twice.get(name, 0) for name in names}
    return {name: count for name, count in sorted(counts.items(), key=lambda each: -each[1]) if count}


def _texts(origins: Sequence[tuple[Found, int]]) -> Callable[[Sequence[int]], list[Shown]]:
    """Reads the texts of hits that two answers gave."""

    def read(wanted: Sequence[int]) -> list[Shown]:
        return [text for place in wanted for text in _one(*origins[place])]

    return read


def _one(origin: Found, place: int) -> list[Shown]:
    if origin.texts is None:
        raise NoMeaning
    return origin.texts([place])
