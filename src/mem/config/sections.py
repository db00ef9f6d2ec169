"""The sections of the configuration: every key with its type, default and meaning."""

import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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


Size = Annotated[int, BeforeValidator(parse_size), Field(ge=0)]
ZoneName = Annotated[str, BeforeValidator(_zone)]


class Section(BaseModel):
    """Keys that belong together; frozen, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DatabaseConfig(Section):
    """Where rows lie."""

    url: str | None = Field(None, description="`postgresql://…`; none: DuckDB in the data directory")
    memory_limit: Size = Field(1 * 2**30, description="Bytes that DuckDB may use")
    threads: int = Field(2, ge=1, le=256, description="Threads that DuckDB may use")


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
    sensitivity: Literal["low", "normal", "high"] = Field(
        "normal", description="How small a change counts as news"
    )


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
    timezone: ZoneName = Field("local", description="Zone of local times found in names and files")
    stretch_seconds: int = Field(300, ge=10, le=3600, description="Seconds of media in one commit")


class WhisperConfig(Section):
    """Writing down speech."""

    model: str = Field("auto", description="auto, a name (tiny … large-v3), or a CTranslate2 folder")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where speech is decoded")
    language: str = Field("auto", description="auto, or a code such as en")
    compute_type: str = Field("int8", description="CTranslate2 compute type")
    threads: int = Field(2, ge=1, le=256, description="Processor threads for speech")


class MediaConfig(Section):
    """Limits for the processes that decode recordings."""

    max_pixels: int = Field(33_177_600, ge=1, description="Pixels of a picture, 8K by default")
    max_streams: int = Field(64, ge=1, description="Streams in one file")
    max_duration_seconds: int = Field(14 * 86_400, ge=1, description="Seconds of one recording")
    child_memory: Size = Field(4 * 2**30, description="Bytes of memory for the decoding process")
    stall_seconds: int = Field(120, ge=1, description="Seconds without progress that count as hung")


class StorageConfig(Section):
    """What is kept on disk."""

    keep_originals: bool = Field(True, description="Keep uploaded files after they are taken in")
    min_free_bytes: Size = Field(2 * 2**30, description="Free space below which nothing is written")


class JobsConfig(Section):
    """Background work."""

    concurrency: int = Field(1, ge=1, le=64, description="Jobs worked on at once")
    max_attempts: int = Field(3, ge=1, le=100, description="Tries before a job has failed")
    max_queued: int = Field(20_000, ge=1, description="Waiting jobs beyond which none is accepted")
    lease_seconds: int = Field(60, ge=5, description="Seconds a worker owns a job without a word")
    poll_seconds: float = Field(1.0, gt=0, description="Seconds between looks for due jobs")


class ApiConfig(Section):
    """The HTTP server."""

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
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
    max_page: int = Field(200, ge=1, le=10_000, description="Rows of one answer at most")


class LoggingConfig(Section):
    """What is logged, and where."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level shown")
    format: Literal["text", "json"] = Field("text", description="Form of a log line")
    dir: Path | None = Field(None, description="Folder for api.log and capture.log; none: stderr only")
