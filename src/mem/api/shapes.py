"""The answers that are more than one stored thing; the OpenAPI document is made from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from mem.store.frames import Bucket
from mem.timeline import Shown
from mem.types import Channel, Frame, Job, Note, ScreenText, Segment, Source, Span, Suspicion, Word

FromField = Annotated[datetime, Field(alias="from", description="First instant of the range, UTC")]
Next = Annotated[str | None, Field(description="Give it back as `cursor` for more; null at the end")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Jobs, newest first."""

    jobs: tuple[Job, ...]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """Sources, the latest recording first."""

    sources: tuple[Source, ...]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """The answer to an upload of a file that is there already."""

    duplicate: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """How far a resumable upload is, and what it became: a job, or the source with the same content."""

    id: str
    offset: int
    size: int
    expires_at: datetime
    job: int | None
    source: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """What was on screen, said and noted in a range; `sources` is keyed by id.

    `screen` holds the lines of text read off it, and segments their words, where they were asked for.

    `continues` says which source goes on from which without a pause, by id: same place and device, and
    at most 2 s between them.
    """

    from_: FromField
    to: datetime
    range_defaulted: bool
    spans: tuple[Shown, ...]
    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]
    screen: tuple[ScreenText, ...]
    sources: dict[int, Source]
    continues: dict[int, int]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """How many frames, segments and notes begin in each bucket, empty buckets included."""

    from_: FromField
    to: datetime
    range_defaulted: bool
    bucket_seconds: int
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A frame and the span during which it stood."""

    frame: Frame
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesAt:
    """What each source showed at one instant."""

    at: datetime
    frames: tuple[Standing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePage:
    """Frames by the instant they were first seen."""

    from_: FromField
    to: datetime
    range_defaulted: bool
    frames: tuple[Frame, ...]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameWithSpans:
    """One frame, the spans during which it stood, and the ids of its neighbours in the same source."""

    frame: Frame
    spans: tuple[Span, ...]
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameText:
    """The lines of text that were read off a frame, from the top; `frame` has the size their boxes lie in."""

    frame: Frame
    lines: tuple[ScreenText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePage:
    """Notes by their start."""

    from_: FromField
    to: datetime
    range_defaulted: bool
    notes: tuple[Note, ...]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBatch:
    """The notes that were written, in the order they were given."""

    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedSegment:
    """A segment with its place in the recording as well, in milliseconds since its start."""

    id: int
    start: datetime
    end: datetime
    start_ms: int
    end_ms: int
    text: str
    language: str
    confidence: float
    model: str
    channel: Channel | None
    suspect: Suspicion | None
    heard: str | None
    edited_at: datetime | None
    edited_by: str | None
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Everything said in a source."""

    source_id: int
    name: str
    started_at: datetime
    segments: tuple[TimedSegment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeTranscript:
    """Everything said in a range, source by source."""

    from_: FromField
    to: datetime
    sources: tuple[Transcript, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPage:
    """What was said in a range, in order of time."""

    from_: FromField
    to: datetime
    range_defaulted: bool
    segments: tuple[Segment, ...]
    cursor: Next


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """Jobs that were queued together."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """The process answers."""

    status: Literal["ok"] = "ok"
