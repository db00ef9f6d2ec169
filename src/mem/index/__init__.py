"""The search index: derived from the rows, made again whenever it is missing or of another make.

`Index` is the seam; tantivy.py and postgres.py are its two implementations. Both cut texts by
words.py and answer the same question with the same hits (their scores differ).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from mem.index import words
from mem.index.hits import TEXT_KINDS as TEXT_KINDS
from mem.index.hits import Hits as Hits
from mem.index.hits import IndexHit as IndexHit
from mem.index.hits import numbers
from mem.types import TextKind

EntryKind = TextKind | Literal["source"]  # a source's own entry: its name and its place
Sort = Literal["relevance", "time"]


class Entry(NamedTuple):
    """One text to be found. A tuple, since half a million are made at once."""

    kind: EntryKind
    id: int
    source_id: int  # 0 where a note is about the time itself
    start: int  # ms since 1970
    end: int
    text: str  # of a source: its name
    language: str = ""
    tags: Sequence[str] = ()
    location: str = ""  # of a source only
    also: str = ""  # more by which it is found, which is not shown
    stands: Sequence[int] = ()  # of a line on screen: its first frame, and x, y, width and height there


class Shown(NamedTuple):
    """What an answer shows of a text."""

    text: str
    stands: Sequence[int] = ()  # as of an `Entry`


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, its other grammatical forms included."""

    text: str
    forms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typo:
    """A word that nothing holds, looked for with that many typing errors."""

    text: str
    errors: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin so."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """At least two words, one directly after the other; the last may be a beginning only."""

    words: tuple[str, ...]
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Exactly:
    """One word as it is written, without its other forms."""

    text: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of these; of none: every text."""

    clauses: tuple["Clause", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of these."""

    clauses: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Texts that the clause does not match."""

    clause: "Clause"


@dataclass(frozen=True, slots=True)
class Among:
    """These very texts, by kind and id; for an index in files alone."""

    texts: tuple[tuple[TextKind, int], ...]


Clause = Word | Typo | Prefix | Phrase | Exactly | Every | Either | Without | Among


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which values of one property are wanted: `only` these (None: any), and none of `never`."""

    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to find, ready for an index. Times are half-open: texts that overlap `[start, end)`."""

    clause: Clause
    kinds: Choice = field(default_factory=Choice)
    sources: Choice = field(default_factory=Choice)  # ids as decimal text
    languages: Choice = field(default_factory=Choice)
    tags: Choice = field(default_factory=Choice)  # as `tag` folds them
    start: datetime | None = None
    end: datetime | None = None
    not_before: datetime | None = None  # only texts wholly from here on; the rest is not counted either
    not_after: datetime | None = None  # only texts that have ended by then
    alone: bool = False  # words weigh as if there were no texts but those that the filters leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best (or newest) hits, and how many there are in all."""

    hits: Hits
    total: int
    by_kind: Mapping[TextKind, int]
    by_source: Mapping[int, int]  # at most MOST_SOURCES, those with the most hits
    outside: int  # hits that only the time range excludes
    texts: Callable[[Sequence[int]], list[Shown]] | None  # of hits by their places; None: it holds no texts


MOST_SOURCES = 200


def none(outside: int) -> Found:
    """No hit at all, but so many outside of the time that was asked for."""
    nothing = numbers([])
    hits = Hits(
        kinds=nothing, ids=nothing, sources=nothing, starts=nothing, ends=nothing, scores=np.zeros(0)
    )  # fmt: skip
    return Found(hits=hits, total=0, by_kind={}, by_source={}, outside=outside, texts=None)


Reading = Callable[[EntryKind, list[int]], Iterable[Entry]]  # the entries of those ids that have a row


class Transaction(Protocol):
    """An open transaction of the database, where the index lies in it."""

    def read(self, query: str, *params: object) -> list[Mapping[str, Any]]:
        """The rows of a named query."""

    def run(self, query: str, *params: object) -> list[Mapping[str, Any]]:
        """Change something."""

    def change(self, query: str, *params: object) -> int:
        """Change something; gives how many rows."""

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows."""

    def script(self, text: str) -> None:
        """Run statements."""

    def put(self, sql: str, rows: str) -> None:
        """Insert rows, given as one json."""


class Index(Protocol):
    """Finds texts. Changes are seen by `find` after `commit`; adding a text twice changes nothing."""

    seen: int  # number of the last change that it has taken in since it was opened
    level: int | None  # the version of the changes at which none was left to take in; None: look
    firm: int | None  # the version then of what changes or takes away texts, and of what a person adds
    kept: bool  # whether a thread brings in what is new, so that no search has to
    bounded: bool  # whether it knows a part of all texts alone
    watcher: Callable[[str, set[int]], None] | None  # told of the kind and ids of what it takes in

    def turn(self, wait: float | None = None) -> AbstractContextManager[Transaction | None]:
        """Be the only one who changes it; waits `wait` seconds at most. Raises TooBusy.

        Gives the transaction that the changes are part of, where the index lies in the database.
        """

    def add(self, entries: Iterable[Entry]) -> None:
        """Put these in, each in place of what had its kind and id."""

    def fill(self, entries: Iterable[Entry]) -> None:
        """Put these in, none of which is there yet: part of a rebuild."""

    def remove(self, kind: EntryKind, ids: Iterable[int]) -> None:
        """Take these out."""

    def remove_source(self, source_id: int) -> None:
        """Take out every text of a source, and its own entry."""

    def commit(self) -> None:
        """Make the changes since the last commit durable and visible."""

    def scrub(self, read: Reading) -> bool:
        """Write anew what still holds texts that were taken out, from the rows that `read` gives.

        False: it takes a rebuild to be rid of them.
        """

    def empty(self) -> None:
        """Begin a rebuild, of which `complete` is the end; one that was whole goes on answering till then."""

    def complete(self) -> None:
        """Commit, and mark the index as whole."""

    @property
    def whole(self) -> bool:
        """Whether it holds what it was given so far: False when it was missing, unreadable or half built."""

    def counts(self) -> Mapping[EntryKind, int]:
        """How many entries of each kind it holds."""

    def known(self, words: Iterable[str]) -> set[str]:
        """Those of the folded words that stand in at least one text."""

    def sources(self, name: str = "", location: str = "", limit: int = 1000) -> list[int]:
        """Ids of sources whose name and location hold all these words."""

    def find(
        self,
        question: Question,
        *,
        limit: int,
        sort: Sort = "relevance",
        offset: int = 0,
        before: datetime | None = None,
    ) -> Found:
        """The best hits first, newer before older ones as good; or the newest first.

        `offset` skips that many hits, `before` those that start then or later; neither touches counts.
        """

    def close(self) -> None:
        """Commit and let go."""


SUSPECT = "-suspect"  # the tag of speech that is doubted; `tag` gives nothing like it for a person's


@lru_cache(maxsize=1_000)
def tag(text: str) -> str:
    """A tag or a language as it is compared: folded words with one space between."""
    return " ".join(words.plain(text))
