"""Errors of a request: its words, or the state that it meets."""

from datetime import datetime

from mem.errors.base import MemError


class BadRequest(MemError):
    """The request cannot be understood."""

    code, status, exit_status = "bad_request", 400, 2


class BadTime(BadRequest):
    """That is not a time."""

    code, status = "bad_time", 422
    hint = "Write it like 2026-11-20T14:05:00Z, or on the command line 'yesterday 14:05' or -2h."


class NaiveTime(BadTime):
    """A time without zone says no instant."""

    code = "naive_time"
    hint = "Add Z or an offset: 2026-11-20T14:05:00Z."

    def __init__(self, moment: datetime | None = None) -> None:
        super().__init__(None if moment is None else f"{moment} has no zone, so it says no instant.")


class BadCursor(BadRequest):
    """The cursor was not made by this server."""

    code = "bad_cursor"
    hint = "Start again without a cursor."


class NotFound(MemError):
    """There is nothing by that name."""

    code, status = "not_found", 404


class Conflict(MemError):
    """That cannot be done in the present state."""

    code, status = "conflict", 409


class NotCancellable(Conflict):
    """The job has ended and cannot be cancelled."""

    code = "not_cancellable"
    hint = "`mem jobs show ID` says how it ended; `mem sources delete` removes what it made."


class NotRetriable(Conflict):
    """Only a job that failed, was cancelled or ended partly can be tried again."""

    code = "not_retriable"
    hint = "Wait for its end; a recording that is done is captured again only after it was deleted."


class StaleFence(Conflict):
    """Another worker has taken this job over; what this one did is dropped."""

    code = "stale_fence"


class Stopped(Conflict):
    """The work was told to stop before its end."""

    code, permanent = "stopped", False


class NotWaiting(Conflict):
    """Only a job that waits for its turn can get another priority."""

    code = "not_waiting"
    hint = "`mem jobs show ID` says what it does."


class RecordingGone(Conflict):
    """The recording itself is no longer here, so nothing new can be made from it."""

    code = "recording_gone"
    hint = "Put the file back where it was captured from. The stage `index` needs no recording."


class TooLarge(MemError):
    """The body is larger than allowed."""

    code, status = "too_large", 413
    hint = "The limits are api.max_upload_size for a recording and api.max_body_size for anything else."


class TooBusy(MemError):
    """More is waiting already than this server takes."""

    code, status = "too_busy", 503
    permanent = False
    hint = "Try again in a minute."


class NoMedia(MemError):
    """The folder holds no recording."""

    code = "no_media"
    hint = "Name a folder with video or audio files in it, or the file itself."


class Pinned(Conflict):
    """A pin keeps something of it."""

    code = "pinned"
    hint = "`mem retention pins` lists them; `mem retention unpin ID` lets go of one."


class SegmentChanged(Conflict):
    """What was said there was written anew meanwhile."""

    code, status = "segment_changed", 412
    hint = "Read it again, and send the ETag of that answer in If-Match."


class NoteChanged(Conflict):
    """The note was changed meanwhile."""

    code, status = "note_changed", 412
    hint = "Read it again, and send the ETag of that answer in If-Match."


class ExportTooLarge(TooLarge):
    """The range holds more than one export may."""

    code = "export_too_large"
    hint = "Choose a shorter range or one source; the limit is api.export_max_frames."
