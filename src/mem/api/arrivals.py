"""What a sender says about an upload, and what becomes of its file once that is whole."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import Request

from mem import types
from mem.api import times
from mem.capture import exclusions, pausing, submit, vetting
from mem.errors import BadRequest, TooBusy, TooLarge
from mem.memory import Memory
from mem.store import jobs, sources
from mem.types import Job, Source

log = logging.getLogger(__name__)

MAX_LABEL = 500  # characters
_PRIORITIES = frozenset(map(str, range(10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sender says about an upload. The name is for show and never becomes a path."""

    filename: str | None = None
    started_at: str | None = None
    modified_at: str | None = None
    location: str | None = None
    device: str | None = None
    priority: str | None = None  # 0 to 9

    def check(self) -> None:
        """Raise BadTime, NaiveTime or BadRequest for what could not be stored."""
        _instant(self.started_at)
        _instant(self.modified_at)
        for name in ("location", "device"):
            if len(getattr(self, name) or "") > MAX_LABEL:
                raise BadRequest(f"{name!r} is longer than {MAX_LABEL} characters.")
        if self.priority is not None and self.priority not in _PRIORITIES:
            raise BadRequest("'priority' is a number from 0 to 9.")


def refuse_encoded(request: Request) -> None:
    """Raise BadRequest for a body that is not the file as it is."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest("An upload is sent as it is, without Content-Encoding.")


def refuse_size(memory: Memory, size: int, room: int = 0) -> None:
    """Raise TooLarge for a declared size beyond the limit and `room` bytes more."""
    most = memory.config.api.max_upload_size
    if size > most + room:
        raise TooLarge(f"An upload may hold {most:,} bytes; this one has {size:,}.")


def refuse_when_busy(memory: Memory) -> None:
    """Raise CapturePaused, or TooBusy when no job could be queued for the file."""
    pausing.refuse(memory)
    if jobs.queued(memory.db) >= memory.config.jobs.max_queued:
        raise TooBusy


def known(memory: Memory, sha256: str) -> Source | None:
    """The source with this content, if it was taken in already."""
    source = sources.by_hash(memory.db, sha256)
    return source if source is not None and source.state not in ("failed", "new") else None


def queue(memory: Memory, file: Path, sha256: str, facts: Facts) -> Job:
    """Queue the capture of a file that is durable.

    Raises Excluded, MalwareFound (then the file is in quarantine), TooLargeToScan, ScannerAway,
    CapturePaused, DiskFull, TooBusy.
    """
    size = file.stat().st_size
    name = facts.filename or f"Upload of {types.written(types.now())}"
    exclusions.refuse(memory.config.privacy.exclude, name, facts.location, facts.device)
    status = vetting.upload(memory, file, sha256, name)
    job = submit.submit(
        memory,
        file,
        started_at=_instant(facts.started_at),
        modified_at=_instant(facts.modified_at),
        location=facts.location,
        device=facts.device,
        name=name,
        content_hash=sha256,
        scan_status=status,
        priority=None if facts.priority is None else int(facts.priority),
    )
    log.info("upload stored", extra={"action": "upload_stored", "job": job.id, "bytes": size})
    return job


def _instant(text: str | None) -> datetime | None:
    found = times.instant(text) if text else None
    assert found is None or isinstance(found, datetime)
    return found
