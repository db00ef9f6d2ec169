"""The index inside PostgreSQL: a table of tsvectors made by words.py, shared by every process."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

import numpy as np

from mem import index
from mem.errors import NoMeaning, TooBusy
from mem.index import Choice, Clause, Entry, EntryKind, Question, Sort, Transaction, words
from mem.index.hits import TEXT_KINDS, Hits, numbers
from mem.types import from_epoch, since_epoch

_BATCH = 1_000  # entries in one statement
_SHORTEST = 4  # letters of a word that one of five letters may have been meant for
_LOOK_AGAIN = 0.02  # seconds
_MOST_SIMILAR = 200  # words that one mistyped word may stand for
_NOTHING = "('x' & !'x')"


class Storage(Protocol):
    """The database, as far as it is used here."""

    def read(self, query: str, *params: object) -> list[Mapping[str, Any]]:
        """The rows of a named query."""

    def write(self) -> AbstractContextManager[Transaction]:
        """A transaction."""


class Postgres:
    """The index in the tables of `db`. Changes are part of the transaction that `turn` opens."""

    seen = 0  # changes are forgotten in the transaction that takes them in
    level: int | None = None
    firm: int | None = None
    kept: bool = False
    bounded = False
    watcher: Callable[[str, set[int]], None] | None = None

    def __init__(self, db: Storage) -> None:
        self._db = db
        self._here = threading.local()
        self._whole = False

    @property
    def whole(self) -> bool:
        """Whether it was made by the same rules and to the end."""
        if not self._whole:
            self._whole = [row["make"] for row in self._db.read("postgres_search.make")] == [words.rules()]
        return self._whole

    @contextmanager
    def turn(self, wait: float | None = None) -> Iterator[Transaction]:
        """Be the only one, in all processes, who changes it. Raises TooBusy after `wait` seconds."""
        with self._db.write() as w:
            _lock(w, wait)
            self._here.transaction = w
            try:
                yield w
            finally:
                self._here.transaction = None

    def scrub(self, read: index.Reading) -> bool:  # noqa: ARG002
        """False: rows that were taken out stay in the file of a table until it is made anew."""
        return False

    def empty(self) -> None:
        """Forget everything; the index is whole again after `complete`."""
        with self._writing() as w:
            for query in ("unmark", "empty_entries", "empty_words"):
                w.run(f"postgres_search.{query}")
            self._whole = False

    def complete(self) -> None:
        """Mark the index as whole."""
        with self._writing() as w:
            w.run("postgres_search.unmark")
            w.run("postgres_search.mark", words.rules())

    def add(self, entries: Iterable[Entry]) -> None:
        """Put these in, each in place of what had its kind and id."""
        remaining = iter(entries)
        while batch := {(entry.kind, entry.id): entry for entry in islice(remaining, _BATCH)}:
            with self._writing() as w:
                w.many("postgres_search.add", map(_row, batch.values()))
                spoken = {
                    word for entry in batch.values() if entry.kind != "source" for word in _similar(entry)
                }
                w.many("postgres_search.add_words", ((word,) for word in sorted(spoken)))

    fill = add

    def remove(self, kind: EntryKind, ids: Iterable[int]) -> None:
        """Take these out."""
        with self._writing() as w:
            w.run("postgres_search.remove", kind, list(ids))

    def remove_source(self, source_id: int) -> None:
        """Take out every text of a source, and its own entry."""
        with self._writing() as w:
            w.run("postgres_search.remove_source", source_id)

    def commit(self) -> None:
        """Nothing is left to do: the end of the turn commits."""

    def close(self) -> None:
        """Nothing is held."""

    def counts(self) -> Mapping[EntryKind, int]:
        """How many entries of each kind it holds."""
        return {row["kind"]: row["rows"] for row in self._db.read("postgres_search.counts")}

    def known(self, words: Iterable[str]) -> set[str]:
        """Those of the folded words that stand in at least one text."""
        asked = sorted(words)
        if not asked:
            return set()
        rows = self._db.read("postgres_search.known", [_lexeme(word) for word in asked])
        return {asked[row["number"] - 1] for row in rows}

    def sources(self, name: str = "", location: str = "", limit: int = 1000) -> list[int]:
        """Ids of sources whose name and location hold all these words."""
        asked = [_lexeme(word) + ":A" for word in words.plain(name)]
        asked += [_lexeme(word) + ":B" for word in words.plain(location)]
        rows = self._db.read("postgres_search.sources", " & ".join(asked) or None, limit)
        return [row["id"] for row in rows]

    def find(
        self,
        question: Question,
        *,
        limit: int,
        sort: Sort = "relevance",
        offset: int = 0,
        before: datetime | None = None,
    ) -> index.Found:
        """The best hits first, or the newest; `offset` and `before` leave out hits, not counts."""
        asked = None if question.clause == index.Every() else self._text(question.clause)
        given = (asked, *_filters(question), question.start, question.end)
        wholly = (question.not_before, question.not_after)
        query = "postgres_search.best" if sort == "relevance" else "postgres_search.newest"
        rows = self._db.read(query, *given, before, limit, offset, *wholly)
        by_kind: Counter[Any] = Counter()
        by_source: Counter[int] = Counter()
        everywhere = 0
        for row in self._db.read("postgres_search.count_hits", *given, *wholly):
            everywhere += row["all"]
            if row["inside"]:
                by_kind[row["kind"]] += row["inside"]
                by_source[row["source_id"]] += row["inside"]
        return index.Found(
            hits=_hits(rows),
            total=by_kind.total(),
            by_kind=dict(by_kind),
            by_source=dict(by_source.most_common(index.MOST_SOURCES)),
            outside=everywhere - by_kind.total(),
            texts=None,
        )

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        transaction = getattr(self._here, "transaction", None)
        if transaction is not None:
            yield transaction
        else:
            with self.turn() as w:
                yield w

    def _text(self, clause: Clause) -> str:
        """A clause as a tsquery."""
        match clause:
            case index.Word(text, forms):
                return _either(map(_lexeme, (text, *forms)))
            case index.Exactly(text):
                return _lexeme(text) + ":A"
            case index.Typo(text, errors):
                near = [row["word"] for row in self._db.read("postgres_search.similar", text, errors)]
                meant = sorted(word for word in near if words.within(text, word, errors))
                return _either(_lexeme(word) + ":A" for word in meant[:_MOST_SIMILAR])
            case index.Prefix(text):
                return _lexeme(text) + ":*"
            case index.Phrase(phrase, open_end):
                row = [_lexeme(word) + ":A" for word in phrase]
                return f"({' <-> '.join(row)}{'*' * open_end})"
            case index.Every(clauses):
                return f"({' & '.join(map(self._text, clauses))})" if clauses else f"(!{_NOTHING})"
            case index.Either(clauses):
                return _either(map(self._text, clauses))
            case index.Without(each):
                return f"!({self._text(each)})"
            case index.Among():
                raise NoMeaning


def _lock(w: Transaction, wait: float | None) -> None:
    limit = None if wait is None else time.monotonic() + wait
    while not w.run("postgres_search.try_lock")[0]["locked"]:  # a statement must not wait for long
        if limit is not None and time.monotonic() >= limit:
            raise TooBusy("The search index is being brought up to date.")
        time.sleep(_LOOK_AGAIN)


def _row(entry: Entry) -> Sequence[object]:
    start, end = from_epoch(entry.start), from_epoch(max(entry.end, entry.start + 1))
    tags = [tag if tag == index.SUSPECT else index.tag(tag) for tag in entry.tags]
    language = index.tag(entry.language)
    return (entry.kind, entry.id, entry.source_id, start, end, _vector(entry), language, tags)


def _hits(rows: Sequence[Mapping[str, Any]]) -> Hits:
    return Hits(
        kinds=numbers([TEXT_KINDS.index(row["kind"]) for row in rows]),
        ids=numbers([row["id"] for row in rows]),
        sources=numbers([row["source_id"] for row in rows]),
        starts=numbers([since_epoch(row["start"]) for row in rows]),
        ends=numbers([since_epoch(row["end"]) for row in rows]),
        scores=np.asarray([row["score"] for row in rows], float),
    )


def _vector(entry: Entry) -> str:
    """The words of an entry as tsvector text, such as 're16':1A 'tgk':2A 're16tgk'."""
    placed = [f"{_lexeme(word)}:{place}A" for place, word in enumerate(words.plain(entry.text), 1)]
    if entry.kind == "source":
        placed += [f"{_lexeme(word)}:{place}B" for place, word in enumerate(words.plain(entry.location), 1)]
    else:
        first = len(placed) + 2  # a phrase does not go on from one to the other
        placed += [f"{_lexeme(word)}:{place}A" for place, word in enumerate(words.plain(entry.also), first)]
        placed += [_lexeme(part.text) for text in (entry.text, entry.also) for part in words.parts(text)]
    return " ".join(placed)


def _similar(entry: Entry) -> Iterator[str]:
    return (word for text in (entry.text, entry.also) for word in words.plain(text) if len(word) >= _SHORTEST)


def _lexeme(word: str) -> str:
    return f"'{word}'"  # a word holds letters, digits and marks only, so nothing needs escaping


def _either(texts: Iterable[str]) -> str:
    return f"({' | '.join(texts) or _NOTHING})"


def _filters(question: Question) -> tuple[object, ...]:
    kinds = set(index.TEXT_KINDS) if question.kinds.only is None else question.kinds.only
    wanted = [kind for kind in index.TEXT_KINDS if kind in kinds - question.kinds.never]
    return (
        wanted,
        *_choice(question.sources, numbers=True),
        *_choice(question.languages),
        *_choice(question.tags),
    )


def _choice(choice: Choice, *, numbers: bool = False) -> tuple[object, object]:
    def values(texts: Iterable[str]) -> list[Any]:
        return [int(text) if numbers else text for text in texts]

    return None if choice.only is None else values(choice.only), values(choice.never)
