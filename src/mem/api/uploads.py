"""Taking recordings in: by upload, streamed once to the data volume, or by path."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mem import failpoints
from mem.api import arrivals, forms, guard, pace, parts, render, times
from mem.api.arrivals import Facts
from mem.api.parameters import FilePath, Label, Mem, Priority
from mem.api.room import Claim, Room
from mem.api.shapes import KnownFile
from mem.capture import submit
from mem.errors import EmptyFile
from mem.memory import Memory
from mem.types import Job

router = APIRouter(prefix="/api", tags=["taking in"])

_FORM_ROOM = 2**16  # bytes that a multipart form may add to the file


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequest:
    """A recording that lies on the server's own disk."""

    path: FilePath
    started_at: times.Instant | None = None
    location: Label | None = None
    device: Label | None = None
    priority: Priority | None = None


Text = Annotated[str | None, Query(max_length=arrivals.MAX_LABEL)]


@router.post("/capture", status_code=202, response_model=Job)
def capture(request: Request, memory: Mem, body: CaptureRequest) -> Response:
    """Take in a file that the server can read, beneath `capture.allowed_roots`."""
    roots = None if guard.owner(request) else memory.config.allowed_roots
    path = submit.allowed(Path(body.path), roots)
    job = submit.submit(
        memory,
        path,
        started_at=body.started_at,
        location=body.location,
        device=body.device,
        priority=body.priority,
    )
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
                            "priority": {"type": "integer", "minimum": 0, "maximum": 9},
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
    priority: Annotated[Priority | None, Query()] = None,
) -> Response:
    """Take in the request's body, raw or as the multipart field `file`."""
    facts = Facts(
        filename=filename,
        started_at=started_at,
        modified_at=modified_at,
        location=location,
        device=device,
        priority=None if priority is None else str(priority),
    )
    facts.check()
    room: Room = request.app.state.room
    with room.claim() as claim:
        await asyncio.to_thread(_check, memory, request, claim)
        form = forms.reader(request.headers.get("content-type", ""))
        limit = memory.config.api.max_upload_size
        body = pace.of(memory.config.api).held(request.stream())
        with parts.receiving(memory.folder / "uploads", claim, limit=limit) as part:
            await parts.store(form.file(body) if form else body, part)
            return await asyncio.to_thread(_finish, memory, part, _merged(facts, form))


def accepted(job: Job) -> Response:
    """The answer that work was queued, and where to follow it."""
    return render.answer(job, 202, {"Location": f"/api/jobs/{job.id}"})


def _check(memory: Memory, request: Request, claim: Claim) -> None:
    """Refuse before a byte is read what could not be kept."""
    arrivals.refuse_encoded(request)
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() else 0
    form = forms.is_form(request.headers.get("content-type", ""))
    arrivals.refuse_size(memory, size, _FORM_ROOM if form else 0)
    claim.ask(size)
    arrivals.refuse_when_busy(memory)


def _finish(memory: Memory, part: parts.Part, facts: Facts) -> Response:
    """Answer with the known source, or keep the file and queue its capture."""
    if part.size == 0:
        raise EmptyFile
    facts.check()
    if known := arrivals.known(memory, part.sha256):
        return render.answer(KnownFile(duplicate=True, source=known))
    with contextlib.ExitStack() as undo:
        path = part.keep()
        undo.callback(path.unlink, missing_ok=True)
        job = arrivals.queue(memory, path, part.sha256, facts)
        undo.pop_all()
    failpoints.reach("upload.queued")
    return accepted(job)


def _merged(facts: Facts, form: forms.FileForm | None) -> Facts:
    """What the address says, and where it is silent the form."""
    if form is None:
        return facts
    given: dict[str, Any] = {name: getattr(facts, name) or form.fields.get(name) for name in Facts.__slots__}
    return Facts(**{**given, "filename": given["filename"] or form.fields.get("filename") or form.filename})
