"""Errors of a recording, and of the child that decodes it."""

from mem.errors.base import MemError


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


class Poison(MediaError):
    """Work on the recording was killed too often at the same place of it."""

    code = "poison"
    hint = "`mem jobs retry ID --skip` goes on without that stretch and says that it is left out."


class PartFailed(MediaError):
    """A part of a long recording could not be looked at."""

    code = "part_failed"
    hint = "`mem jobs retry ID` tries that part again; what the others made is kept."


class RecordingChanged(MediaError):
    """The file is not the one that was looked at: its content changed meanwhile."""

    code = "recording_changed"
    hint = "Capture it again when nothing writes to it any more."


class ReelDamaged(MediaError):
    """A picture that was re-coded as a part of a reel cannot be decoded."""

    code, status = "reel_damaged", 500
    hint = "`mem db check --deep` names what is damaged; a backup has it."
