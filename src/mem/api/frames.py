"""Frames: what stood on screen, and the pictures themselves."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mem import pictures
from mem.api import render, times
from mem.api.parameters import Cursor, Id, Limit, Mem, SourceId
from mem.api.shapes import FramePage, FramesAt, FrameText, FrameWithSpans, Standing
from mem.store import frames, screen

router = APIRouter(prefix="/api/frames", tags=["asking"])

_IMMUTABLE = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"
At = Annotated[times.Instant | None, Query(description="One instant; then only what stood there is given")]
Width = Annotated[
    int | None, Query(ge=16, le=4096, description="Pixels; narrower than the frame, it is scaled down")
]
Version = Annotated[
    str | None,
    Query(
        pattern="^[0-9a-f]{8,64}$",
        description="The first digits of the frame's sha256: a picture of that version may be kept for ever",
    ),
]


@router.get("", response_model=FramesAt | FramePage)
def page(
    memory: Mem,
    asked: times.AskedRange,
    limit: Limit,
    at: At = None,
    source: SourceId = None,
    cursor: Cursor = None,
) -> Response:
    """The frame of each source at one instant (`at`), or the frames first seen in a range."""
    if at is not None:
        standing = [Standing(frame=f, span=s) for s, f in frames.at(memory.db, at, source)]
        return render.answer(FramesAt(at=at, frames=tuple(standing)))
    span, after = times.resumed("frames", asked, cursor)
    found = frames.between(memory.db, span.start, span.end, source, limit=limit + 1, after=after)
    rows = tuple(found[:limit])
    more = len(found) > limit
    return render.answer(
        FramePage(
            from_=span.start,
            to=span.end,
            range_defaulted=span.defaulted,
            frames=rows,
            cursor=times.cursor("frames", span, (rows[-1].first_seen, rows[-1].id)) if more else None,
        )
    )


@router.get("/{id}", response_model=FrameWithSpans)
def one(memory: Mem, frame_id: Id) -> Response:
    """One frame, when it stood, and which come before and after it."""
    frame = frames.get(memory.db, frame_id)
    spans = frames.spans_of(memory.db, frame, limit=memory.config.api.max_page)
    before, behind = frames.neighbours(memory.db, frame)
    return render.answer(FrameWithSpans(frame=frame, spans=tuple(spans), previous=before, next=behind))


@router.get("/{id}/text", response_model=FrameText)
def text(memory: Mem, frame_id: Id) -> Response:
    """The text that was read off a frame: each line with where it stands and how long it stood unchanged."""
    frame = frames.get(memory.db, frame_id)
    return render.answer(FrameText(frame=frame, lines=tuple(screen.on_frame(memory.db, frame))))


@router.get(
    "/{id}/image",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}, "image/jpeg": {}, "image/avif": {}}}, 304: {}},
)
def image(
    request: Request, memory: Mem, frame_id: Id, width: Width = None, version: Version = None
) -> Response:
    """The picture. It changes only when a part of it is redacted; one asked for by version never does."""
    frame = frames.get(memory.db, frame_id)
    tag = f'"{frame.sha256[:32]}-{width or "full"}"'
    lasting = version is not None and frame.sha256.startswith(version)
    headers = {"ETag": tag, "Cache-Control": _IMMUTABLE if lasting else _ASK_AGAIN}
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    data, media_type = pictures.read(memory, frame, width)
    return Response(data, headers=headers, media_type=media_type)


def _matches(header: str | None, tag: str) -> bool:
    given = [one.strip().removeprefix("W/") for one in (header or "").split(",")]
    return tag in given or "*" in given
