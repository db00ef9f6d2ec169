"""What was said: segments, a person's words in their place, transcripts over a range, listening again."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from mem import transcripts
from mem.api import guard, render, times
from mem.api.bounds import Bounds
from mem.api.parameters import Cursor, Id, Limit, Mem, Number, SourceId, Whole, storable
from mem.api.shapes import JobList, RangeTranscript, SegmentPage
from mem.capture import relistening
from mem.ops import correct
from mem.store import texts
from mem.types import Segment

router = APIRouter(prefix="/api", tags=["speech"])

_TEXTS: dict[str, Any] = {kind.partition(";")[0]: {} for kind in transcripts.MEDIA_TYPES.values()}
Said = Annotated[
    str, StringConstraints(min_length=1, max_length=correct.MOST_LETTERS), AfterValidator(storable)
]
IfMatch = Annotated[
    str | None, Header(description="Only if this is the segment's ETag still; else 412 `segment_changed`")
]
Suspects = Annotated[bool, Query(description="Only those whose text is doubted")]
Sources = Annotated[list[Number], Query(alias="source", max_length=100, description="Only these sources")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was really said; null takes back what a person wrote."""

    text: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relisten:
    """A range of time whose recordings are listened to again, and with what."""

    from_: Annotated[times.Instant, Field(alias="from")]
    to: times.Instant
    model: Annotated[str, StringConstraints(max_length=40)] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^(auto|[a-z]{2,3})$")] | None = None
    sources: Annotated[tuple[Number, ...], Field(max_length=100)] = ()  # none: all


@router.get("/segments", response_model=SegmentPage)
def page(
    memory: Mem,
    asked: times.AskedRange,
    limit: Limit,
    source: SourceId = None,
    suspect: Suspects = False,
    cursor: Cursor = None,
) -> Response:
    """What was said in a range, in order of time."""
    span, after = times.resumed("segments", asked, cursor)
    found = texts.between(
        memory.db, span.start, span.end, source, limit=limit + 1, after=after, suspect=suspect
    )
    rows, more = tuple(found[:limit]), len(found) > limit
    return render.answer(
        SegmentPage(
            from_=span.start,
            to=span.end,
            range_defaulted=span.defaulted,
            segments=rows,
            cursor=times.cursor("segments", span, (rows[-1].start, rows[-1].id)) if more else None,
        )
    )


@router.get("/segments/{id}", response_model=Segment)
def one(memory: Mem, segment_id: Id) -> Response:
    """One segment, with the ETag that names its present state."""
    return _tagged(texts.get(memory.db, segment_id))


@router.patch("/segments/{id}", response_model=Segment)
def change(
    request: Request,
    memory: Whole,
    bounds: Bounds,
    segment_id: Id,
    body: Correction,
    if_match: IfMatch = None,
) -> Response:
    """Write what was really said there; listening again never overwrites it, and both are found."""
    bounds.segment(segment_id)
    expected = None
    if if_match is not None and if_match.strip() != "*":
        expected = [one.strip().strip('"') for one in if_match.split(",")]
    by = guard.caller(request).name
    return _tagged(correct.segment(memory, segment_id, body.text, by=by, expected=expected))


@router.get(
    "/transcript.{form}",
    response_class=StreamingResponse,
    responses={200: {"model": RangeTranscript, "content": _TEXTS}},
)
def transcript(
    memory: Mem,
    form: transcripts.Form,
    asked: times.AskedRange,
    sources: Sources = [],  # noqa: B006 - the framework copies it
) -> Response:
    """What was said in a range of time, over several sources, as text, subtitles or JSON."""
    text = transcripts.over(memory, asked.start, asked.end, tuple(sources), form)
    return StreamingResponse(text, media_type=transcripts.MEDIA_TYPES[form])


@router.post("/transcript/rerun", status_code=202, response_model=JobList)
def listen_again(memory: Whole, body: Relisten) -> Response:
    """Listen again to all recordings of a range; what was heard stays until the new can take its place."""
    span = times.checked(body.from_, body.to)
    jobs = relistening.ask(
        memory, (span.start, span.end), body.sources, model=body.model, language=body.language
    )
    return render.answer(JobList(jobs=tuple(jobs)), 202)


def _tagged(segment: Segment) -> Response:
    return render.answer(segment, 200, {"ETag": f'"{correct.etag(segment)}"'})
