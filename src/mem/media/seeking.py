"""Beginning to read in the middle of a recording, where that gives what reading all of it would give.

Only formats whose time stamps are those of the whole recording wherever reading begins. What comes out is
looked at before it is believed: indexes lie.
"""

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mem.media import container as containers

_FORMATS = ("mov,mp4", "matroska")  # parts of the names of demuxers
_BEFORE_MS = 2000  # MP4's index is by decoding time, which is that much earlier at most


def possible(container: InputContainer, stream: VideoStream, begin_ms: int) -> bool:
    """Whether `go` comes to a keyframe that is shown no later than the offset `begin_ms`.

    Reads a packet, so the container is of no other use afterwards.
    """
    if begin_ms <= _BEFORE_MS or not any(name in container.format.name for name in _FORMATS):
        return False
    try:
        go(container, stream, begin_ms)
        packet = next(container.demux(stream))
    except (av.FFmpegError, OSError, ValueError, IndexError, StopIteration):
        return False
    stamps = [stamp for stamp in (packet.pts, packet.dts) if stamp is not None]
    if not stamps or stream.time_base is None or not packet.is_keyframe:
        return False
    shown_ms = int(max(stamps) * stream.time_base * 1000) - containers.origin_us(container) // 1000
    return shown_ms <= begin_ms


def go(container: InputContainer, stream: VideoStream, begin_ms: int) -> None:
    """Let reading go on at a keyframe before the offset `begin_ms`. Raises av.FFmpegError."""
    instant = (begin_ms - _BEFORE_MS) * 1000 + containers.origin_us(container)
    assert stream.time_base is not None
    container.seek(int(instant / 1_000_000 / stream.time_base), stream=stream, backward=True)
