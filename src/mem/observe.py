"""What Mem says about itself: log lines and metrics, every one of them declared here.

A log call names an event and its facts: ``log.info("stretch stored", extra={"action":
"stretch_stored", "source": 3})``. The request or job that a line belongs to comes from `context`,
so that no function passes ids along for the sake of logging.
"""

import contextlib
import contextvars
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from mem import redact

_context: contextvars.ContextVar[dict[str, object]] = contextvars.ContextVar("mem_context")

# The attributes that every record has; whatever else it carries came through `extra`.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}

FRAMES_SAMPLED = Counter("mem_frames_sampled", "Looks at a picture")
FRAMES_STORED = Counter("mem_frames_stored", "Frames kept because they showed something new")
FRAME_BYTES = Counter("mem_frame_bytes", "Bytes of frames and thumbnails written")
OBJECT_BYTES = Counter("mem_object_bytes", "Bytes that went to (up) and came from (down) a bucket", ["way"])
OBJECTS_WAITING = Gauge("mem_objects_waiting", "Recordings whose closed files are to go to the bucket")
OBJECTS_FAILED = Counter("mem_objects_failed", "Times that the bucket did not take a recording's files")
SCREEN_FRAMES = Counter("mem_screen_frames", "Times a frame stood that were gone through for text")
SPEECH_SECONDS = Counter("mem_speech_seconds", "Seconds of speech written down")
MEDIA_SECONDS = Counter("mem_media_seconds", "Seconds of recordings seen and heard", ["stage"])
CAPTURE_SECONDS = Histogram(
    "mem_capture_seconds",
    "Seconds that one stage of one recording took",
    ["stage"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400),
)
SCANS = Counter("mem_scans", "Files that the virus scanner was asked about, by outcome", ["status"])
JOBS_ENDED = Counter("mem_jobs_ended", "Jobs that ended at work, by outcome", ["kind", "state"])
JOBS_LOST = Counter("mem_jobs_lost", "Jobs whose worker found that another one had taken them over")
JOBS = Gauge("mem_jobs", "Jobs now, by state", ["state"])
JOB_OLDEST_QUEUED_SECONDS = Gauge("mem_job_oldest_queued_seconds", "Age of the job or part waiting longest")
HTTP_SECONDS = Histogram(
    "mem_http_request_duration_seconds",
    "Seconds until an answer was ready",
    ["method", "route", "status_class"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SEARCH_SECONDS = Histogram(
    "mem_search_seconds",
    "Seconds to answer a search",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2),
)
DATABASE_BYTES = Gauge(
    "mem_database_size_bytes",
    "Bytes of the database: file and wal on disk; used and free within the file (DuckDB)",
    ["kind"],
)
DISK_FREE_BYTES = Gauge("mem_disk_free_bytes", "Free bytes on the volume that holds a folder", ["root"])
DISK_TOTAL_BYTES = Gauge("mem_disk_total_bytes", "Bytes of the volume that holds a folder", ["root"])
STORED_BYTES = Gauge("mem_stored_bytes", "Bytes of what is kept, by class", ["kind"])
FRAMES = Gauge("mem_frames", "Frames in the memory")
FRAMES_DROPPED_SHARE = Gauge(
    "mem_frames_dropped_share", "Share of all looks at a picture that showed nothing new, 0 to 1"
)
SOURCES = Gauge("mem_sources", "Recordings now, by state", ["state"])
LATE_SOURCES = Gauge("mem_sources_late", "Devices, locations and folders that should have delivered by now")
REAL_TIME_FACTOR = Gauge(
    "mem_real_time_factor", "Seconds of recording taken in per second of work, over the last captures"
)
WORKER_SILENT_SECONDS = Gauge(
    "mem_worker_silent_seconds", "Seconds since the worker that was quiet longest gave a sign of life"
)
INDEX_LAG = Gauge("mem_index_lag_changes", "Changes that the search index has not seen yet")
BACKUP_AGE_SECONDS = Gauge(
    "mem_backup_age_seconds", "Seconds since the last backup in storage.backups; -1 where there is none"
)
BACKUP_GOOD = Gauge("mem_backup_good", "Whether the last backup was checked and found whole: 1 or 0")
MEMORY_BYTES = Gauge(
    "mem_memory_bytes",
    "Bytes of memory: resident in the server and in its children, held by the cgroup, and its limit",
    ["part"],
)
READY = Gauge("mem_ready", "Whether requests can be served: 1 or 0")
START_TIME = Gauge("mem_start_time_seconds", "When the memory was opened, seconds since 1970")


@contextlib.contextmanager
def context(**facts: object) -> Iterator[None]:
    """Give every log line within the block these facts, such as ``job=3``."""
    token = _context.set({**_context.get({}), **facts})
    try:
        yield
    finally:
        _context.reset(token)


def facts() -> dict[str, object]:
    """The facts of the innermost `context`."""
    return dict(_context.get({}))


class _Stamp(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _context.get({}).items():
            if name not in record.__dict__:
                record.__dict__[name] = value
        return True


class _Lines(logging.Formatter):
    """One record, one line: control characters in a message or fact cannot forge another line."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        line = {name: _safe(name, value) for name, value in line.items()}
        if self._as_json:
            return _sayable(json.dumps(line, default=str, ensure_ascii=False))
        head = f"{line.pop('time')} {line.pop('level'):<7} {line.pop('logger')}: {line.pop('message')}"
        trace = line.pop("traceback", None)
        tail = "".join(f" {name}={_plain(value)}" for name, value in line.items() if name != "action")
        return _one_line(head) + tail + (f"\n{_indented(str(trace))}" if trace else "")


def _safe(name: str, value: object) -> object:
    """A fact without secrets; what JSON cannot hold becomes its text first."""
    if isinstance(value, str | int | float | None | list | tuple | dict):
        return redact.named(name, value)
    return redact.named(name, str(value))


def _indented(trace: str) -> str:
    """A traceback quotes what came from outside: indented, no line of it can pass for one of the log."""
    return "\n".join(f"    {_one_line(line)}" for line in trace.splitlines())


def _sayable(text: str) -> str:
    """JSON leaves some line breaks of Unicode as they are, and readers of lines do not."""
    return "".join(c if c.isprintable() or c == " " else json.dumps(c)[1:-1] for c in text)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(value: object) -> str:
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


class LogFile(logging.Handler):
    """A log file that may be moved away or deleted at any time, its folder too.

    Before each line it is seen whether the open file still bears its name; a new one is begun where it
    does not. A line goes out in one write at the end of the file, so lines of several threads or
    processes never mix, and none is lost to a rotation that renames (logrotate's `copytruncate` copies
    first and cuts then: what is written in between is lost with it, whatever the writer does).
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._fd = -1
        self._same: tuple[int, int] | None = None
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a full disk is told on stderr and never to the caller."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            if self._moved():
                self._open()
            while line:
                line = line[os.write(self._fd, line) :]
        except (OSError, ValueError, TypeError):
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd, self._same = -1, None
        super().close()

    def _moved(self) -> bool:
        try:
            now = os.stat(self._path)  # noqa: PTH116 - at every line
        except OSError:
            return True
        return (now.st_dev, now.st_ino) != self._same

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if self._fd >= 0:
            os.close(self._fd)
        facts = os.fstat(fd)
        self._fd, self._same = fd, (facts.st_dev, facts.st_ino)


def start_logging(level: str, form: str, folder: Path | None) -> None:
    """Send log lines to stderr or, with a folder, to api.log and capture.log in it.

    The files are reopened when logrotate moves them away. Lines about media work (loggers
    ``mem.capture``, ``mem.jobs``, ``mem.media`` and ``mem.speech``) go to capture.log.
    """
    handlers: list[logging.Handler]
    if folder is None:
        handlers = [logging.StreamHandler(sys.stderr)]
    else:
        api, capture = LogFile(folder / "api.log"), LogFile(folder / "capture.log")
        api.addFilter(lambda record: not _is_capture(record.name))
        capture.addFilter(lambda record: _is_capture(record.name))
        handlers = [api, capture]
    for handler in handlers:
        handler.addFilter(_Stamp())
        handler.setFormatter(_Lines(as_json=form == "json"))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "faster_whisper", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _is_capture(logger: str) -> bool:
    return logger.startswith(("mem.capture", "mem.jobs", "mem.media", "mem.speech"))
