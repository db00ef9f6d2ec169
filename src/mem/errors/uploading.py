"""Errors of an upload that comes in pieces."""

from mem.errors.asking import Conflict
from mem.errors.base import MemError


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
