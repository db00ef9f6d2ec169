"""Keeps the search index level with the rows.

`refresh` brings in what has changed since: a search calls it first, so the newest rows are always
found. `catch_up` is for the start, the end and after a piece of work: it also forgets the changes that
are on disk by then, and makes a missing, broken or differing index anew.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from mem import failpoints
from mem.errors import DiskFull, IndexFailed, MemError, TooBusy
from mem.index import SUSPECT, Entry, EntryKind, Index
from mem.index.postgres import Postgres
from mem.index.tantivy import Tantivy
from mem.store import entries, outbox
from mem.store.database import Database, Reader, Row
from mem.store.outbox import Change

_BATCH = 5_000  # changes taken at once
_TOGETHER = 100  # sources whose texts come one after the other in a new index: what is deleted lies together
_LOOK_SECONDS = 0.05  # between looks for what is new
_PAUSE_SECONDS = 1.0  # after something went wrong
_SHARE = 10  # times what bringing in took is the pause after it, so that many recordings share a commit
_PURGE_SECONDS = 3600.0  # between looks for files that hold what is gone
# What a search brings in itself: nothing shown may be wrong, and people look for what they just wrote.
_DECISIVE = ("segments", "screen_texts", "notes", "notes+", "sources", "sources+")
Kind = TypeVar("Kind", bound=str)
log = logging.getLogger(__name__)


@contextmanager
def open_index(db: Database, folder: Path) -> Iterator[Index]:
    """The index of `db`, level with its rows: files in `folder`, or tables of PostgreSQL."""
    index: Index = Tantivy(folder) if db.engine == "duckdb" else Postgres(db)
    with _only_said():
        catch_up(db, index)
    try:
        yield index
        with _only_said():
            tidy(db, index)
    finally:
        with _only_said():
            index.close()


@contextmanager
def _only_said() -> Iterator[None]:
    """Everything but search works without the index, and reading on a full disk."""
    try:
        yield
    except (IndexFailed, DiskFull):
        log.exception("search index cannot be used", extra={"action": "index_failed"})


@contextmanager
def kept_level(db: Database, index: Index) -> Iterator[None]:
    """Bring in what is new in a thread of its own until the block ends, so that no search has to.

    It also writes anew, once an hour, files that still hold texts that are gone. Where other processes
    write too, nobody knows that something is new without asking: there each search asks.
    """
    if db.remembered is None:
        yield
        return
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(db, index, ended), name="index")
    keeper.start()
    index.kept = True
    try:
        yield
    finally:
        index.kept = False
        ended.set()
        keeper.join()


def _keep(db: Database, index: Index, ended: threading.Event) -> None:
    pause, purged = _LOOK_SECONDS, time.monotonic()
    while not ended.wait(pause):
        pause = _LOOK_SECONDS
        try:
            if index.level != _version(db):
                began = time.monotonic()
                whole = _bring(db, index, None)
                _forget(db, index)
                spent = time.monotonic() - began
                pause = min(_PAUSE_SECONDS, max(_LOOK_SECONDS, _SHARE * spent)) if whole else _PAUSE_SECONDS
            if time.monotonic() - purged > _PURGE_SECONDS:
                purged = time.monotonic()
                purge(db, index)
        except MemError as error:
            facts = {"action": "index_lags", "detail": error.detail}
            log.warning("search index lags behind", extra=facts)
            pause = _PAUSE_SECONDS


def catch_up(db: Database, index: Index) -> None:
    """Bring the index level with the rows, whatever happened to either since they last met."""
    _bring(db, index, None)
    if _counts(entries.counts(db)) != _counts(index.counts()):
        # Such as a database put back from a backup beside a newer index.
        log.warning("search index differs from the rows", extra={"action": "index_differs"})
        with index.turn() as w:
            _rebuild(w or db, index)
    _forget(db, index)


def renew(db: Database, index: Index) -> None:
    """Make the index anew from the rows."""
    with index.turn() as w:
        _rebuild(w or db, index)
    _forget(db, index)


def tidy(db: Database, index: Index) -> None:
    """Bring in what has changed and forget it: after a stretch of work, and before closing."""
    _bring(db, index, None)
    _forget(db, index)


def tidy_between(db: Database, index: Index, *, busy: bool) -> None:
    """The same after one of many recordings: while others wait it is left to the thread of `kept_level`."""
    if not (busy and index.kept):
        tidy(db, index)


def purge(db: Database, index: Index) -> None:
    """Have no file of the index hold what was deleted: it is only marked as gone, its words stay in it.

    Takes some 3 s of CPU for 100,000 texts that stand in the same files, as a rule those of the same weeks.
    """
    level = _bring(db, index, None)
    with index.turn() as w:
        r = w or db
        if not (
            level and index.scrub(lambda kind, ids: _entries(kind, entries.by_ids(r, kind, ids).values()))
        ):
            _rebuild(r, index)
    _forget(db, index)


def refresh(db: Database, index: Index, *, wait: float | None = 5.0) -> bool:
    """Bring in what has changed since the last time; False when that failed, so that it lags behind.

    What a recording adds is left to the thread of `kept_level` where there is one: it is found a moment
    later, and nothing that is found meanwhile is wrong. Waits at most `wait` seconds (None: as long as it
    takes) for another thread that is doing so. Raises TooBusy while the index is being made anew,
    IndexFailed when nothing can be found.
    """
    version = _version(db)
    if index.whole and version is not None and index.level == version:
        return True
    if index.whole and index.kept and index.firm == _firm(db):
        return True
    return _bring(db, index, wait)


def _version(db: Database) -> int | None:
    return None if db.remembered is None else db.remembered.version("index_changes+")


def _firm(db: Database) -> int | None:
    return None if db.remembered is None else db.remembered.version(*_DECISIVE)


def _bring(db: Database, index: Index, wait: float | None) -> bool:
    version, firm = _version(db), _firm(db)
    try:
        while not index.whole or outbox.after(db, index.seen, 1):
            with index.turn(wait) as w:
                if not index.whole:
                    _rebuild(w or db, index)
                elif changes := _take(w or db, index):
                    if w is None:
                        index.seen = changes[-1].seq  # forgotten later: a search must not wait to write
                    else:
                        outbox.forget(w, changes)
    except (TooBusy, IndexFailed):
        if not index.whole:
            raise
        log.warning("search index lags behind", exc_info=True, extra={"action": "index_lags"})
        return False
    index.level, index.firm = version, firm
    return True


def _rebuild(r: Reader, index: Index) -> None:
    latest = outbox.latest(r)  # first: a row that changes meanwhile has a later change and is looked at again
    index.empty()
    failpoints.reach("index.emptied")
    for sources in entries.blocks(r, _TOGETHER):
        for kind in entries.KINDS:
            for page in entries.pages(r, kind, sources):
                index.fill(_entries(kind, page))
    index.complete()
    index.seen = latest
    log.info("search index made anew", extra={"action": "index_rebuilt"})


def _take(r: Reader, index: Index) -> list[Change]:
    changes = outbox.after(r, index.seen, _BATCH)
    changed: dict[outbox.ChangeKind, set[int]] = {}
    for change in changes:
        changed.setdefault(change.kind, set()).add(change.id)
    for kind, ids in changed.items():
        _look_again(r, index, kind, ids)
    index.commit()
    failpoints.reach("index.committed")
    return changes


def _look_again(r: Reader, index: Index, kind: outbox.ChangeKind, ids: set[int]) -> None:
    if kind == "recording":
        for source_id in ids:
            index.remove_source(source_id)
            for each in entries.KINDS:
                for page in entries.pages(r, each, (source_id, source_id)):
                    index.add(_entries(each, page))
    else:
        rows = entries.by_ids(r, kind, list(ids))
        index.remove(kind, ids - rows.keys())
        index.add(_entries(kind, rows.values()))
    if index.watcher is not None:
        index.watcher(kind, ids)


def _entries(kind: EntryKind, rows: Iterable[Row]) -> Iterator[Entry]:
    nothing: tuple[()] = ()
    for row in rows:
        yield Entry(
            kind,
            row["id"],
            row["source_id"],
            row["start"],
            row["end"],
            row["text"],
            row.get("language", ""),
            (SUSPECT,) if row.get("suspect") else row.get("tags", nothing),
            row.get("location", ""),
            row.get("heard") or "",
            entries.stands(row),
        )


def _counts(counts: Mapping[Kind, int]) -> dict[str, int]:
    return {str(kind): count for kind, count in counts.items() if count}


def _forget(db: Database, index: Index) -> None:
    if outbox.after(db, 0, 1):
        with db.write() as w:
            outbox.forget_until(w, index.seen)
