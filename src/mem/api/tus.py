"""Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload), with creation, creation with
the first piece, expiration, termination and checksums.

When the last byte is there the answer names what became of the file: ``Mem-Job`` the job that takes it
in, or ``Mem-Source`` the source that has the same content.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Coroutine
from email.utils import format_datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from mem.api import arrivals, pace, parts, pieces, problems, render
from mem.api.arrivals import Facts
from mem.api.parameters import Mem
from mem.api.room import Claim, Room
from mem.api.shapes import UploadState
from mem.capture import partial
from mem.capture.partial import Upload
from mem.errors import (
    BadRequest,
    ChecksumMismatch,
    EmptyFile,
    MemError,
    NotAPiece,
    OffsetMismatch,
    TooLarge,
    TooSlow,
    WrongTusVersion,
)
from mem.memory import Memory

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
ALGORITHMS = ("sha256", "sha1")  # sha1 is what the protocol asks of everyone
PIECE = "application/offset+octet-stream"
_KEY = re.compile(r"[!-+\--~]+")  # ASCII without space and comma


class TusRoute(APIRoute):
    """A route whose every answer, refusals too, says which tus it speaks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler."""
        handler = super().get_route_handler()

        async def speaking(request: Request) -> Response:
            try:
                response = await handler(request)
            except MemError as error:
                response = problems.of_error(request.scope, error)
                if isinstance(error, WrongTusVersion):
                    response.headers["Tus-Version"] = VERSION
            response.headers["Tus-Resumable"] = VERSION
            return response

        return speaking


router = APIRouter(prefix="/api/uploads", tags=["taking in"], route_class=TusRoute)

_TOLD = {
    "Tus-Version": "Versions of tus spoken here",
    "Tus-Extension": "Parts of tus spoken here",
    "Tus-Max-Size": "Bytes that an upload may have",
    "Tus-Checksum-Algorithm": "Algorithms that Upload-Checksum may name",
    "Location": "Where the upload lies",
    "Upload-Offset": "Bytes that are here",
    "Upload-Length": "Bytes of the whole",
    "Upload-Metadata": "As it was given",
    "Upload-Expires": "When the upload is dropped if it rests until then",
    "Mem-Job": "The job that takes the file in, once all of it is here",
    "Mem-Source": "The source with the same content, instead of a job",
}


def _answer(status: int, *names: str) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes an answer that is all headers."""
    headers = {name: {"description": _TOLD[name], "schema": {"type": "string"}} for name in names}
    return {status: {"description": "See the headers", "headers": headers}}


_REACHED = ("Upload-Offset", "Upload-Expires", "Mem-Job", "Mem-Source")


@router.options("", status_code=204, responses=_answer(204, *list(_TOLD)[:4]))
@router.options("/{id}", status_code=204, include_in_schema=False)
def abilities(memory: Mem) -> Response:
    """What of tus this server speaks."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(memory.config.api.max_upload_size),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


# The handlers that receive are not plain functions: a thread that waits for each piece would be lost.
@router.post("", status_code=201, response_class=Response, responses=_answer(201, "Location", *_REACHED))
async def create(request: Request, memory: Mem) -> Response:
    """Begin an upload of `Upload-Length` bytes, with its first piece when the body is one."""
    _check_version(request)
    size, metadata = _number(request, "upload-length"), request.headers.get("upload-metadata", "")
    facts_of(metadata).check()
    arrivals.refuse_encoded(request)
    with_piece = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if with_piece:
        _check_piece(request, size)
    room: Room = request.app.state.room
    with room.claim() as claim:
        upload = await asyncio.to_thread(_create, request, memory, claim, size, metadata)
        if with_piece:
            upload = await _receive(request, memory, upload, claim)
    return Response(status_code=201, headers={"Location": f"/api/uploads/{upload.id}", **_headers(upload)})


@router.head(
    "/{id}",
    response_class=Response,
    responses=_answer(200, "Upload-Length", "Upload-Metadata", *_REACHED),
)
def offset(request: Request, memory: Mem, id: str) -> Response:  # noqa: A002
    """How far an upload is: `Upload-Offset` of `Upload-Length` bytes."""
    _check_version(request)
    upload = _find(request, memory, id)
    told = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
    return Response(headers={"Upload-Length": str(upload.size), **told, **_headers(upload)})


@router.get("/{id}", response_model=UploadState)
def state(request: Request, memory: Mem, id: str) -> Response:  # noqa: A002
    """How far an upload is, and the job or the source that it became."""
    upload = _find(request, memory, id)
    facts = {name: getattr(upload, name) for name in UploadState.__slots__}
    return render.answer(UploadState(**facts))


@router.patch("/{id}", status_code=204, responses=_answer(204, *_REACHED))
async def append(request: Request, memory: Mem, id: str) -> Response:  # noqa: A002
    """Add the body at `Upload-Offset`; what came before a connection broke is kept."""
    _check_version(request)
    upload = await asyncio.to_thread(_find, request, memory, id)
    at = _number(request, "upload-offset")
    _check_piece(request, upload.size - at)
    if at != upload.offset:
        raise OffsetMismatch(f"The upload has {upload.offset:,} bytes, not {at:,}.")
    if not upload.ended:
        room: Room = request.app.state.room
        with room.claim() as claim:
            await asyncio.to_thread(_admit, memory, claim, upload.size - at)
            upload = await _receive(request, memory, upload, claim)
    return Response(status_code=204, headers=_headers(upload))


@router.delete("/{id}", status_code=204)
def remove(request: Request, memory: Mem, id: str) -> Response:  # noqa: A002
    """Drop an upload; one that was taken in stays in the memory."""
    _check_version(request)
    with pieces.locked(memory, _find(request, memory, id)) as upload:
        partial.remove(memory, upload)
        request.app.state.digests.drop(upload.id)
    return Response(status_code=204)


@router.post("/{id}", include_in_schema=False)
async def overridden(request: Request, memory: Mem, id: str) -> Response:  # noqa: A002
    """PATCH or DELETE for senders behind something that lets only GET and POST through."""
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await append(request, memory, id)
    if method == "DELETE":
        return await asyncio.to_thread(remove, request, memory, id)
    raise BadRequest("A POST to an upload needs X-HTTP-Method-Override: PATCH or DELETE.")


def facts_of(metadata: str) -> Facts:
    """What an Upload-Metadata header says. Raises BadRequest when it cannot be read."""
    found: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in metadata.split(","))):
        key, _, value = pair.partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise BadRequest(f"Upload-Metadata: the key {key[:80]!r} is no key, or stands there twice.")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise BadRequest(f"Upload-Metadata: the value of {key[:80]!r} is not Base64.") from None
    found.setdefault("filename", found.get("name", ""))
    return Facts(**{name: found.get(name) or None for name in Facts.__slots__})


async def _receive(request: Request, memory: Memory, upload: Upload, claim: Claim) -> Upload:
    """Add the body to the upload and, when that makes it whole, take it in."""
    algorithm, wanted = _checksum(request)
    body = pace.of(memory.config.api).held(request.stream())
    async with pieces.adding(memory, request.app.state.digests, upload.id, upload.offset, claim) as piece:
        part = piece.part
        if algorithm:
            part.piece, part.mark = hashlib.new(algorithm), part.sync
        try:
            await parts.store(body, part)
        except (ClientDisconnect, TooSlow):
            if part.piece is None:  # what came of a piece that has a checksum cannot be checked
                await asyncio.to_thread(piece.acknowledge)
            raise
        if part.piece is not None and part.piece.digest() != wanted:
            raise ChecksumMismatch
        if part.written < upload.size:
            await asyncio.to_thread(piece.acknowledge)
        else:
            await asyncio.to_thread(piece.finish, facts_of(upload.metadata))
        return piece.upload


def _create(request: Request, memory: Memory, claim: Claim, size: int, metadata: str) -> Upload:
    if size == 0:
        raise EmptyFile
    arrivals.refuse_size(memory, size)
    _admit(memory, claim, size)
    upload = partial.create(memory, size, metadata)
    request.app.state.digests.hold(upload.id, 0, hashlib.sha256())
    return upload


def _admit(memory: Memory, claim: Claim, size: int) -> None:
    claim.ask(size)
    arrivals.refuse_when_busy(memory)


def _find(request: Request, memory: Memory, upload_id: str) -> Upload:
    upload = partial.find(memory, upload_id)
    return upload if upload_id in request.app.state.digests else partial.caught_up(memory, upload)


def _headers(upload: Upload) -> dict[str, str]:
    found = {
        "Upload-Offset": str(upload.offset),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
    }
    if upload.job is not None:
        found["Mem-Job"] = f"/api/jobs/{upload.job}"
    if upload.source is not None:
        found["Mem-Source"] = f"/api/sources/{upload.source}"
    return found


def _check_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongTusVersion


def _check_piece(request: Request, most: int) -> None:
    """Refuse a body that is no piece, or declared longer than `most` bytes, before it is read."""
    if request.headers.get("content-type") != PIECE:
        raise NotAPiece
    arrivals.refuse_encoded(request)
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > max(0, most):
        raise TooLarge(f"{max(0, most):,} bytes of this upload are to come; the piece has {declared}.")


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadRequest(f"The header {name.title()} must be a number of bytes.")
    return int(text)


def _checksum(request: Request) -> tuple[str | None, bytes]:
    """The algorithm and the digest that the piece must have. Raises BadRequest for one not known here."""
    header = request.headers.get("upload-checksum")
    if header is None:
        return None, b""
    algorithm, _, digest = header.partition(" ")
    try:
        wanted = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("The digest in Upload-Checksum is not Base64.") from None
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum: {algorithm[:40]!r} is none of {', '.join(ALGORITHMS)}.")
    return algorithm, wanted
