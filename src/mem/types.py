"""The words of Mem: the values that every layer stores, passes and renders.

Every ``datetime`` is aware and UTC, with millisecond precision. Every interval is half-open:
``[start, end)``. An *offset* is whole milliseconds since the first instant of a recording (the
container's start time, which the earliest of its streams defines).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

SourceKind = Literal["file", "live"]
SourceState = Literal["new", "processing", "ready", "partial", "failed"]
TimeSource = Literal["caller", "sidecar", "filename", "container", "mtime"]
Confidence = Literal["high", "medium", "low"]
TextKind = Literal["speech", "screen", "note"]
JobState = Literal["queued", "running", "retrying", "done", "partial", "failed", "cancelled"]
JobKind = Literal["capture"]
Stage = Literal["see", "hear"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ACTIVE_JOB_STATES: tuple[JobState, ...] = ("queued", "running", "retrying")
ENDED_JOB_STATES: tuple[JobState, ...] = ("done", "partial", "failed", "cancelled")


def now() -> datetime:
    """The present instant, UTC, cut to milliseconds as every stored time is."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def after(start: datetime, offset_ms: int) -> datetime:
    """The instant `offset_ms` milliseconds after `start`."""
    return start + timedelta(milliseconds=offset_ms)


def since_epoch(moment: datetime) -> int:
    """Whole milliseconds from 1970 to `moment`, rounded down."""
    return milliseconds(moment - _EPOCH)


def from_epoch(ms: int) -> datetime:
    """The instant `ms` milliseconds after 1970. Raises OverflowError beyond the calendar."""
    return after(_EPOCH, ms)


def milliseconds(span: timedelta) -> int:
    """A duration as whole milliseconds, rounded down."""
    return span // timedelta(milliseconds=1)


def written(moment: datetime) -> str:
    """An instant as JSON and files hold it: UTC, in milliseconds, such as 2026-11-20T14:00:05.500Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """The video stream that is looked at."""

    index: int
    codec: str
    width: int  # as shown: after rotation and with the pixel aspect applied
    height: int
    fps: float | None  # the average that the container states; times never come from it
    rotation: int = 0  # degrees to turn counter-clockwise so that the picture is upright
    interlaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """The audio stream that is listened to."""

    index: int
    codec: str
    rate: int  # Hz
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a look into a media file says, before anything is decoded."""

    container: str
    size: int  # bytes
    duration_ms: int | None  # what the container states, often wrong and sometimes absent
    video: VideoStream | None
    audio: AudioStream | None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTime:
    """When a recording began, where that is known from, and how sure it is."""

    started_at: datetime
    time_source: TimeSource
    confidence: Confidence
    evidence: str  # the text that it was read from


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One recording: a file or a live stream."""

    id: int
    kind: SourceKind
    name: str
    location: str | None
    device: str | None
    content_hash: str  # sha256 of the file, hex
    size: int  # bytes
    path: str | None  # where a captured file lies; None once the original is kept in the folder
    original: str | None  # the name of the kept original inside the folder
    folder: str  # relative to the data directory
    started_at: datetime
    ended_at: datetime | None  # None until it is known
    time_source: TimeSource
    time_confidence: Confidence
    time_evidence: str
    media: Media | None
    state: SourceState
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture kept from a source, and where its bytes lie."""

    id: int
    source_id: int
    first_seen: datetime
    width: int
    height: int
    format: str  # webp, jpeg or avif
    colour: str  # the average, "#rrggbb"
    pack: str  # file name of the tar inside the source's folder
    offset: int  # of the image's first byte in the pack
    length: int
    thumb_offset: int
    thumb_length: int
    sha256: str  # of the image bytes, hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval during which one frame stands for what a source showed."""

    source_id: int
    frame_id: int
    start: datetime
    end: datetime
    samples: int  # looks at the picture that it stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word with its own time."""

    start: datetime
    end: datetime
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech."""

    id: int
    source_id: int
    start: datetime
    end: datetime
    text: str
    language: str
    confidence: float  # 0 to 1: exp of the mean log probability of its tokens
    model: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person or a program wrote about an interval."""

    id: int
    source_id: int | None  # None: about the time itself, whatever was recorded
    start: datetime
    end: datetime
    text: str
    tags: tuple[str, ...]
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A unit of background work, durable, with a state and a progress."""

    id: int
    kind: JobKind
    source_id: int | None
    params: Mapping[str, object]
    state: JobState
    priority: int  # 0 to 9, higher first
    attempt: int
    max_attempts: int
    stage: str | None
    progress: float  # 0 to 1
    cancel_requested: bool
    error_code: str | None
    error_detail: str | None
    result: Mapping[str, object] | None
    not_before: datetime
    lease_owner: str | None
    lease_until: datetime | None
    fence: int  # grows with every claim; a write under an older one is refused
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job, kept so that a listener can catch up."""

    id: int
    job_id: int
    at: datetime
    type: str  # queued, claimed, progress, done, partial, failed, retrying, cancelled
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far one stage of a source is committed, and what it needs to go on from there."""

    source_id: int
    stage: Stage
    stretch: int  # number of the next stretch
    until_ms: int  # offset up to which rows are committed
    pack: str | None  # the pack being written, with its committed length in bytes
    pack_length: int
    state_file: str | None  # file in the source's folder holding the stage's own state
    facts: Mapping[str, object]  # small things: open span, live frame ids, counts, language
    finished: bool
