"""What Mem says about itself: log lines and metrics, every one of them declared here.

A log call names an event and its facts: ``log.info("stretch stored", extra={"action":
"stretch_stored", "source": 3})``. The request or job that a line belongs to comes from `context`,
so that no function passes ids along for the sake of logging.
"""

import contextlib
import contextvars
import json
import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

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
SPEECH_SECONDS = Counter("mem_speech_seconds", "Seconds of speech written down")
MEDIA_SECONDS = Counter("mem_media_seconds", "Seconds of recordings seen and heard", ["stage"])
CAPTURE_SECONDS = Histogram(
    "mem_capture_seconds",
    "Seconds that one stage of one recording took",
    ["stage"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400),
)
JOBS_ENDED = Counter("mem_jobs_ended", "Jobs that ended at work, by outcome", ["kind", "state"])
JOBS = Gauge("mem_jobs", "Jobs now, by state", ["state"])
JOB_OLDEST_QUEUED_SECONDS = Gauge("mem_job_oldest_queued_seconds", "Age of the job that waits longest")
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
DATABASE_BYTES = Gauge("mem_database_size_bytes", "Bytes of the database on disk")
DISK_FREE_BYTES = Gauge("mem_disk_free_bytes", "Free bytes on the volume of the data directory")


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
        if self._as_json:
            return json.dumps(line, default=str, ensure_ascii=False)
        head = f"{line.pop('time')} {line.pop('level'):<7} {line.pop('logger')}: {line.pop('message')}"
        trace = line.pop("traceback", None)
        tail = "".join(f" {name}={_plain(value)}" for name, value in line.items() if name != "action")
        return _one_line(head) + tail + (f"\n{trace}" if trace else "")


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(value: object) -> str:
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text


def start_logging(level: str, form: str, folder: Path | None) -> None:
    """Send log lines to stderr or, with a folder, to api.log and capture.log in it.

    The files are reopened when logrotate moves them away. Lines about media work (loggers
    ``mem.capture``, ``mem.jobs``, ``mem.media`` and ``mem.speech``) go to capture.log.
    """
    handlers: list[logging.Handler]
    if folder is None:
        handlers = [logging.StreamHandler(sys.stderr)]
    else:
        folder.mkdir(parents=True, exist_ok=True)
        api = logging.handlers.WatchedFileHandler(folder / "api.log", encoding="utf-8")
        capture = logging.handlers.WatchedFileHandler(folder / "capture.log", encoding="utf-8")
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
