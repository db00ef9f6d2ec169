"""The search index: derived from the rows, made again whenever it is missing or of another make.

`Index` is the seam; tantivy.py and postgres.py are its two implementations. Both cut texts by
words.py and answer the same question with the same hits (their scores differ).
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from mem.index import words
from mem.types import TextKind

EntryKind = TextKind | Literal["source"]  # a source's own entry: its name and its place
TEXT_KINDS: tuple[TextKind, ...] = ("speech", "screen", "note")
Sort = Literal["relevance", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One text to be found."""

    kind: EntryKind
    id: int
    source_id: int  # 0 where a note is about the time itself
    start: datetime
    end: datetime
    text: str  # of a source: its name
    language: str = ""
    tags: Sequence[str] = ()
    location: str = ""  # of a source only


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


Clause = Word | Typo | Prefix | Phrase | Exactly | Every | Either | Without


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


@dataclass(frozen=True, slots=True)
class IndexHit:
    """A text that answers the question."""

    kind: TextKind
    id: int
    source_id: int
    start: datetime
    end: datetime
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best (or newest) hits, and how many there are in all."""

    hits: Sequence[IndexHit]
    total: int
    by_kind: Mapping[TextKind, int]
    by_source: Mapping[int, int]  # at most MOST_SOURCES, those with the most hits
    outside: int  # hits that only the time range excludes


MOST_SOURCES = 200


class Transaction(Protocol):
    """An open transaction of the database, where the index lies in it."""

    def read(self, query: str, *params: object) -> list[Mapping[str, Any]]:
        """The rows of a named query."""

    def run(self, query: str, *params: object) -> list[Mapping[str, Any]]:
        """Change something."""

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows."""

    def script(self, text: str) -> None:
        """Run statements."""


class Index(Protocol):
    """Finds texts. Changes are seen by `find` after `commit`; adding a text twice changes nothing."""

    seen: int  # number of the last change that it has taken in since it was opened

    def turn(self, wait: float | None = None) -> AbstractContextManager[Transaction | None]:
        """Be the only one who changes it; waits `wait` seconds at most. Raises TooBusy.

        Gives the transaction that the changes are part of, where the index lies in the database.
        """

    def add(self, entries: Iterable[Entry]) -> None:
        """Put these in, each in place of what had its kind and id."""

    def remove(self, kind: EntryKind, ids: Iterable[int]) -> None:
        """Take these out."""

    def remove_source(self, source_id: int) -> None:
        """Take out every text of a source, and its own entry."""

    def commit(self) -> None:
        """Make the changes since the last commit durable and visible."""

    def empty(self) -> None:
        """Forget everything, as the beginning of a rebuild; `complete` is its end."""

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


def tag(text: str) -> str:
    """A tag or a language as it is compared: folded words with one space between."""
    return " ".join(words.plain(text))
