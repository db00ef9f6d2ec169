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
NoteType = Literal["user_note", "ai_summary", "ocr_output", "scene_description", "action_detected", "custom"]
ReceiptKind = Literal["source", "interval", "retention", "redaction"]
JobState = Literal["queued", "running", "retrying", "done", "partial", "failed", "cancelled"]
JobKind = Literal["capture", "rerun", "screen"]
TokenScope = Literal["read", "write", "capture", "admin", "metrics"]
TokenKind = Literal["token", "session"]
ScanStatus = Literal["clean", "head_clean", "too_large", "unreachable"]
Stage = Literal["see", "hear", "screen"]
RerunStage = Literal["frames", "speech", "screen", "index"]
Channel = Literal["left", "right"]  # of a stereo recording with a voice of its own on each
# A text that repeats itself, that the model is unsure of, that it writes where nobody speaks, or that is
# in a language it does not know.
Suspicion = Literal["loop", "unsure", "phantom", "language"]

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
    return _EPOCH + timedelta(0, ms // 1000, ms % 1000 * 1000)


def milliseconds(span: timedelta) -> int:
    """A duration as whole milliseconds, rounded down."""
    return span // timedelta(milliseconds=1)


def written(moment: datetime) -> str:
    """An instant as JSON and files hold it: UTC, in milliseconds, such as 2026-11-20T14:00:05.500Z."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='milliseconds')[:-6]}Z"


def between(begin_ms: int, end_ms: int) -> str:
    """A part of a recording for people, from two offsets: 00:10:00 to 00:15:00."""
    seconds = (begin_ms // 1000, -(-end_ms // 1000))
    return " to ".join(f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in seconds)


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
    hotwords: str | None = None  # names and rare words that speech in it is listened for
    prompt: str | None = None  # a phrase that stands as if it had been said before
    scan_status: ScanStatus | None = None  # by the virus scanner; None: none was asked


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
    sha256: str  # of the bytes that the image is made from, hex
    reel_offset: int | None = None  # of the first byte of the reel that the image is a part of; else None
    still_length: int | None = None  # how long it was before it became a part of one

    @property
    def begin(self) -> int:
        """The pack's first byte that the image is made from; the last one is its own."""
        return self.offset if self.reel_offset is None else self.reel_offset

    @property
    def end(self) -> int:
        """Behind the last one."""
        return self.offset + self.length


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
    """A stretch of speech. `text` is what a person wrote, where one did; else what was heard."""

    id: int
    source_id: int
    start: datetime
    end: datetime
    text: str
    language: str
    confidence: float  # 0 to 1: exp of the mean log probability of its tokens
    model: str
    words: tuple[Word, ...]
    channel: Channel | None = None  # None: all channels together
    suspect: Suspicion | None = None  # why the text is doubted; such is found only where that is asked for
    heard: str | None = None  # what was heard, where a person wrote something else
    heard_words: tuple[Word, ...] = ()
    edited_at: datetime | None = None
    edited_by: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of a picture, the origin at its top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenText:
    """A line of text that stood unchanged on the frames of a source for a while."""

    id: int
    source_id: int
    frame_id: int  # the first frame that shows it
    start: datetime
    end: datetime
    text: str
    confidence: float  # 0 to 1, the engine's own
    engine: str
    box: Box  # where it stands, in pixels of that frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person or a program wrote about an interval."""

    id: int
    source_id: int | None  # None: about the time itself, whatever was recorded
    start: datetime
    end: datetime
    text: str
    tags: tuple[str, ...]
    type: NoteType
    author: str
    metadata: Mapping[str, object]  # whatever its writer wants to keep beside it
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a deletion was asked for and what it removed; kept for good, without what was removed."""

    id: int
    kind: ReceiptKind
    state: Literal["running", "done"]  # running: it goes on, also after a restart
    asked: Mapping[str, object]
    by: str  # who asked: owner, local or retention
    removed: Mapping[str, int]  # how many, by what
    freed_bytes: int  # of files
    begun_at: datetime
    finished_at: datetime | None
    rows_in_file: bool = False  # what its rows held lies in the database's file until that is written anew


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job is in the recording: a stretch of a stage. Offsets in ms."""

    stage: str  # look, or a stage that has stretches
    stretch: int = 0
    begin_ms: int = 0
    end_ms: int = 0  # about: where the stretch really ends is known at its end

    def __str__(self) -> str:
        return f"{self.stage}:{self.stretch}:{self.begin_ms}:{self.end_ms}"

    @property
    def spoken(self) -> str:
        """For people, such as "seeing, 00:10:00 to 00:15:00"."""
        doing = {"look": "looking it over", "see": "seeing", "hear": "hearing"}.get(self.stage, self.stage)
        return f"{doing}, {between(self.begin_ms, self.end_ms)}" if self.end_ms else doing

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` wrote."""
        stage, *numbers = text.split(":")
        return cls(stage, *map(int, numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How many parts of a long recording have been looked at."""

    done: int
    of: int


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
    place: Place | None  # where it is, or was when it ended early
    deaths: int  # times that a process was lost at one place, without progress between
    skip: Place | None  # a stretch that is left out, because a person said so
    file_mark: str | None  # device, inode, size and times of the captured file as it was hashed
    parent: int | None = None  # the job of the recording that this one does a part of
    parts: Parts | None = None  # of a recording that is looked at in parts, in answers about jobs


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The part of the memory that a token may learn of. What is None is not limited."""

    source_ids: tuple[int, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def timed(self) -> bool:
        """Whether they name a time."""
        return self.start is not None or self.end is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Leave to use a server: handed to a program, or a browser that signed in. Its secret is not here."""

    id: str  # the part of the token that is no secret
    kind: TokenKind
    name: str
    scopes: tuple[TokenScope, ...]
    limits: Limits | None  # None: everything
    parent: str | None  # of a session: the token or rule of api.oidc that began it; None: the owner
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None  # to within a minute
    revoked_at: datetime | None
