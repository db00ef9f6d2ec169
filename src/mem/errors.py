"""Every error that Mem raises on purpose.

    MemError
    ├── BadTime, NaiveTime, BadCursor, BadRequest      the caller's word cannot be read
    ├── NotFound                                        unknown, or outside the allowed roots
    ├── Conflict                                        right words, wrong state
    │   ├── StaleFence                                  another worker took the job over
    │   ├── Stopped                                     the work was told to stop before its end
    │   ├── NotCancellable, NotRetriable
    │   └── OffsetMismatch, UploadBusy                  a piece of an upload that does not fit
    ├── UploadExpired, ChecksumMismatch, TooSlow        an upload that cannot go on like that
    ├── WrongTusVersion, NotAPiece                      the request is no tus that Mem speaks
    ├── BadConfig                                       the configuration cannot be used
    ├── Locked                                          another process owns the database
    ├── DatabaseFailed                                  the database must be reopened
    ├── IndexFailed                                     the search index cannot be used just now
    ├── DiskFull                                        less free space than the guard asks
    ├── TooLarge, TooBusy
    ├── SetupRequired, BadKey, ForeignOrigin, WrongHost    who asks, and from where
    ├── AddressTaken                                    another program listens there
    ├── MediaError                                      the recording's own fault: permanent
    │   ├── EmptyFile, NotMedia, NotAVideo, CutOff, UnsafeMedia, MediaTooLarge
    │   └── DecoderCrashed, DecoderHung, DecoderOutOfMemory     the child that decoded it ended badly
    ├── Unreadable, Unwritable                          the file is there and cannot be read, or written
    ├── NoMedia                                         the folder holds no recording
    ├── ServerGone                                      the server stopped in the middle of an answer
    └── ModelMissing                                    no speech model is on this machine

A class says once what HTTP and the command line answer: `code` is stable, `status` is the HTTP
status, `exit_status` the process's. The docstring is the message unless the raiser says more;
`hint` says what a person can do about it.
"""

import errno
from datetime import datetime


class MemError(Exception):
    """Something went wrong."""

    code = "error"
    status = 500
    exit_status = 1
    permanent = True  # trying again with the same input cannot help
    patient = False  # it passes by itself some day, so trying again is not counted
    hint = ""

    def __init__(self, detail: str | None = None, *, hint: str | None = None) -> None:
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        if hint is not None:
            self.hint = hint
        super().__init__(self.detail)


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


class OffsetMismatch(Conflict):
    """The piece does not begin where the upload ends."""

    code = "offset_mismatch"
    hint = "Ask with HEAD how far the upload is, and go on from there."


class UploadBusy(Conflict):
    """A piece of this upload is being received already."""

    code, status = "upload_busy", 423
    permanent = False
    hint = "Try again when it has ended; an upload whose sender is gone is let go within a minute or two."


class UploadExpired(MemError):
    """The upload rested too long and is not kept any more."""

    code, status = "upload_expired", 410
    hint = "Begin a new upload."


class ChecksumMismatch(MemError):
    """The piece is not what its checksum says, so it was dropped."""

    code, status, permanent = "checksum_mismatch", 460, False
    hint = "Send the piece again."


class TooSlow(MemError):
    """The sender is too slow."""

    code, status, permanent = "too_slow", 408, False
    hint = "Send it again over a better line; a resumable upload goes on where it was."


class WrongTusVersion(MemError):
    """This server speaks tus 1.0.0."""

    code, status = "wrong_tus_version", 412
    hint = "Send the header Tus-Resumable: 1.0.0."


class NotAPiece(MemError):
    """The body is not announced as a piece of an upload."""

    code, status = "not_a_piece", 415
    hint = "Send it with Content-Type: application/offset+octet-stream."


class StaleFence(Conflict):
    """Another worker has taken this job over; what this one did is dropped."""

    code = "stale_fence"


class Stopped(Conflict):
    """The work was told to stop before its end."""

    code, permanent = "stopped", False


class BadConfig(MemError):
    """The configuration cannot be used."""

    code, exit_status = "bad_config", 78
    hint = "Correct config.yaml or the environment; `mem config show` lists every key."


class Locked(MemError):
    """Another process holds the database."""

    code, status, exit_status = "locked", 503, 75
    permanent, patient = False, True
    hint = (
        "Wait until that command is done, or stop that process. Commands find a server by themselves where "
        "`mem serve` started it; one that was started otherwise is asked over HTTP."
    )


class DatabaseFailed(MemError):
    """The database stopped answering and must be opened again."""

    code, status, exit_status = "database_failed", 503, 70
    permanent = False
    hint = "Start Mem again; nothing that was acknowledged is lost."


class IndexFailed(MemError):
    """The search index cannot be used just now."""

    code, status = "index_failed", 503
    permanent = False
    hint = "Try again: a broken index is made anew from the database. Check the free space on the disk."


class DiskFull(MemError):
    """There is too little free space to write."""

    code, status = "disk_full", 507
    permanent, patient = False, True
    hint = "Free some space, or lower storage.min_free_bytes."


class TooLarge(MemError):
    """The body is larger than allowed."""

    code, status = "too_large", 413
    hint = "The limits are api.max_upload_size for a recording and api.max_body_size for anything else."


class TooBusy(MemError):
    """More is waiting already than this server takes."""

    code, status = "too_busy", 503
    permanent = False
    hint = "Try again in a minute."


class SetupRequired(MemError):
    """Without tokens Mem answers only callers on its own machine."""

    code, status = "setup_required", 403
    hint = "Ask from the machine that runs Mem, through its loopback address and without a proxy."


class BadKey(MemError):
    """That key is not the one of this server."""

    code, status = "bad_key", 401
    hint = "The key stands in server.json in the data directory and changes with every start."


class ForeignOrigin(MemError):
    """The request comes from a page of another site."""

    code, status = "foreign_origin", 403
    hint = "Use the page of this server itself, or a program that is no browser."


class WrongHost(MemError):
    """This server does not go by that name."""

    code, status = "wrong_host", 421
    hint = "Use http://127.0.0.1 or http://localhost with the port of the server."


class AddressTaken(MemError):
    """The address cannot be listened on."""

    code = "address_taken"
    hint = "Choose another one with --port, or stop the program that listens there."


class Unreadable(MemError):
    """The file cannot be read."""

    code, status = "unreadable", 422
    hint = "Give the user that runs Mem the right to read it."


class Unwritable(MemError):
    """The file cannot be written."""

    code = "unwritable"
    hint = "Name a file in a folder that exists and that you may write."


class NoMedia(MemError):
    """The folder holds no recording."""

    code = "no_media"
    hint = "Name a folder with video or audio files in it, or the file itself."


class ServerGone(MemError):
    """The server stopped answering."""

    code, permanent = "server_gone", False
    hint = "`mem doctor` says whether it runs; what was acknowledged is kept."


class ModelMissing(MemError):
    """The speech model is not on this machine and could not be fetched."""

    code, status = "model_missing", 503
    permanent = False
    hint = "Connect once so that it can be fetched, or set whisper.model to a model that is here."


class MediaError(MemError):
    """The recording cannot be taken in."""

    code, status = "media_error", 422


class EmptyFile(MediaError):
    """The file is empty."""

    code = "empty_file"
    hint = "Copy it again from where it was recorded."


class NotMedia(MediaError):
    """The file is not a video or audio recording that Mem can read."""

    code, status = "not_media", 415
    hint = "Mem reads MP4, MOV, Matroska, WebM, MPEG, AVI, FLV, ASF, Ogg, WAV, MP3, AAC and FLAC."


class NotAVideo(MediaError):
    """The file has no video stream."""

    code, status = "not_a_video", 415


class CutOff(MediaError):
    """The recording was cut off before its index was written, so nothing in it can be played."""

    code = "cut_off"
    hint = "A tool that repairs MP4 files without an index may bring it back; then capture it again."


class UnsafeMedia(MediaError):
    """The file is a playlist or a script that would open other files."""

    code, status = "unsafe_media", 415
    hint = "Capture the recording itself."


class MediaTooLarge(MediaError):
    """The recording is beyond the limits for pictures, streams or length."""

    code = "media_too_large"
    hint = "The limits are media.max_pixels, media.max_streams and media.max_duration_seconds."


class DecoderCrashed(MediaError):
    """The process that decoded the recording ended unexpectedly."""

    code, permanent = "decoder_crashed", False
    hint = "If it stays so, the file is damaged or of an unusual form: convert it, then capture the result."


class DecoderHung(MediaError):
    """Decoding the recording made no progress within the time limit."""

    code, permanent = "decoder_hung", False
    hint = "Raise media.stall_seconds on a slow machine; else the file is damaged."


class DecoderOutOfMemory(MediaError):
    """Decoding the recording needed more memory than is allowed."""

    code, permanent = "decoder_out_of_memory", False
    hint = "Raise media.child_memory, or choose a smaller whisper.model."


def no_room(error: BaseException) -> bool:
    """Whether the system refused to write because the disk, or the owner's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
