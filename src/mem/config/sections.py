"""The sections of the configuration: every key with its type, default and meaning."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import BeforeValidator, Field, model_validator

from mem import machine
from mem.config.base import Section
from mem.config.signing import OidcConfig
from mem.types import TokenScope

_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_UNITS |= {"k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9, "tb": 10**12}


def parse_size(value: object) -> object:
    """Bytes from an integer or a text such as "10GiB"; anything else is left for the type check."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", value)
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{value!r} is not a size; write bytes, or for example 10GiB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _zone(value: object) -> object:
    if value == "local":
        return str(tzlocal.get_localzone_name() or "UTC")
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; write for example Europe/Berlin") from None
    return value


def _database_memory(value: object) -> object:
    """A quarter of what this process may have, from 256 MiB to 2 GiB: decoding and speech need theirs."""
    if value == "auto":
        return max(2**28, min(machine.memory_bytes() // 4, 2**31))
    return parse_size(value)


def _threads(value: object) -> object:
    return min(machine.processors(), 16) if value == "auto" else value


def _one_thread(value: object) -> object:
    return 1 if value == "auto" else value


def _networks(value: object) -> object:
    for text in value if isinstance(value, list | tuple) else ():
        try:
            ip_network(str(text), strict=False)
        except ValueError:
            raise ValueError(f"{text!r} is no address or network such as 10.0.0.0/8") from None
    return value


Size = Annotated[int, BeforeValidator(parse_size), Field(ge=0)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_networks)]
Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour)$")]
DatabaseMemory = Annotated[int, BeforeValidator(_database_memory), Field(ge=2**26)]
Threads = Annotated[int, BeforeValidator(_threads), Field(ge=1, le=256)]
SpeechThreads = Annotated[int, BeforeValidator(_one_thread), Field(ge=1, le=256)]
ZoneName = Annotated[str, BeforeValidator(_zone)]


class DatabaseConfig(Section):
    """Where rows lie."""

    url: str | None = Field(None, description="`postgresql://…`; none: DuckDB in the data directory")
    connections: int = Field(8, ge=2, le=200, description="Connections to PostgreSQL of one process")
    statement_timeout_seconds: float = Field(
        60.0, ge=1, le=3600, description="Seconds after which PostgreSQL gives a statement up"
    )
    memory_limit: DatabaseMemory = Field(
        "auto",
        validate_default=True,
        description="Bytes that DuckDB may use; auto: a quarter of what its cgroup may have, up to 2 GiB",
    )
    threads: Threads = Field(
        "auto",
        validate_default=True,
        description="Threads that DuckDB may use; auto: as many as the process's cgroup has processors",
    )
    programs: Path | None = Field(
        None, description="Folder of pg_dump and pg_restore, for backups of PostgreSQL; none: PATH"
    )


class SearchConfig(Section):
    """Finding."""

    semantic: Literal["off", "on"] = Field(
        "off", description="on: texts are also found by their meaning (English; extra `semantic`, DuckDB)"
    )


class KeepRule(Section):
    """How small a change of the picture is news; the measures are of tiles of 16 x 16 pixels at 1080p."""

    level: float = Field(5.0, gt=0, le=255)  # grey levels of mean change in a tile
    tiles: int = Field(6, ge=1, le=10_000)  # changed tiles that must touch
    faint: float = Field(3.0, gt=0, le=255)  # a smaller change, such as pale text makes,
    many: int = Field(10, ge=1, le=10_000)  # which counts where more tiles touch
    colour: float = Field(8.0, gt=0, le=510)  # levels of mean change in a tile's two colours together
    clutter: bool = True  # whether what never rests is learned, and is no news


class FrameConfig(Section):
    """Looking at the picture and keeping frames."""

    interval_seconds: float = Field(5.0, ge=0.1, le=3600, description="Seconds between two looks")
    format: Literal["webp", "jpeg", "avif"] = Field("webp", description="Image format of a frame")
    quality: int = Field(75, ge=1, le=100, description="Image quality for webp and avif")
    jpeg_quality: int = Field(80, ge=1, le=95, description="Image quality where format is jpeg")
    max_width: int | None = Field(None, ge=16, description="Pixels; wider frames are scaled down")
    sampling: Literal["adaptive", "exact"] = Field(
        "adaptive", description="adaptive: the nearest keyframe within half an interval will do"
    )
    sensitivity: Literal["low", "normal", "high"] | KeepRule = Field(
        "normal",
        description="How small a change counts as news: a name, or the numbers of the rule (`level`, "
        "`tiles`, `faint`, `many`, `colour`, `clutter`); see media.md",
    )


class Expected(Section):
    """Something that should deliver recordings: a device, a location, or a watched folder."""

    device: str | None = None
    location: str | None = None
    folder: Path | None = None
    every_minutes: float = Field(gt=0, le=525_600)

    @model_validator(mode="after")
    def _named(self) -> "Expected":
        if self.device is None and self.location is None and self.folder is None:
            raise ValueError("name a device, a location or a folder")
        return self


class CaptureConfig(Section):
    """Taking recordings in."""

    frame: FrameConfig = FrameConfig()
    allowed_roots: tuple[Path, ...] | None = Field(
        None, description="Folders that captures by path may read; none: inbox in the data directory"
    )
    watch: tuple[Path, ...] = Field(
        (), description="Folders whose recordings the server takes in as they come; see operations.md"
    )
    watch_settle_seconds: float = Field(
        10.0, ge=0, le=86_400, description="Seconds that a watched file stands still before it is taken"
    )
    watch_poll_seconds: float = Field(
        10.0, gt=0, le=86_400, description="Seconds between two looks into the watched folders, at least"
    )
    watch_after: Literal["keep", "move", "delete"] = Field(
        "keep", description="What becomes of a watched file once its recording is whole in the memory"
    )
    watch_taken: str = Field(
        "taken",
        pattern=r"^[^./][^/]*$",
        description="Sub-folder into which `move` puts it; never watched",
    )
    expected: tuple[Expected, ...] = Field(
        (),
        description="What should deliver, and how often: a list of `device`, `location` or `folder` with "
        "`every_minutes`; later than that, `/api/status` is degraded",
    )
    screen_text: Literal["auto", "off", "tesseract"] = Field(
        "auto", description="Read text off kept frames: auto (RapidOCR, else Tesseract), off, or tesseract"
    )
    timezone: ZoneName = Field("local", description="Zone of local times found in names and files")
    stretch_seconds: int = Field(300, ge=10, le=3600, description="Seconds of media in one commit")
    part_seconds: int = Field(
        0,
        ge=0,
        le=1_209_600,
        description="Seconds of media in one part of a long recording, whose pictures several workers look "
        "at side by side, such as 3600; 0: never in parts",
    )


class WhisperConfig(Section):
    """Writing down speech."""

    model: str = Field("auto", description="auto, a name (tiny … large-v3), or a CTranslate2 folder")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where speech is decoded")
    language: str = Field("auto", description="auto, or a code such as en")
    compute_type: str = Field("int8", description="CTranslate2 compute type")
    threads: SpeechThreads = Field(
        "auto",
        validate_default=True,
        description="Processor threads for speech; auto: one, which costs a fifth less than several",
    )
    idle_seconds: float = Field(
        300.0, ge=0, le=86_400, description="Seconds that the model stays in memory after a job; 0: none"
    )
    fallback_model: str | None = Field(
        None, description="Smaller model that takes over where memory is short; none: the job fails"
    )
    hotwords: str = Field(
        "", max_length=500, description="Names and rare words to listen for; a source may have its own"
    )
    prompt: str = Field(
        "", max_length=500, description="A phrase taken as said before; a source may have its own"
    )
    url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Server with OpenAI's `/v1/audio/transcriptions` to send speech to; none: this machine",
    )
    url_model: str = Field("whisper-1", description="Model that this server is asked for")
    url_token: str | None = Field(None, description="Its key, sent as a bearer token")
    url_timeout_seconds: float = Field(
        120.0, gt=0, le=3600, description="Seconds in which it must answer about half a minute of speech"
    )


class MediaConfig(Section):
    """Limits for the processes that decode recordings."""

    max_pixels: int = Field(33_177_600, ge=1, description="Pixels of a picture, 8K by default")
    max_streams: int = Field(64, ge=1, description="Streams in one file")
    max_duration_seconds: int = Field(14 * 86_400, ge=1, description="Seconds of one recording")
    child_memory: Size = Field(4 * 2**30, description="Bytes of memory for the decoding process")
    stall_seconds: int = Field(120, ge=1, description="Seconds without progress that count as hung")
    idle_seconds: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="Seconds that what forks for each recording waits for the next one; 0: nothing forks",
    )


class RetentionRule(Section):
    """What of some sources is let go of: after `days`, or beyond `max_bytes`, the oldest first."""

    what: Literal["originals", "thin", "frames", "everything"]
    days: int | None = Field(None, ge=1, le=36_525)
    max_bytes: Size | None = None
    source: int | None = Field(None, ge=1)
    location: str | None = None
    device: str | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> "RetentionRule":
        if (self.days is None) == (self.max_bytes is None):
            raise ValueError("give either days or max_bytes")
        if self.what == "everything" and self.days is None:
            raise ValueError("`everything` goes by days alone: text takes next to no room")
        return self


class JobsConfig(Section):
    """Background work."""

    backend: Literal["embedded", "workers", "celery"] = Field(
        "embedded",
        description="Who works on jobs. embedded: the server; workers: processes of `mem worker` over "
        "PostgreSQL; celery: the same, woken through Redis",
    )
    broker_url: str | None = Field(
        None, pattern=r"^rediss?://", description="`redis://…` that carries wake-ups to the workers"
    )
    concurrency: int = Field(1, ge=1, le=64, description="Jobs worked on at once")
    max_attempts: int = Field(3, ge=1, le=100, description="Tries before a job has failed")
    max_queued: int = Field(20_000, ge=1, description="Waiting jobs beyond which none is accepted")
    lease_seconds: int = Field(60, ge=5, description="Seconds a worker owns a job without a word")
    poll_seconds: float = Field(1.0, gt=0, description="Seconds between looks for due jobs")
    ageing_minutes: float = Field(
        10.0, gt=0, le=10_080, description="Minutes of waiting that are worth one level of priority"
    )
    poison_deaths: int = Field(
        3, ge=1, le=1000, description="Deaths at one place, without progress between, that end a job"
    )
    niceness: int = Field(10, ge=0, le=19, description="Niceness of the processes that decode")


class RateConfig(Section):
    """How often one caller (a token, or else an address) may ask: so many at once, evenly given back."""

    read: Rate = Field("3000/minute", description="What only reads; all rates: callers on this machine 20x")
    search: Rate = Field("600/minute", description="Searches")
    write: Rate = Field("600/minute", description="What changes something")
    failures: Rate = Field("20/minute", description="Wrong tokens from one address before it is told to wait")
    shared_url: str | None = Field(
        None,
        pattern=r"^rediss?://",
        description="`redis://…` in which several servers count together; none: each by itself",
    )


class ApiConfig(Section):
    """The HTTP server."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    auth: Literal["auto", "token", "none"] = Field(
        "auto",
        description="Who is answered. auto: whoever is on this machine until there is a token, then tokens; "
        "token: tokens alone; none: everybody who reaches the server",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Names that the server goes by, besides localhost: mem.example.org, *.example.org"
    )
    trusted_proxies: Networks = Field(
        (), description="Addresses and networks whose X-Forwarded-For and -Proto are believed"
    )
    proxy_user_header: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Header by which a trusted proxy names whom it signed in, such as X-Remote-User",
    )
    proxy_user_scopes: tuple[TokenScope, ...] = Field(
        ("read",), description="What those may do whom a trusted proxy signed in"
    )
    oidc: OidcConfig = OidcConfig()
    session_hours: float = Field(168.0, gt=0, le=8760, description="Hours that a browser stays signed in")
    rate: RateConfig = RateConfig()
    max_headers: int = Field(100, ge=20, le=10_000, description="Headers of one request")
    max_connections: int = Field(2000, ge=16, description="Connections beyond which the answer is 503")
    header_timeout_seconds: float = Field(
        15.0, gt=0, le=600, description="Seconds in which the head of a request must be here"
    )
    body_timeout_seconds: float = Field(
        30.0, gt=0, le=3600, description="Seconds in which any body but an upload must be here"
    )
    answer_timeout_seconds: float = Field(
        120.0, gt=0, le=3600, description="Seconds that whoever asked may take nothing of an answer"
    )
    max_uploads_per_address: int = Field(8, ge=1, description="Uploads at once from one address")
    max_streams_per_address: int = Field(16, ge=1, description="Streams of events at once to one address")
    search_concurrency: int = Field(
        0, ge=0, le=1024, description="Questions worked on at once; 0: two for each processor"
    )
    search_waiting: int = Field(128, ge=0, description="Questions that may wait their turn, beyond that 503")
    audit_bytes: Size = Field(
        32 * 2**20, description="Bytes of the log of who read, wrote and deleted; 0: none is kept"
    )
    max_upload_size: Size = Field(10 * 2**30, description="Bytes of one uploaded recording")
    min_upload_rate: Size = Field(16 * 2**10, description="Bytes a second that a sender must reach")
    slow_upload_seconds: float = Field(
        60.0, gt=0, le=3600, description="Seconds over which a sender may be slower than that, on average"
    )
    partial_upload_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours that an upload may rest before it is dropped"
    )
    max_body_size: Size = Field(2**20, description="Bytes of any other request body")
    default_time_range_days: int = Field(7, ge=1, description="Days looked at when no range is given")
    export_max_frames: int = Field(50_000, ge=1, description="Frames in one export at most")
    max_page: int = Field(200, ge=1, le=10_000, description="Rows of one answer at most")


class LoggingConfig(Section):
    """What is logged, and where."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level shown")
    format: Literal["text", "json"] = Field("text", description="Form of a log line")
    dir: Path | None = Field(None, description="Folder for api.log and capture.log; none: stderr only")
