"""The timeline and its density."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mem import timeline
from mem.api import cursors, render, times
from mem.api.parameters import Cursor, Limit, Mem, SourceId
from mem.api.shapes import Density, TimelinePage
from mem.timeline import Position

router = APIRouter(prefix="/api/timeline", tags=["asking"])

Screen = Annotated[bool, Query(description="Also the lines of text that were read off the screen")]
Words = Annotated[bool, Query(description="Each segment with its words and their times; else it has none")]


@router.get("", response_model=TimelinePage)
def page(
    memory: Mem,
    asked: times.AskedRange,
    limit: Limit,
    source: SourceId = None,
    screen: Screen = False,
    words: Words = False,
    cursor: Cursor = None,
) -> Response:
    """Spans with their frame, segments and notes that overlap a range, in order of time."""
    span, after = _position(asked, cursor)
    found = timeline.page(
        memory, span.start, span.end, source, limit=limit, after=after, lines=screen, words=words
    )
    return render.answer(
        TimelinePage(
            from_=span.start,
            to=span.end,
            range_defaulted=span.defaulted,
            spans=found.spans,
            segments=found.segments,
            notes=found.notes,
            screen=found.screen,
            sources=found.sources,
            continues=found.continues,
            cursor=None if found.next is None else _cursor(span, found.next),
        )
    )


@router.get("/density", response_model=Density)
def density(
    memory: Mem,
    asked: times.AskedRange,
    source: SourceId = None,
    buckets: Annotated[int, Query(ge=1, le=5000, description="At most so many cover the range")] = 100,
) -> Response:
    """How many frames, segments and notes begin in each part of a range."""
    seconds, found = timeline.density(memory, asked.start, asked.end, source, buckets=buckets)
    return render.answer(
        Density(
            from_=asked.start,
            to=asked.end,
            range_defaulted=asked.defaulted,
            bucket_seconds=seconds,
            buckets=tuple(found),
        )
    )


def _position(asked: times.Range, cursor: str | None) -> tuple[times.Range, Position]:
    """The range and where in it to go on; a cursor brings its own range, so that `now` stands still."""
    if cursor is None:
        return asked, Position()
    values: Sequence[cursors.Value] = cursors.decode("timeline", cursor, 11)
    position = Position(
        span=cursors.to_key(values[3], values[4]),
        segment=cursors.to_key(values[5], values[6]),
        note=cursors.to_key(values[7], values[8]),
        line=cursors.to_key(values[9], values[10]),
    )
    return times.from_cursor(values[:3]), position


def _cursor(span: times.Range, position: Position) -> str:
    keys = (position.span, position.segment, position.note, position.line)
    flat = [value for key in keys for value in cursors.from_key(key)]
    return cursors.encode("timeline", [*times.to_cursor(span), *flat])
