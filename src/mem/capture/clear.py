"""What becomes of a watched file once its recording is whole in the memory."""

import itertools
import logging
import os
from pathlib import Path

from mem import failpoints, folders
from mem.capture.scan import Reason
from mem.errors import NotFound
from mem.memory import Memory
from mem.store import jobs, sources, watched
from mem.store.watched import WatchedFile
from mem.types import Source

log = logging.getLogger(__name__)


def clear(memory: Memory, root: str, row: WatchedFile) -> Reason | None:
    """Move or delete the file as `capture.watch_after` says; a reason where it has to stay.

    Only a file that is as it was handed over, and only while its source is ready.
    """
    source = _source(memory, row)
    if source is None or source.state != "ready":
        return "not_ready"
    try:
        stat = os.lstat(row.path)
        if (stat.st_size, stat.st_mtime_ns) != (row.size, row.modified_ns):
            return None  # the next look takes it for a new one
        if memory.config.capture.watch_after == "delete":
            Path(row.path).unlink()
            failpoints.reach("watch.deleted")
        else:
            _move(memory, source, root, row.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning(
            "watched file stays", extra={"action": "watch_stuck", "path": row.path, "why": error.strerror}
        )
        return "not_cleared"
    with memory.db.write() as w:
        watched.forget(w, row.path)
    failpoints.reach("watch.forgotten")
    log.info("watched file cleared", extra={"action": "watch_cleared", "source": source.id})
    return None


def _source(memory: Memory, row: WatchedFile) -> Source | None:
    try:
        source_id = jobs.get(memory.db, row.job_id).source_id
        return None if source_id is None else sources.get(memory.db, source_id)
    except NotFound:  # a person deleted it from the memory
        return None


def _move(memory: Memory, source: Source, root: str, path: str) -> None:
    """Move the file below the sub-folder for taken ones. Raises OSError.

    The source learns of the new place first: a stop in between is mended when the move is done again,
    while a file in the sub-folder is never looked at again.
    """
    target = _free(Path(root, memory.config.capture.watch_taken, path[len(root.rstrip("/")) + 1 :]))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Its path is where no file is any more when a move was cut short between the two steps.
    follows = source.path == path or (source.path is not None and not os.path.lexists(source.path))
    if follows:
        _point(memory, source.id, str(target))
    failpoints.reach("watch.pointed")
    try:
        Path(path).rename(target)
        failpoints.reach("watch.moved")
    except OSError:
        if follows:
            _point(memory, source.id, path)
        raise


def _point(memory: Memory, source_id: int, path: str) -> None:
    with memory.db.write() as w:
        sources.settle(w, source_id, state=sources.get(w, source_id).state, path=path)
    folders.write_source(memory, source_id)


def _free(path: Path) -> Path:
    """The path itself, or one with a number where another file lies there already."""
    if not os.path.lexists(path):
        return path
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in itertools.count(2))
    return next(name for name in names if not os.path.lexists(name))
