"""Making the rows anew from the folders of the recordings, when the database is lost.

What a folder's files hold comes back under its old numbers; of a recording whose capture had not ended,
what its packs' own records tell. Jobs, tokens, receipts and pins are not in the folders.
"""

import logging
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mem import folders, kept, types
from mem.config import Config
from mem.errors import Conflict, FolderDamaged
from mem.memory import open_memory, remote
from mem.objects.remote import Remote
from mem.ops import chores, restore, told
from mem.ops.check import copies as check_copies
from mem.ops.chores import Tell
from mem.store import checkpoints, copies, engines, frames, sources, swap
from mem.store.database import Database
from mem.types import Source, SourceState

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Rebuilt:
    """What was made anew."""

    sources: int = 0
    frames: int = 0
    spans: int = 0
    segments: int = 0
    notes: int = 0
    unfinished: list[str] = field(default_factory=list)  # folders of captures that had not ended
    damaged: list[str] = field(default_factory=list)  # why a folder gave nothing, or not all
    before: Path | None = None  # where the old database lies; None where there was none


def rebuild(config: Config, tell: Tell = chores.silently) -> Rebuilt:
    """Make the rows anew; an old database stays beside as ``before-TIME``.

    Raises Locked while another process has the memory, Conflict when PostgreSQL holds recordings, and
    StorageFailed when packs lie in a bucket that does not answer, and their frames.jsonl is lost.
    """
    os.umask(0o077)
    folder = config.data_dir
    (folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    rebuilt = Rebuilt()
    with swap.alone(folder):
        restore.refuse_owner(config)
        new = folder / "tmp" / f"rebuild-{uuid.uuid4()}"
        new.mkdir(mode=0o700)
        limits = config.database
        try:
            db = engines.open_database(
                limits.url, folder=new, memory_limit=limits.memory_limit, threads=limits.threads
            )
            try:
                _fill(db, folder, remote(config, folder.resolve()), rebuilt, tell)
            finally:
                db.close()
            if limits.url is None:
                rebuilt.before = restore.exchange(folder, new, swap.ROWS)
        finally:
            if not (folder / swap.NOTE).exists():
                shutil.rmtree(new, ignore_errors=True)
    tell(0.95, "making the index anew")
    with open_memory(config) as memory:
        check_copies.settle(memory)
    facts = {"action": "database_rebuilt", "sources": rebuilt.sources, "frames": rebuilt.frames}
    log.info("database rebuilt", extra=facts)
    return rebuilt


def _fill(db: Database, data: Path, buckets: Remote, rebuilt: Rebuilt, tell: Tell) -> None:
    if sources.counts(db):
        raise Conflict("The database holds recordings.", hint="Name an empty one in database.url.")
    places = list(_places(data))
    later: list[tuple[Path, Source]] = []
    for number, folder in enumerate(places):
        tell(0.9 * number / len(places), "reading the folders")
        try:
            found = _placed(told.source(folder), folder, data)
            if not _put(db, folder, found, rebuilt):
                later.append((folder, found))
        except (FolderDamaged, StopIteration) as error:
            why = error.detail if isinstance(error, FolderDamaged) else f"{folder} has no source.json"
            rebuilt.damaged.append(why)
    loose = told.notes(data / folders.LOOSE_NOTES)
    with db.write() as w:
        copies.put_notes(w, loose)
        copies.draw_numbers(w)
    rebuilt.notes += len(loose)
    for folder, found in later:
        for pack in kept.packs_of(folder):  # what they say of themselves is asked for now
            kept.bring(buckets, pack)
        _put_shown(db, folder, found, rebuilt)


def _places(data: Path) -> Iterator[Path]:
    """The folders of recordings, by the day of their first start and their number."""
    found = [path.parent for path in (data / "sources").glob("*/*/*/*/source.json")]
    return iter(sorted(found, key=lambda path: (path.parent, path.name.zfill(20))))


def _placed(found: Source, folder: Path, data: Path) -> Source:
    """A source with the folder in which it was found; a recording that is gone is not named."""
    original = found.original
    if original is not None and kept.size(folder / original) is None:
        original = None
    return replace(found, folder=folder.relative_to(data).as_posix(), original=original)


def _put(db: Database, folder: Path, found: Source, rebuilt: Rebuilt) -> bool:
    """Put back what the folder's files hold; False when its frames are to come from its packs."""
    kept = told.frames(folder)
    spans = told.spans(folder) if kept is not None else []
    points = told.checkpoints(folder) if kept is not None else []
    words, notes = told.segments(folder), told.notes(folder / "notes.jsonl")
    screen = told.screen_texts(folder) if kept is not None else []
    with db.write() as w:
        copies.put_source(w, found)
        copies.put_segments(w, words)
        copies.put_notes(w, notes)
        copies.put_frames(w, kept or ())
        frames.add_spans(w, spans)
        copies.put_screen_texts(w, screen)
        for point in points:
            checkpoints.put(w, point, expected=None)
    rebuilt.sources += 1
    rebuilt.frames += len(kept or ())
    rebuilt.spans += len(spans)
    rebuilt.segments += len(words)
    rebuilt.notes += len(notes)
    return kept is not None


def _put_shown(db: Database, folder: Path, found: Source, rebuilt: Rebuilt) -> None:
    """Put back what the packs tell, so that the capture can go on from there."""
    shown = told.shown(folder, found)
    with db.write() as w:
        ids = frames.add_many(w, found.id, shown.frames)
        spans = told.spans_of(found, shown, ids)
        frames.add_spans(w, spans)
        checkpoint = told.seen(folder, found, shown, ids)
        if checkpoint is not None:
            checkpoints.put(w, checkpoint, expected=None)
        ended = types.after(found.started_at, shown.until_ms)
        state: SourceState = "partial" if ids else "failed"
        sources.settle(w, found.id, state=state, ended_at=max(found.ended_at or ended, ended))
    rebuilt.frames += len(ids)
    rebuilt.spans += len(spans)
    rebuilt.unfinished.append(found.folder)
