"""The first look at a recording: what it is, when it began, and whether it is known."""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from mem import failpoints, folders, kept, types
from mem.capture import exclusions, vetting
from mem.capture.lease import Lease
from mem.errors import (
    DecoderCrashed,
    Locked,
    NotFound,
    NotMedia,
    RecordingChanged,
    Stopped,
    Unreadable,
)
from mem.media import beneath, clock, sandbox
from mem.memory import Memory
from mem.store import jobs, sources
from mem.store.database import Reader, Writer
from mem.types import AudioStream, Job, Media, Place, ScanStatus, Source, VideoStream

log = logging.getLogger(__name__)

_CHUNK = 4 * 2**20
_MAX_SIDECAR = 2**20  # bytes; a larger file beside a recording is not about its time
_SIDECARS = ("{stem}.json", "{name}.json", "{stem}.xml", "{name}.xml", "{stem}M01.XML")


@dataclass(frozen=True)
class Looked:
    """What the first look found."""

    source: Source
    new: bool


def look(memory: Memory, lease: Lease) -> Looked:
    """Find or make the source of the job's recording, and tie the job to it in one transaction.

    Raises NotFound, Unreadable or a MediaError about the file, and Locked while another job works on it.
    """
    job = lease.job
    if job.source_id is not None:
        refuse_beside_another(memory.db, job, job.source_id)
        return Looked(adopt(memory, sources.get(memory.db, job.source_id), job.params), new=False)
    path = Path(str(job.params["path"]))
    lease.at(Place("look"))
    before = mark(path)
    digest, size = _identity(path, job.params, lease.stopped)
    if mark(path) != before:
        raise Unreadable(f"{path} changes while it is read.", hint="Capture it again when it is complete.")
    known = sources.by_hash(memory.db, digest)
    if known is not None:
        with memory.db.write() as w:
            lease.job = _attach(w, job, known.id, before if known.path == str(path) else None)
            file = folders.media_file(memory, known)
            if not job.params["upload"] and file and kept.size(file) is None:
                known = sources.settle(w, known.id, state=known.state, path=str(path))
        failpoints.reach("source.known")
        return Looked(adopt(memory, known, job.params), new=False)
    return Looked(_add(memory, lease, path, digest, size, before), new=True)


def _identity(path: Path, params: Mapping[str, object], stopped: Callable[[], bool]) -> tuple[str, int]:
    """The sha256 and size of the job's recording; an upload was hashed as it came."""
    if params.get("content_hash"):
        return str(params["content_hash"]), _stat(path).st_size
    return hash_file(path, stopped)


def _add(memory: Memory, lease: Lease, path: Path, digest: str, size: int, seen: str) -> Source:
    job, upload = lease.job, bool(lease.job.params["upload"])
    name = str(job.params["name"])
    status = _admitted(memory, job, path, seen)
    media = probe(memory, path, lease.stopped)
    mtime = _written(path, size)
    told, written = job.params["started_at"], job.params["modified_at"]
    start = clock.resolve(
        name=name,
        media=media,
        mtime=_time(written) or mtime,
        sidecars={} if upload else sidecars(path),
        caller=_time(told),
        zone=memory.config.zone,
    )
    with memory.db.write() as w:
        source, _ = sources.add(
            w,
            kind="file",
            name=name,
            location=_text(job.params["location"]),
            device=_text(job.params["device"]),
            content_hash=digest,
            size=size,
            path=None if upload else str(path),
            original=folders.ORIGINAL + suffix(name) if upload else None,
            start=start,
            media=media,
            added_at=types.now(),
            scan_status=status,
        )
        lease.job = _attach(w, job, source.id, seen)
    failpoints.reach("source.added")
    log.info("source added", extra={"action": "source_added", "source": source.id, "recording": name})
    return adopt(memory, source, job.params)


def _admitted(memory: Memory, job: Job, path: Path, seen: str) -> ScanStatus | None:
    """What the virus scanner says; an upload was looked at as it came. Raises what those do."""
    params = job.params
    labels = [_text(params[name]) for name in ("name", "location", "device")]
    exclusions.refuse(memory.config.privacy.exclude, *labels)
    if params["upload"] and "scan_status" in params:
        told = params["scan_status"]
        return next((status for status in get_args(ScanStatus) if status == told), None)
    status = vetting.look_at(memory, path)
    if mark(path) != seen:
        raise Unreadable(f"{path} changes while it is read.", hint="Capture it again when it is complete.")
    return status


def _attach(w: Writer, job: Job, source_id: int, seen: str | None) -> Job:
    """Tie the job to the source. Raises Locked while another job takes the same recording in."""
    refuse_beside_another(w, job, source_id)
    return jobs.attach(w, job, source_id, seen)


def refuse_beside_another(r: Reader, job: Job, source_id: int) -> None:
    """Raise Locked while another job works on the source: two would write the same rows and packs."""
    for other in jobs.active_of(r, source_id):
        if other.parent == job.id or job.parent == other.id:  # it rests, or joins what that one made
            continue
        if other.state == "running" and other.kind != "screen" and other.id != job.id:
            raise Locked(f"Job {other.id} is taking this recording in.", hint="It goes on by itself.")


def adopt(memory: Memory, source: Source, params: Mapping[str, object]) -> Source:
    """Move an uploaded file into its source's folder; drop it when the source has its own already."""
    folder = folders.of(memory, source)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    failpoints.reach("source.housed")
    upload = Path(str(params["path"]))
    if params["upload"] and upload.exists():
        file = folders.media_file(memory, source)
        if source.original is not None and file is not None and kept.size(file) is None:
            upload.replace(file)
        else:
            upload.unlink()
        failpoints.reach("source.moved")
    folders.write_source(memory, source.id)
    return source


def probe(memory: Memory, path: Path, stopped: Callable[[], bool]) -> Media:
    """What the file at `path` holds, as a child process found out. Raises a MediaError."""
    limits = memory.config.media
    request = {
        "max_pixels": limits.max_pixels,
        "max_streams": limits.max_streams,
        "max_duration_ms": limits.max_duration_seconds * 1000,
    }
    with memory.eye.run(
        "probe",
        path,
        request,
        limits=child_limits(memory),
        cancelled=stopped,
        idle=limits.idle_seconds,
    ) as messages:
        found = [message.fields for message in messages if message.kind == "media"]
    if len(found) != 1:
        raise DecoderCrashed("The process that looked into the recording said nothing about it.")
    media = media_from(found[0])
    if media.video is None and media.audio is None:
        raise NotMedia("The file holds neither picture nor sound.")
    return media


def child_limits(memory: Memory) -> sandbox.Limits:
    """The limits for every media child."""
    media = memory.config.media
    return sandbox.Limits(
        memory=media.child_memory,
        stall_seconds=media.stall_seconds,
        wall_seconds=None,
        threads=memory.config.whisper.threads,
        niceness=memory.config.jobs.niceness,
    )


def media_from(fields: Mapping[str, object]) -> Media:
    """`Media` from a child's message. Raises DecoderCrashed when it does not hold what it must."""
    try:
        video, audio = fields["video"], fields["audio"]
        return Media(
            container=str(fields["container"]),
            size=int(str(fields["size"])),
            duration_ms=None if fields["duration_ms"] is None else int(str(fields["duration_ms"])),
            video=VideoStream(**video) if isinstance(video, dict) else None,
            audio=AudioStream(**audio) if isinstance(audio, dict) else None,
            tags={str(k): str(v) for k, v in dict(fields["tags"]).items()},  # type: ignore[call-overload]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DecoderCrashed(
            f"The process that looked into the recording answered wrongly: {error}"
        ) from None


def hash_file(path: Path, stopped: Callable[[], bool]) -> tuple[str, int]:
    """The sha256 of a file, hex, and its size. Raises NotFound, Unreadable, EmptyFile, and Stopped."""
    digest, size = hashlib.sha256(), 0
    fd = sandbox.open_video(path)  # a pipe that has taken the file's place would be waited for
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while chunk := os.read(fd, _CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if stopped():
                raise Stopped
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    finally:
        os.close(fd)
    return digest.hexdigest(), size


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError:
        raise NotFound(f"There is no recording at {path} that may be captured.") from None


def mark(path: Path) -> str:
    """What tells a file from another one, or from itself before a change. Raises NotFound."""
    stat = _stat(path)
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def unchanged(memory: Memory, lease: Lease, source: Source) -> Path:
    """The file of a recording, which is still what was looked at.

    One that was touched since is read once more: only its content counts. Raises NotFound when it is gone,
    RecordingChanged when it is another one by now, StorageFailed, Stopped.
    """
    path = folders.media_file(memory, source)
    if path is None or not has_size(path, source.size):
        raise NotFound(f"The recording of source {source.id} is no longer at {path} as it was.")
    path = kept.file(memory, path)
    seen = mark(path)
    if source.original is not None or lease.job.file_mark == seen:
        return path
    digest, _ = hash_file(path, lease.stopped)
    if digest != source.content_hash or mark(path) != seen:
        raise RecordingChanged(f"{path} is not the recording that was looked at: its content changed.")
    with memory.db.write() as w:
        lease.job = jobs.attach(w, lease.job, source.id, seen)
    return path


def has_size(path: Path, size: int) -> bool:
    """Whether a file of that many bytes lies at `path`, or in a bucket for it."""
    try:
        return path.stat().st_size == size
    except OSError:
        there = kept.elsewhere(path)
        return there is not None and there.size == size


def _written(path: Path, size: int) -> datetime:
    """When the file was last written. Raises NotFound, and Unreadable unless it has `size` bytes."""
    stat = _stat(path)
    if stat.st_size != size:
        raise Unreadable(f"{path} changes while it is read.", hint="Capture it again when it is complete.")
    try:
        return datetime.fromtimestamp(stat.st_mtime, UTC)
    except (OverflowError, ValueError):  # no calendar has it
        return types.now()


def sidecars(path: Path) -> dict[str, str]:
    """The small JSON and XML files beside a recording that bear its name, by file name."""
    found: dict[str, str] = {}
    for pattern in _SIDECARS:
        file = path.with_name(pattern.format(stem=path.stem, name=path.name))
        try:
            if file == path:
                continue
            with os.fdopen(beneath.open_regular(file.absolute()), "rb") as opened:
                data = opened.read(_MAX_SIDECAR + 1)
            if len(data) <= _MAX_SIDECAR:
                found[file.name] = data.decode("utf-8", errors="replace")
        except OSError:
            continue  # a sidecar that cannot be read says nothing
    return found


def suffix(name: str) -> str:
    """The harmless end of a file name that came from outside: a dot and up to 8 ASCII letters or digits."""
    end = Path(name.replace("\0", "")).suffix.lower()
    return end if end[1:].isalnum() and end.isascii() and len(end) <= 9 else ".bin"


def _time(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
