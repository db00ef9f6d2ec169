"""What texts mean, kept level with the rows: model and vectors, opened when they are first needed.

Vectors are made by one thread at the lowest priority. It is told of each change that the index takes in,
and compares all rows with the vectors when it begins, so whatever happened in between, nothing stays
missing or left over.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from mem.errors import DatabaseFailed, MemError
from mem.index.embedding import Embedding, Vector
from mem.index.hits import TEXT_KINDS, Numbers, numbers
from mem.index.vectors import Vectors, digest, key, parted
from mem.store import entries
from mem.store.database import Database, Row
from mem.types import TextKind

log = logging.getLogger(__name__)

_AT_ONCE = 64  # texts looked up together
_LOWEST = 19  # niceness
_PAUSE_SECONDS = 5.0  # after a failure


class Meaning:
    """Model and vectors of one memory. Its methods may be called from any thread."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db, self._folder = db, folder
        self._opening = threading.Lock()
        self._opened: tuple[Embedding, Vectors] | None = None
        self._pending: set[tuple[str, int]] = set()
        self._change = threading.Condition()
        self._ended = False
        self._level = False  # whether every text has its vector

    def nearest(self, text: str, count: int, least: float, among: Numbers | None = None) -> list[int]:
        """The keys of texts that mean something like `text`, the nearest first. Raises NoMeaning."""
        model, vectors = self._parts()
        return vectors.nearest(model.vector(text), count, least, among)

    def changed(self, kind: str, ids: set[int]) -> None:
        """Texts are new, different or gone; of kind `recording`, all of a source."""
        with self._change:
            self._pending.update((kind, number) for number in ids)
            self._level = False
            self._change.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until every text that was noted has its vector; False where that took longer."""
        with self._change:
            return self._change.wait_for(lambda: self._level, seconds)

    def prune(self) -> None:
        """Take out what no row is left of; what was deleted is then on no disk."""
        _, vectors = self._parts()
        held, _ = vectors.held()
        there = np.concatenate([numbers([]), *(self._keys(kind) for kind in TEXT_KINDS)])
        vectors.remove(held[~np.isin(held, there)])

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Make vectors in a thread of its own until the block ends."""
        thread = threading.Thread(target=self._keep, name="meaning")
        thread.start()
        try:
            yield
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()
            thread.join()

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened[1].close()

    def _parts(self) -> tuple[Embedding, Vectors]:
        with self._opening:
            if self._opened is None:
                self._opened = Embedding(), Vectors(self._folder)
            return self._opened

    def _keep(self) -> None:
        _step_back()
        try:
            self._parts()
        except MemError as error:
            log.warning("no vectors are made", extra={"action": "no_meaning", "detail": error.detail})
            return
        compared = False
        while not self._ended:
            try:
                compared = compared or self._compare()
                self._wait()
                self._take()
            except DatabaseFailed:
                return
            except (MemError, OSError) as error:
                log.warning("vectors lag behind", extra={"action": "meaning_lags", "detail": str(error)})
                with self._change:
                    self._change.wait_for(lambda: self._ended, _PAUSE_SECONDS)

    def _wait(self) -> None:
        with self._change:
            self._level = not self._pending
            self._change.notify_all()
            self._change.wait_for(lambda: self._pending or self._ended)

    def _compare(self) -> bool:
        """Note every text whose vector is missing or of another text; drop vectors without a text."""
        self.prune()
        held, digests = self._parts()[1].held()
        for kind in TEXT_KINDS:
            for page in entries.pages(self._db, kind):
                if self._ended:
                    return False
                self._note(kind, page, held, digests)
        return True

    def _note(self, kind: TextKind, page: list[Row], held: Numbers, digests: Numbers) -> None:
        for row in page:
            place = int(np.searchsorted(held, wanted := key(kind, row["id"])))
            known = place < len(held) and held[place] == wanted and digests[place] == digest(row["text"])
            if not known:
                self.changed(kind, {row["id"]})

    def _take(self) -> None:
        """Make some of the vectors that are missing."""
        with self._change:
            some = sorted(self._pending, key=lambda each: (each[0] != "recording", -each[1]))[:_AT_ONCE]
            self._pending.difference_update(some)
        try:
            for kind in TEXT_KINDS:
                self._embed(kind, [number for each, number in some if each == kind])
            if any(kind == "recording" for kind, _ in some):
                self._compare()
        except (MemError, OSError):
            with self._change:
                self._pending.update(some)
            raise

    def _embed(self, kind: TextKind, ids: list[int]) -> None:
        rows: Mapping[int, Row] = entries.by_ids(self._db, kind, ids) if ids else {}
        model, vectors = self._parts()
        vectors.remove([key(kind, number) for number in ids if number not in rows])
        for number, row in rows.items():
            if self._ended:
                return
            vector: Vector = model.vector(row["text"])
            vectors.put(key(kind, number), digest(row["text"]), vector)
        # A row that went meanwhile must not have got its vector after `prune` looked.
        gone = rows.keys() - (entries.by_ids(self._db, kind, ids).keys() if ids else set())
        vectors.remove([key(kind, number) for number in gone])

    def _keys(self, kind: TextKind) -> Numbers:
        pages = entries.pages(self._db, kind)
        return numbers([key(kind, row["id"]) for page in pages for row in page])


def places(keys: list[int]) -> list[tuple[TextKind, int]]:
    """The kinds and ids of texts, given the keys of their vectors."""
    return [parted(each) for each in keys]


def _step_back() -> None:
    """Let everything else go first; where a thread cannot be told so, it goes as the others do."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
