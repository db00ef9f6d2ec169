"""A recording that lies in a bucket, answered whole or by range without fetching more than is asked for."""

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from mem.memory import Memory
from mem.objects.pointer import Pointer

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def answer(request: Request, memory: Memory, there: Pointer, media_type: str) -> Response:
    """200 with all of it, 206 with one range, or 416; several ranges are answered with all of it.

    Raises NotFound and StorageFailed before the answer begins.
    """
    tag = f'"{there.sha256[:32]}"'
    headers = {"accept-ranges": "bytes", "etag": tag, "cache-control": "private, no-cache"}
    wanted = _wanted(request, there.size, tag)
    if wanted is None:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{there.size}"})
    start, end = wanted
    headers["content-length"] = str(end - start)
    status = 200
    if (start, end) != (0, there.size) or _names_a_range(request, tag):
        headers["content-range"] = f"bytes {start}-{end - 1}/{there.size}"
        status = 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    pieces = _begun(memory.remote.stream(there, start, end - start))
    return StreamingResponse(pieces, status_code=status, headers=headers, media_type=media_type)


def _names_a_range(request: Request, tag: str) -> bool:
    """Whether one range is asked for, of what the asker knows."""
    condition = request.headers.get("if-range")
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    return asked is not None and any(asked.groups()) and condition in (None, tag)


def _wanted(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """The bytes asked for, half-open; None for a range that the file has nothing of."""
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or not _names_a_range(request, tag):
        return 0, size
    first, last = asked.groups()
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first of them here already: what is wrong with the bucket is an answer then."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()
