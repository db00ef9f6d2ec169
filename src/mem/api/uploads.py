"""Taking recordings in: by upload, streamed once to the data volume, or by path."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mem import folders, types
from mem.api import forms, guard, parts, render, times
from mem.api.parameters import FilePath, Label, Mem
from mem.api.shapes import KnownFile
from mem.capture import submit
from mem.errors import BadRequest, EmptyFile, TooBusy, TooLarge
from mem.memory import Memory
from mem.store import jobs, sources
from mem.types import Job

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api", tags=["taking in"])

_BLOCK = 2**20  # bytes handed to the disk at once
_MAX_LABEL = 500  # characters
_FORM_ROOM = 2**16  # bytes that a multipart form may add to the file


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequest:
    """A recording that lies on the server's own disk."""

    path: FilePath
    started_at: times.Instant | None = None
    location: Label | None = None
    device: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the sender says about an upload."""

    filename: str | None = None
    started_at: str | None = None
    modified_at: str | None = None
    location: str | None = None
    device: str | None = None


Text = Annotated[str | None, Query(max_length=_MAX_LABEL)]


@router.post("/capture", status_code=202, response_model=Job)
def capture(request: Request, memory: Mem, body: CaptureRequest) -> Response:
    """Take in a file that the server can read, beneath `capture.allowed_roots`."""
    roots = None if guard.owner(request) else memory.config.allowed_roots
    path = submit.allowed(Path(body.path), roots)
    job = submit.submit(memory, path, started_at=body.started_at, location=body.location, device=body.device)
    return accepted(job)


# Not a plain function: the body is received piece by piece, and a thread waiting for each would be lost.
@router.post(
    "/upload",
    status_code=202,
    response_model=Job,
    responses={200: {"model": KnownFile, "description": "The content is known already"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "started_at": {"type": "string", "format": "date-time"},
                            "modified_at": {"type": "string", "format": "date-time"},
                            "location": {"type": "string"},
                            "device": {"type": "string"},
                        },
                    }
                },
            },
        }
    },
)
async def upload(
    request: Request,
    memory: Mem,
    filename: Annotated[str | None, Query(description="Name for show; it never becomes a path")] = None,
    started_at: Annotated[str | None, Query(description="ISO 8601 with a zone")] = None,
    modified_at: Annotated[
        str | None, Query(description="When the file was last written, ISO 8601 with a zone")
    ] = None,
    location: Text = None,
    device: Text = None,
) -> Response:
    """Take in the request's body, raw or as the multipart field `file`."""
    facts = Facts(
        filename=filename,
        started_at=started_at,
        modified_at=modified_at,
        location=location,
        device=device,
    )
    _instant(facts.started_at)
    _instant(facts.modified_at)
    await asyncio.to_thread(_check_room, memory, request)
    form = forms.reader(request.headers.get("content-type", ""))
    limit = memory.config.api.max_upload_size
    with parts.receiving(memory.folder / "uploads", limit=limit) as part:
        await _store(memory, form.file(request.stream()) if form else request.stream(), part)
        return await asyncio.to_thread(_finish, memory, part, _merged(facts, form))


def accepted(job: Job) -> Response:
    """The answer that work was queued, and where to follow it."""
    return render.answer(job, 202, {"Location": f"/api/jobs/{job.id}"})


def _check_room(memory: Memory, request: Request) -> None:
    """Refuse before a byte is read what could not be kept."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest("An upload is sent as it is, without Content-Encoding.")
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() else 0
    most = memory.config.api.max_upload_size
    if size > most + (_FORM_ROOM if forms.is_form(request.headers.get("content-type", "")) else 0):
        raise TooLarge(f"An upload may hold {most:,} bytes; this one has {size:,}.")
    folders.guard_space(memory, size)
    if jobs.queued(memory.db) >= memory.config.jobs.max_queued:
        raise TooBusy


async def _store(memory: Memory, chunks: AsyncIterator[bytes], part: parts.Part) -> None:
    """Write the chunks, receiving the next block while one is hashed and written."""
    block = bytearray()
    writing: asyncio.Future[None] | None = None
    try:
        async for chunk in chunks:
            part.count(len(chunk))
            block += chunk
            if len(block) >= _BLOCK:
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(asyncio.to_thread(_write, memory, part, bytes(block)))
                block.clear()
    finally:
        if writing is not None:
            await asyncio.shield(writing)
    await asyncio.to_thread(_write, memory, part, bytes(block))


def _write(memory: Memory, part: parts.Part, block: bytes) -> None:
    if part.look_is_due():
        folders.guard_space(memory, len(block))
    part.write(block)


def _finish(memory: Memory, part: parts.Part, facts: Facts) -> Response:
    """Answer with the known source, or keep the file and queue its capture."""
    if part.size == 0:
        raise EmptyFile
    started_at, modified_at = _instant(facts.started_at), _instant(facts.modified_at)
    known = sources.by_hash(memory.db, part.sha256)
    if known is not None and known.state not in ("failed", "new"):
        return render.answer(KnownFile(duplicate=True, source=known))
    with contextlib.ExitStack() as undo:
        path = part.keep()
        undo.callback(path.unlink, missing_ok=True)
        job = submit.submit(
            memory,
            path,
            started_at=started_at,
            modified_at=modified_at,
            location=facts.location,
            device=facts.device,
            name=facts.filename or f"Upload of {render.instant(types.now())}",
            content_hash=part.sha256,
        )
        undo.pop_all()
    log.info("upload stored", extra={"action": "upload_stored", "job": job.id, "bytes": part.size})
    return accepted(job)


def _merged(facts: Facts, form: forms.FileForm | None) -> Facts:
    """What the address says, and where it is silent the form."""
    if form is None:
        return facts
    given: dict[str, Any] = {name: getattr(facts, name) or form.fields.get(name) for name in Facts.__slots__}
    for name in ("location", "device"):
        if len(given[name] or "") > _MAX_LABEL:
            raise BadRequest(f"The form's field {name!r} is longer than {_MAX_LABEL} characters.")
    return Facts(**{**given, "filename": given["filename"] or form.fields.get("filename") or form.filename})


def _instant(text: str | None) -> datetime | None:
    found = times.instant(text) if text else None
    assert found is None or isinstance(found, datetime)
    return found
