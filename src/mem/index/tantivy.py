"""The embedded index: tantivy files in `data/index/`.

One process writes (the one that owns the database). Texts are stored too, so that a page of hits need not
be gathered from all over the rows (25 ms in a year of them); times are milliseconds since 1970.
`make.json` beside the files says by which rules they were made, and is there only while the index is whole.
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import tantivy

from mem import failpoints, index
from mem.errors import IndexFailed, TooBusy
from mem.index import tantivy_answer as answer
from mem.index import tantivy_query, words
from mem.index.hits import TEXT_KINDS
from mem.index.tantivy_document import SCHEMA, document, make, shown
from mem.index.tantivy_query import KINDS
from mem.index.vocabulary import Vocabulary
from mem.types import since_epoch

_HEAP = 32 * 2**20  # bytes that the writer may fill before it writes a file of its own accord
_KIND_OF: tuple[index.EntryKind, ...] = tuple(KINDS)
_REFUSED = "invalid argument"  # what tantivy says of a question that it will not answer
_TOO_OPEN = "exceeded max expansions"  # such as that of a phrase whose last word may go on in 16,384 ways
_BATCH = 1_000  # entries that are looked for at once
_AT_ONCE = 20_000  # that are written anew at once
_FEW = 100  # documents; below this a term's stated frequency may be all deleted ones, so count them


class Tantivy:
    """The index in `folder`. Reading is free-threaded; writers take turns."""

    bounded = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new = folder.with_name(f"{folder.name}.new")  # where it is made anew
        self._mark = folder / "make.json"
        self._turn = threading.RLock()
        self._writer: tantivy.IndexWriter | None = None
        self._changed = False
        self._vocabulary: Vocabulary | None = None  # made when a mistyped word is asked for
        self._spelling = threading.Lock()
        self._new_words: set[str] = set()  # of texts that are not committed yet
        self.seen = 0
        self.level: int | None = None
        self.firm: int | None = None
        self.kept = False
        self.watcher: Callable[[str, set[int]], None] | None = None
        try:
            self._whole = self._mark.read_text() == make()
        except (OSError, UnicodeDecodeError):
            self._whole = False
        if self._whole:
            try:
                self._index = self._written = _opened(folder)
            except (OSError, ValueError):
                self._whole = False
        if not self._whole:
            self._index = self._written = tantivy.Index(SCHEMA)  # in memory, if there is no room for files
            with suppress(IndexFailed):
                self.empty()

    @property
    def whole(self) -> bool:
        """Whether it holds what it was given so far."""
        return self._whole

    @contextmanager
    def turn(self, wait: float | None = None) -> Iterator[None]:
        """Be the only one who changes it. Raises TooBusy after `wait` seconds."""
        if not self._turn.acquire(timeout=-1 if wait is None else wait):
            raise TooBusy("The search index is being brought up to date.")
        try:
            yield
        finally:
            self._turn.release()

    def empty(self) -> None:
        """Begin anew; until `complete` what is there goes on answering, if it was whole.

        A process that is killed in between finds no mark, and begins once more.
        """
        with self._turn, self._saving():
            self._writer, self._changed = None, False
            self._mark.unlink(missing_ok=True)
            shutil.rmtree(self._new, ignore_errors=True)
            self._new.mkdir(mode=0o700, parents=True)
            tantivy.Index(SCHEMA, path=str(self._new))
            self._written = _opened(self._new)
            if not self._whole:
                self._index = self._written

    def complete(self) -> None:
        """Commit, put it in the place of what was there, and mark it as whole."""
        with self._turn:
            self.commit()
            failpoints.reach("index.filled")
            with self._saving():
                if self._new.exists():
                    self._replace()
                self._mark.write_text(make())
            self._whole = True

    def scrub(self, read: index.Reading) -> bool:
        """Write anew the segments that hold texts that were taken out: marked as gone, they stay in them.

        Nobody can tell tantivy to merge one. But it lets go of a segment whose texts are all gone, so all of
        them are put in once more. False where that is more than half of everything.
        """
        with self._turn:
            self._settle()
            torn = self._torn()
            if not torn:
                return True
            searcher = self._index.searcher()
            if sum(size for _, size in torn) * 2 > searcher.num_docs:
                return False
            done = False
            try:
                with self._reading():
                    for place, size in torn:
                        for first in range(0, size, _AT_ONCE):
                            texts = range(first, min(size, first + _AT_ONCE))
                            addresses = [tantivy.DocAddress(place, text) for text in texts]
                            self._again(answer.values(searcher, "key", addresses), read)
                done = True
            finally:
                if not done:  # what was taken out and not put in again must never be committed
                    self._writer, self._changed = None, False
            self._settle()
            return not self._torn()

    def _again(self, keys: list[int], read: index.Reading) -> None:
        ids: dict[index.EntryKind, list[int]] = {}
        for key in keys:
            ids.setdefault(_KIND_OF[key % len(KINDS)], []).append(key // len(KINDS))
        for kind, numbers_of in ids.items():
            self.remove(kind, numbers_of)
            self.fill(read(kind, numbers_of))

    def _settle(self) -> None:
        """Commit, and wait until no files are being merged and none is left that is not in use."""
        self.commit()
        with self._saving():
            writer = self._writer or self._written.writer(heap_size=_HEAP, num_threads=1)
            self._writer = None
            writer.wait_merging_threads()
            self._written.reload()  # which lets go of the files of segments that were merged
            writer = self._written.writer(heap_size=_HEAP, num_threads=1)
            writer.garbage_collect_files()
            writer.wait_merging_threads()

    def _torn(self) -> list[tuple[int, int]]:
        """The segments that hold texts that were taken out: their places among all, and how many texts."""
        with self._reading():
            found = json.loads((self._folder / "meta.json").read_text())["segments"]
        return [(place, each["max_doc"]) for place, each in enumerate(found) if each["deletes"] is not None]

    def _replace(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None
        if self._folder.is_dir():
            shutil.rmtree(self._folder)
        self._new.rename(self._folder)
        self._index = self._written = _opened(self._folder)
        self._vocabulary = None

    def add(self, entries: Iterable[index.Entry]) -> None:
        """Put these in, each in place of what had its kind and id."""
        with self._writing() as writer:
            remaining = iter(entries)
            while batch := {_key(entry): entry for entry in islice(remaining, _BATCH)}:
                writer.delete_documents_by_query(_these(batch))
                for key, entry in batch.items():
                    writer.add_document(document(key, entry))
                    self._new_words.update(words.plain(entry.text), words.plain(entry.also))

    def fill(self, entries: Iterable[index.Entry]) -> None:
        """Put these in, none of which is there yet."""
        with self._writing() as writer:
            for entry in entries:
                writer.add_document(document(_key(entry), entry))

    def remove(self, kind: index.EntryKind, ids: Iterable[int]) -> None:
        """Take these out."""
        with self._writing() as writer:
            remaining = iter(ids)
            while batch := list(islice(remaining, _BATCH)):
                writer.delete_documents_by_query(_these(tantivy_query.key(kind, each) for each in batch))

    def remove_source(self, source_id: int) -> None:
        """Take out every text of a source, and its own entry."""
        with self._writing() as writer:
            # delete_documents_by_term takes a Python number for a signed one and deletes nothing here.
            writer.delete_documents_by_query(tantivy_query.term(SCHEMA, "source", source_id))

    def commit(self) -> None:
        """Make the changes since the last commit durable and visible."""
        with self._turn:
            if self._changed and self._writer is not None:
                with self._saving():
                    self._writer.commit()
                    self._written.reload()
                    self._changed = False
                if self._vocabulary is not None:
                    self._vocabulary.add(self._new_words)
                self._new_words.clear()

    def close(self) -> None:
        """Commit and let go."""
        with self._turn:
            self.commit()
            self._writer = None

    def counts(self) -> Mapping[index.EntryKind, int]:
        """How many entries of each kind it holds."""
        searcher = self._index.searcher()
        with self._reading():
            return {kind: answer.count(searcher, tantivy_query.kind(SCHEMA, kind)) for kind in _KIND_OF}

    def known(self, words: Iterable[str]) -> set[str]:
        """Those of the folded words that stand in at least one text."""
        searcher = self._index.searcher()
        with self._reading():
            return {word for word in words if any(_stands(searcher, f, word) for f in ("text", "parts"))}

    def _similar(self, word: str, errors: int) -> list[str]:
        """The words of texts that at most `errors` edits separate from a word."""
        with self._spelling:
            if (vocabulary := self._vocabulary) is None:
                # Given away before it is filled: what is committed meanwhile is added to it as well.
                self._vocabulary = vocabulary = Vocabulary()
                filled = False
                try:
                    vocabulary.add(w for w, _ in self._index.searcher().terms_with_prefix("text", ""))
                    filled = True
                finally:
                    if not filled:
                        self._vocabulary = None
        return vocabulary.near(word, errors)

    def sources(self, name: str = "", location: str = "", limit: int = 1000) -> list[int]:
        """Ids of sources whose name and location hold all these words."""
        searcher = self._index.searcher()
        with self._reading():
            query = tantivy_query.source(SCHEMA, words.plain(name), words.plain(location))
            places = [place for _, place in searcher.search(query, limit, count=False).hits]
            return sorted(answer.values(searcher, "source", places))

    def find(
        self,
        question: index.Question,
        *,
        limit: int,
        sort: index.Sort = "relevance",
        offset: int = 0,
        before: datetime | None = None,
    ) -> index.Found:
        """The best hits first, or the newest; `offset` and `before` leave out hits, not counts."""
        try:
            return self._find(question, limit, sort, offset, before)
        except IndexFailed as error:
            if _TOO_OPEN not in error.detail:
                raise
        loose = replace(question, clause=tantivy_query.loosened(question.clause))
        return self._find(loose, limit, sort, offset, before)

    def _find(
        self, question: index.Question, limit: int, sort: index.Sort, offset: int, before: datetime | None
    ) -> index.Found:
        searcher = self._index.searcher()
        with self._reading():
            asked = tantivy_query.Asked(
                SCHEMA,
                lambda field, word: searcher.doc_freq(field, word) > 0,
                self._similar,
                lambda wanted: answer.count(searcher, wanted),
            )
            everywhere = asked.everywhere(question)
            start, end = _optional_ms(question.start), _optional_ms(question.end)
            query = tantivy_query.within(SCHEMA, everywhere, start, end)
            page = tantivy_query.before(SCHEMA, query, _optional_ms(before))
            hits, places = answer.hits(searcher, page, limit, sort, offset)
            all_of_them = len(hits) < limit and offset == 0 and before is None
            kinds, sources = answer.counted(hits) if all_of_them else answer.aggregated(searcher, query)
            total = sum(kinds.values())
            ranged = start is not None or end is not None
            return index.Found(
                hits=hits,
                total=total,
                by_kind={TEXT_KINDS[kind]: count for kind, count in kinds.items()},
                by_source=sources,
                outside=answer.count(searcher, everywhere) - total if ranged else 0,
                texts=lambda wanted: self._texts(searcher, [places[place] for place in wanted]),
            )

    def _texts(self, searcher: tantivy.Searcher, places: Sequence[tantivy.DocAddress]) -> list[index.Shown]:
        with self._reading():
            return [shown(searcher.doc(place)) for place in places]

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        with self._turn, self._saving():
            if self._writer is None:
                self._writer = self._written.writer(heap_size=_HEAP, num_threads=1)
            self._changed = True
            yield self._writer

    @contextmanager
    def _saving(self) -> Iterator[None]:
        """When writing fails, what was committed still stands: give up the writer and say so."""
        try:
            yield
        except (OSError, ValueError) as error:
            self._writer, self._changed = None, False
            self._whole = self._whole and self._mark.exists()  # somebody may have removed the files
            raise IndexFailed(f"The search index could not be written: {error}") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """When reading fails, the files are broken: ask for a rebuild. Unless it is the question's fault."""
        try:
            yield
        except (OSError, ValueError) as error:
            self._whole = self._whole and _REFUSED in str(error)
            raise IndexFailed(f"The search index could not be read: {error}") from error


def _key(entry: index.Entry) -> int:
    return tantivy_query.key(entry.kind, entry.id)


def _these(keys: Iterable[int]) -> tantivy.Query:
    return tantivy.Query.term_set_query(SCHEMA, "key", list(keys))


def _stands(searcher: tantivy.Searcher, field: str, word: str) -> bool:
    frequency = searcher.doc_freq(field, word)
    if frequency > _FEW:
        return True
    return frequency > 0 and answer.count(searcher, tantivy_query.term(SCHEMA, field, word)) > 0


def _opened(folder: Path) -> tantivy.Index:
    opened = tantivy.Index.open(str(folder))
    blank = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    opened.register_tokenizer("whitespace", blank)
    opened.config_reader(reload_policy="Manual")
    opened.reload()
    return opened


def _optional_ms(moment: datetime | None) -> int | None:
    return None if moment is None else since_epoch(moment)
