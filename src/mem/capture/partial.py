"""Uploads that come in pieces: what is known of one lies beside its bytes in data/uploads.

``<id>`` holds the bytes, and later is the file of the job; ``<id>.json`` is the record below, replaced
whole. The offset in a record is on the disk. Bytes behind it came from a piece that was never
acknowledged, and are dropped when the next one comes.
"""

import dataclasses
import json
import os
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mem import failpoints, folders, types
from mem.errors import DiskFull, NotFound, UploadExpired, no_room
from mem.memory import Memory
from mem.store import jobs

RECORD = ".json"
_ID = re.compile(r"[0-9a-f]{32}")
_REMEMBERED = timedelta(days=1)  # how long an expired upload is told from an unknown one


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How far an upload is, and what became of it."""

    id: str
    size: int  # bytes, as declared
    offset: int  # bytes that are here
    expires_at: datetime  # moves on with every piece
    metadata: str  # as the sender wrote it
    job: int | None = None
    source: int | None = None  # whose content it turned out to be

    @property
    def ended(self) -> bool:
        """Whether all of it is here and taken in."""
        return self.job is not None or self.source is not None


def create(memory: Memory, size: int, metadata: str) -> Upload:
    """A new upload of `size` bytes, none of them here yet. Raises DiskFull."""
    upload = Upload(id=uuid.uuid4().hex, size=size, offset=0, expires_at=_expiry(memory), metadata=metadata)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(file_of(memory, upload.id), flags, 0o600))
    failpoints.reach("tus.begun")
    _write(memory, upload)
    failpoints.reach("tus.created")
    return upload


def find(memory: Memory, upload_id: str) -> Upload:
    """The upload by its id. Raises NotFound, UploadExpired."""
    upload = _read(_record(memory, upload_id)) if _ID.fullmatch(upload_id) else None
    if upload is None:
        raise NotFound("There is no such upload.")
    if types.now() >= upload.expires_at:
        raise UploadExpired
    return upload


def put(memory: Memory, upload: Upload) -> Upload:
    """Make what is now known of an upload durable, and let it rest anew from now. Raises DiskFull."""
    upload = dataclasses.replace(upload, expires_at=_expiry(memory))
    _write(memory, upload)
    return upload


def caught_up(memory: Memory, upload: Upload) -> Upload:
    """The upload with the job that has its file, when the process died before it could say so."""
    if upload.ended or (job := jobs.of_path(memory.db, str(file_of(memory, upload.id)))) is None:
        return upload
    return put(memory, dataclasses.replace(upload, offset=upload.size, job=job))


def remove(memory: Memory, upload: Upload) -> None:
    """Forget the upload and its bytes; a job that has them keeps them."""
    _record(memory, upload.id).unlink(missing_ok=True)
    failpoints.reach("tus.forgotten")
    _drop_bytes(memory, upload.id)


def sweep(memory: Memory) -> None:
    """Drop the bytes of uploads that expired or were known and, a day later, what was known of them."""
    for record in (memory.folder / "uploads").glob(f"*{RECORD}"):
        upload, now = _read(record), types.now()
        if upload is None:
            continue
        if now >= upload.expires_at or upload.source is not None:
            _drop_bytes(memory, upload.id)
        if now >= upload.expires_at + _REMEMBERED:
            record.unlink(missing_ok=True)


def is_part(file: Path) -> bool:
    """Whether a file in data/uploads belongs to an upload that may come in pieces."""
    return file.suffix == RECORD or file.with_suffix(RECORD).exists()


def file_of(memory: Memory, upload_id: str) -> Path:
    """Where the bytes of an upload lie."""
    return memory.folder / "uploads" / upload_id


def _record(memory: Memory, upload_id: str) -> Path:
    return file_of(memory, upload_id).with_suffix(RECORD)


def _expiry(memory: Memory) -> datetime:
    return types.now() + timedelta(hours=memory.config.api.partial_upload_hours)


def _drop_bytes(memory: Memory, upload_id: str) -> None:
    file = file_of(memory, upload_id)
    if file.exists() and jobs.of_path(memory.db, str(file)) is None:
        file.unlink(missing_ok=True)


def _read(record: Path) -> Upload | None:
    try:
        fields = json.loads(record.read_bytes())
    except FileNotFoundError:
        return None
    fields["expires_at"] = datetime.fromisoformat(fields["expires_at"])
    return Upload(**fields)


def _write(memory: Memory, upload: Upload) -> None:
    record = _record(memory, upload.id)
    part = record.with_name(f"{record.name}.part")
    fields = dataclasses.asdict(upload) | {"expires_at": upload.expires_at.astimezone(UTC).isoformat()}
    try:
        with part.open("w", encoding="utf-8") as out:
            json.dump(fields, out)
            out.flush()
            os.fdatasync(out.fileno())
        failpoints.reach("record.written")
        part.replace(record)
        failpoints.reach("record.named")
        folders.sync_names(record.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if no_room(error):
            raise DiskFull from None
        raise
