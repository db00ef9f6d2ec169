"""Asking for a recording to be taken in."""

import logging
from datetime import datetime
from pathlib import Path

from mem import folders, types
from mem.errors import NotFound, TooBusy, Unreadable
from mem.memory import Memory
from mem.store import jobs
from mem.types import Job

log = logging.getLogger(__name__)

PRIORITY_UPLOAD = 6
PRIORITY_PATH = 5


def allowed(path: Path, roots: tuple[Path, ...] | None) -> Path:
    """The real path of the regular file at `path`, when it lies beneath one of `roots`.

    `roots` None stands for the owner of the memory, who may capture whatever this process can read.
    Raises NotFound, with one text for missing and forbidden alike, and Unreadable.
    """
    missing = NotFound(f"There is no recording at {path} that may be captured.")
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise missing from None
    if roots is not None and not any(real.is_relative_to(root.resolve()) for root in roots):
        raise missing
    if not real.is_file():
        raise missing
    try:
        with real.open("rb"):
            return real
    except PermissionError:
        raise Unreadable(f"{path} cannot be read by the user that runs Mem.") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None


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
) -> Job:
    """Queue the capture of the file at `path`; a capture of it that has not ended is returned instead.

    `name` and `content_hash` (sha256, hex) come with an upload, whose file at `path` is Mem's own and
    moves into the source's folder; `modified_at` is when the file was written where it came from.
    Raises DiskFull, and TooBusy when `jobs.max_queued` jobs wait.
    """
    folders.guard_space(memory)
    params: dict[str, object] = {
        "path": str(path),
        "name": name or path.name,
        "started_at": started_at.isoformat() if started_at else None,
        "modified_at": modified_at.isoformat() if modified_at else None,
        "location": location,
        "device": device,
        "upload": content_hash is not None,
        "content_hash": content_hash,
    }
    config = memory.config.jobs
    with memory.db.write() as w:
        running = jobs.active_for_path(w, str(path))
        if running is not None:
            return running
        if jobs.queued(w) >= config.max_queued:
            raise TooBusy(f"{config.max_queued} jobs wait already.")
        job = jobs.enqueue(
            w,
            kind="capture",
            source_id=None,
            params=params,
            priority=PRIORITY_UPLOAD if content_hash else PRIORITY_PATH,
            max_attempts=config.max_attempts,
            now=types.now(),
        )
    log.info("capture queued", extra={"action": "capture_queued", "job": job.id})
    memory.bell.ring()
    return job
