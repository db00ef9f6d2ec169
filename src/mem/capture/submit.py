"""Asking for a recording to be taken in."""

import errno
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from mem import failpoints, folders, types
from mem.capture import pausing
from mem.errors import NotFound, TooBusy, Unreadable
from mem.media import beneath
from mem.memory import Memory
from mem.store import jobs
from mem.store.database import Writer
from mem.types import Job, JobKind, ScanStatus

log = logging.getLogger(__name__)

# Swapped for a link, moved away, or no file: as if it had never been there.
_ELSEWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV, errno.EINVAL, errno.ENXIO)
PRIORITY_UPLOAD = 6
PRIORITY_PATH = 5


def allowed(path: Path, roots: tuple[Path, ...] | None) -> Path:
    """The real path of the regular file at `path`, when it lies beneath one of `roots`.

    `roots` None stands for the owner of the memory, who may capture whatever this process can read. The
    path that is given back holds no link, and wherever it is opened none is followed (`media.beneath`).
    Raises NotFound, with one text for missing and forbidden alike, and Unreadable.
    """
    missing = NotFound(f"There is no recording at {path} that may be captured.")
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise missing from None
    root = Path("/") if roots is None else _around(real, roots)
    if root is None:
        raise missing
    try:
        os.close(beneath.open_regular(real, root))
    except PermissionError:
        raise Unreadable(f"{path} cannot be read by the user that runs Mem.") from None
    except OSError as error:
        if error.errno in _ELSEWHERE:
            raise missing from None
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    return real


def _around(real: Path, roots: tuple[Path, ...]) -> Path | None:
    return next((root for each in roots if real.is_relative_to(root := each.resolve())), None)


def submit(
    memory: Memory,
    path: Path,
    *,
    started_at: datetime | None = None,
    modified_at: datetime | None = None,
    location: str | None = None,
    device: str | None = None,
    name: str | None = None,
    content_hash: str | None = None,
    scan_status: ScanStatus | None = None,
    priority: int | None = None,
) -> Job:
    """Queue the capture of the file at `path`; a capture of it that has not ended is returned instead.

    `name` and `content_hash` (sha256, hex) come with an upload, whose file at `path` is Mem's own and
    moves into the source's folder; `modified_at` is when the file was written where it came from.
    `scan_status` is what the virus scanner said of an upload.
    `priority` is 0 to 9, higher first. Raises CapturePaused, DiskFull, and TooBusy when `jobs.max_queued`
    jobs wait.
    """
    params: dict[str, object] = {
        "path": str(path),
        "name": name or path.name,
        "started_at": started_at.isoformat() if started_at else None,
        "modified_at": modified_at.isoformat() if modified_at else None,
        "location": location,
        "device": device,
        "upload": content_hash is not None,
        "content_hash": content_hash,
        "scan_status": scan_status,
    }
    pausing.refuse(memory)
    usual = PRIORITY_UPLOAD if content_hash else PRIORITY_PATH
    return queue(memory, "capture", params, priority=usual if priority is None else priority)


def ageing(memory: Memory) -> timedelta:
    """How much waiting is worth a level of priority."""
    return timedelta(minutes=memory.config.jobs.ageing_minutes)


def queue(
    memory: Memory,
    kind: JobKind,
    params: Mapping[str, object],
    *,
    priority: int,
    source_id: int | None = None,
    check: Callable[[Writer], None] | None = None,
) -> Job:
    """Queue work; what is about the same path and has not ended is returned instead.

    `check` may refuse it in the same transaction. Raises DiskFull, and TooBusy when `jobs.max_queued` jobs
    wait.
    """
    folders.guard_space(memory)
    config = memory.config.jobs
    with memory.db.write() as w:
        running = jobs.active_for_path(w, str(params["path"])) if "path" in params else None
        if running is not None:
            return running
        if jobs.queued(w) >= config.max_queued:
            raise TooBusy(f"{config.max_queued} jobs wait already.")
        if check is not None:
            check(w)
        job = jobs.enqueue(
            w,
            kind=kind,
            source_id=source_id,
            params=params,
            priority=priority,
            max_attempts=config.max_attempts,
            now=types.now(),
            ageing=ageing(memory),
        )
    failpoints.reach("job.submitted")
    log.info("work queued", extra={"action": f"{kind}_queued", "job": job.id})
    memory.bell.ring()
    return job
