"""Things as the API gives them."""

from typing import Any

Json = dict[str, Any]
BEGAN = "2026-11-20T14:00:00.000Z"
ENDED = "2026-11-20T14:01:00.000Z"


def source(**changes: object) -> Json:
    """A recording of one minute."""
    return {
        "id": 3,
        "kind": "file",
        "name": "evening.mp4",
        "location": None,
        "device": None,
        "hotwords": None,
        "prompt": None,
        "content_hash": "ab" * 32,
        "size": 3_000_000,
        "path": "/videos/evening.mp4",
        "original": None,
        "folder": "sources/2026/11/20/3",
        "started_at": BEGAN,
        "ended_at": ENDED,
        "time_source": "caller",
        "time_confidence": "high",
        "time_evidence": "",
        "media": {
            "container": "mp4",
            "size": 3_000_000,
            "duration_ms": 60_000,
            "video": {"index": 0, "codec": "h264", "width": 320, "height": 240, "fps": 25.0, "rotation": 0},
            "audio": {"index": 1, "codec": "aac", "rate": 48_000, "channels": 2},
            "tags": {},
        },
        "state": "ready",
        "added_at": "2026-11-23T10:00:00.000Z",
    } | changes


def job(**changes: object) -> Json:
    """The job that took it in, queued."""
    return {
        "id": 7,
        "kind": "capture",
        "source_id": None,
        "params": {"path": "/videos/evening.mp4", "name": None},
        "state": "queued",
        "priority": 5,
        "attempt": 0,
        "max_attempts": 3,
        "stage": None,
        "progress": 0.0,
        "cancel_requested": False,
        "error_code": None,
        "error_detail": None,
        "result": None,
        "not_before": "2026-11-23T10:00:00.000Z",
        "lease_owner": None,
        "lease_until": None,
        "fence": 0,
        "created_at": "2026-11-23T10:00:00.000Z",
        "started_at": None,
        "finished_at": None,
        "place": None,
        "deaths": 0,
        "skip": None,
        "file_mark": None,
        "parent": None,
        "parts": None,
    } | changes


def result(**changes: object) -> Json:
    """What came of it."""
    return {
        "known": False,
        "source_id": 3,
        "samples": 60,
        "frames": 5,
        "dropped_share": 0.9167,
        "speech_seconds": 21.5,
        "segments": 6,
        "words": 48,
        "bytes": 234_567,
        "media_seconds": 60.0,
        "wall_seconds": 2.0,
        "realtime_factor": 30.0,
        "model": "tiny.en",
        "warnings": [],
    } | changes


def done(**changes: object) -> Json:
    """The job at its end."""
    ended = {"state": "done", "progress": 1.0, "stage": "index", "source_id": 3, "attempt": 1}
    times = {"started_at": "2026-11-23T10:00:01.000Z", "finished_at": "2026-11-23T10:00:03.000Z"}
    return job(**ended | times | {"result": result()} | changes)


def frame(**changes: object) -> Json:
    """A kept picture."""
    return {
        "id": 12,
        "source_id": 3,
        "first_seen": "2026-11-20T14:00:05.000Z",
        "width": 320,
        "height": 240,
        "format": "webp",
        "colour": "#336699",
        "pack": "frames-000001.tar",
        "offset": 512,
        "length": 9_876,
        "thumb_offset": 11_264,
        "thumb_length": 900,
        "sha256": "cd" * 32,
    } | changes


def span(**changes: object) -> Json:
    """How long that picture stood."""
    return {
        "source_id": 3,
        "frame_id": 12,
        "start": "2026-11-20T14:00:05.000Z",
        "end": "2026-11-20T14:00:17.000Z",
        "samples": 12,
    } | changes


def segment(**changes: object) -> Json:
    """Something that was said."""
    return {
        "id": 21,
        "source_id": 3,
        "start": "2026-11-20T14:00:06.000Z",
        "end": "2026-11-20T14:00:09.000Z",
        "text": "Please pay the invoice by Friday.",
        "language": "en",
        "confidence": 0.9,
        "model": "tiny.en",
        "words": [],
    } | changes


def note(**changes: object) -> Json:
    """Something that was noted."""
    return {
        "id": 31,
        "source_id": None,
        "start": "2026-11-20T14:00:10.000Z",
        "end": "2026-11-20T14:00:11.000Z",
        "text": "Doorbell",
        "tags": ["home"],
        "type": "user_note",
        "author": "owner",
        "metadata": {},
        "created_at": "2026-11-23T10:00:00.000Z",
        "updated_at": "2026-11-23T10:00:00.000Z",
    } | changes


def timeline(**changes: object) -> Json:
    """A page of the timeline."""
    return {
        "from": BEGAN,
        "to": ENDED,
        "range_defaulted": False,
        "spans": [span(frame=frame())],
        "segments": [segment()],
        "notes": [note()],
        "screen": [],
        "sources": {"3": source()},
        "cursor": None,
    } | changes


def moment(**changes: object) -> Json:
    """A search hit."""
    return {
        "source_id": 3,
        "source_name": "evening.mp4",
        "start": "2026-11-20T14:00:06.000Z",
        "end": "2026-11-20T14:00:09.000Z",
        "frame_id": 12,
        "frame_at": "2026-11-20T14:00:05.000Z",
        "score": 3.5,
        "hit_count": 1,
        "hits": [
            {
                "kind": "speech",
                "id": 21,
                "start": "2026-11-20T14:00:06.000Z",
                "end": "2026-11-20T14:00:09.000Z",
                "text": "Please pay the invoice by Friday.",
                "highlights": [[15, 22]],
            }
        ],
    } | changes


def found(**changes: object) -> Json:
    """A page of search hits."""
    return {
        "moments": [moment()],
        "cursor": None,
        "total": 1,
        "counts_by_kind": {"speech": 1},
        "counts_by_source": {"3": 1},
        "outside_range": 0,
        "read_as": "invoice",
        "sources": {},
    } | changes
