"""Opening a recording that nobody vouches for.

FFmpeg reads from a descriptor that is open already and may open nothing else: the descriptor is its
only protocol, and of its formats only those of real recordings are tried. A playlist or a script
under a video's name is refused before anything it names is touched.
"""

import contextlib
import os
import re
import struct
from collections.abc import Iterator

import av
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from mem.errors import CutOff, EmptyFile, MediaError, MediaTooLarge, NotMedia, UnsafeMedia

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,wav,w64,mp3,flac,aac"  # by demuxer
)
_HEAD = 4096  # bytes looked at to tell text from media
_BOXES = 1024  # top-level MP4 boxes walked at most
_PLAYLIST = re.compile(
    rb"\s*(#EXTM3U|ffconcat|\[playlist\]|<asx|<smil|<\?xml|<MPD|v=0\r?\n|#!|file\s+['\"/]|[a-z][a-z0-9+.-]{1,15}:)",
    re.IGNORECASE,
)
_MP4_BOXES = frozenset(b"ftyp mdat moov free skip wide pnot uuid styp moof sidx".split())


def open_container(fd: int = 0) -> InputContainer:
    """Open the recording behind the descriptor `fd`, at its beginning; close it with `with`.

    Raises EmptyFile, UnsafeMedia, CutOff or NotMedia.
    """
    if os.fstat(fd).st_size == 0:
        raise EmptyFile
    _refuse_text(os.pread(fd, _HEAD, 0))
    os.lseek(fd, 0, os.SEEK_SET)
    options = {"fd": str(fd), "protocol_whitelist": "fd", "format_whitelist": FORMATS}
    try:
        opened = av.open("fd:", mode="r", options=options, metadata_errors="replace")
    except PermissionError:  # it asked for another protocol
        raise UnsafeMedia from None
    except (av.FFmpegError, OSError, ValueError):
        raise _why_not(fd) from None
    if any(name == b"moov" and end > os.fstat(fd).st_size for name, end in _boxes(fd)):
        opened.close()
        raise CutOff  # FFmpeg takes half an index for a recording without pictures
    return opened


def check(container: InputContainer, *, max_pixels: int, max_streams: int, max_duration_ms: int) -> None:
    """Raise MediaTooLarge when what the container states is beyond a limit; nothing is decoded."""
    if len(container.streams) > max_streams:
        raise MediaTooLarge(f"The recording has {len(container.streams)} streams.")
    for stream in container.streams.video:
        if stream.codec_context is not None and stream.width * stream.height > max_pixels:
            raise MediaTooLarge(f"The picture is {stream.width} x {stream.height} pixels.")
    stated = duration_ms(container)
    if stated is not None and stated > max_duration_ms:
        raise MediaTooLarge(f"The recording says that it is {stated // 3_600_000} hours long.")


def duration_ms(container: InputContainer) -> int | None:
    """What the container states as its length in ms, which may be wrong; None where it states none."""
    if container.duration is None or container.duration <= 0:
        return None
    # Matroska counts from time stamp 0, the others from the first one.
    before = max(0, origin_us(container)) if "matroska" in container.format.name else 0
    return max(0, container.duration - before) // 1000


def origin_us(container: InputContainer) -> int:
    """The time stamp, in microseconds, that is offset 0 for every stream."""
    return container.start_time or 0


def find_video(container: InputContainer) -> VideoStream | None:
    """The video stream to look at: one marked as default before others, then the largest picture.

    Covers and thumbnails are no video, and neither is what no decoder is there for.
    """
    no_video = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    found = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & no_video
    ]
    return max(
        found,
        key=lambda s: (bool(s.disposition & av.stream.Disposition.default), s.width * s.height, -s.index),
        default=None,
    )


@contextlib.contextmanager
def only(container: InputContainer, stream: VideoStream) -> Iterator[None]:
    """Have the demuxer skip every stream but this one."""
    before = [other.discard for other in container.streams]
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    try:
        yield
    finally:
        for other, discard in zip(container.streams, before, strict=True):
            other.discard = discard


class Complaints:
    """Counts what the demuxer says is wrong with a file while it silently reads on behind it."""

    def __init__(self, container: InputContainer) -> None:
        self._name = container.format.name
        self._logs: list[tuple[int, str, str]] = []

    def count(self) -> int:
        """How many there were since this was last asked."""
        found = sum(name == self._name for _, name, _ in self._logs)
        self._logs.clear()
        return found

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Listen, in this thread."""
        level, skipping = av.logging.get_level(), av.logging.get_skip_repeated()
        av.logging.set_level(av.logging.ERROR)
        av.logging.set_skip_repeated(False)
        try:
            with av.logging.Capture() as self._logs:
                yield
        finally:
            av.logging.set_level(level)
            av.logging.set_skip_repeated(skipping)


def _refuse_text(head: bytes) -> None:
    """Raise when the file begins as text: no recording does."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in text or sum(byte < 32 and byte not in b"\t\r\n\f" for byte in text) > 0:
        return
    if _PLAYLIST.match(text):
        raise UnsafeMedia
    try:
        text[: len(text) - 3 if len(head) == _HEAD else len(text)].decode()
    except UnicodeDecodeError:
        return
    raise NotMedia("The file is text, not a recording.")


def _why_not(fd: int) -> MediaError:
    """What to say about a file that FFmpeg does not open."""
    found = list(_boxes(fd))
    if not found or found[0][0] not in _MP4_BOXES:
        return NotMedia()
    size = os.fstat(fd).st_size
    names = {name for name, _ in found}
    broken_off = found[-1][1] > size
    return CutOff() if broken_off or not names & {b"moov", b"moof"} else NotMedia()


def _boxes(fd: int) -> Iterator[tuple[bytes, int]]:
    """The top-level boxes of an MP4 file: name, and the offset where it ends or should end."""
    at, size = 0, os.fstat(fd).st_size
    for _ in range(_BOXES):
        head = os.pread(fd, 16, at)
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            (length,) = struct.unpack(">Q", head[8:])
        end = size if length == 0 else at + length
        yield name, end
        if name not in _MP4_BOXES or end <= at + 7 or end >= size:
            return
        at = end
