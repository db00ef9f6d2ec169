"""The recordings themselves: where the file of a source lies, and what a player may take it for."""

from pathlib import Path

from mem import folders, kept
from mem.errors import NotFound
from mem.memory import Memory
from mem.store import sources
from mem.types import Source

_UNKNOWN = "application/octet-stream"
# By FFmpeg's name of the container; anything else is offered as bytes, never as a page or a script.
_VIDEO = {
    "mov": "video/mp4",
    "mp4": "video/mp4",
    "matroska": "video/x-matroska",
    "webm": "video/webm",
    "mpegts": "video/mp2t",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "ogg": "video/ogg",
}
_AUDIO = {
    "mov": "audio/mp4",
    "mp4": "audio/mp4",
    "matroska": "audio/x-matroska",
    "webm": "audio/webm",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "aac": "audio/aac",
}
_WEBM = {"vp8", "vp9", "av1"}


def find(memory: Memory, source_id: int) -> tuple[Path, str]:
    """The file of a source and its media type; where it lies in a bucket, its place in the folder.

    Raises NotFound when there is none: never kept, moved away, or another file by now.
    """
    source = sources.get(memory.db, source_id)
    file = folders.media_file(memory, source)
    gone = NotFound(f"The recording of source {source_id} is not here any more; its frames and words are.")
    if file is None:
        raise gone
    there = kept.elsewhere(file)
    try:
        same = file.is_file() and file.stat().st_size == source.size
    except OSError:
        raise gone from None
    if not same and (there is None or there.size != source.size):
        raise gone
    return file, media_type(source)


def media_type(source: Source) -> str:
    """What a player may take the recording for."""
    if source.media is None:
        return _UNKNOWN
    names = source.media.container.split(",")
    if "webm" in names and source.media.video is not None and source.media.video.codec in _WEBM:
        return _VIDEO["webm"]
    known = _AUDIO if source.media.video is None else _VIDEO
    return next((known[name] for name in names if name in known), _UNKNOWN)
