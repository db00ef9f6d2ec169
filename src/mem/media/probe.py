"""A first look into a recording: what it holds, and how its picture lies."""

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mem import types
from mem.media import audio, container, image
from mem.types import Media

_PACKETS = 512  # read at most until a first picture comes
_BYTES = 64 * 2**20
_TAGS = 64
_TAG_LENGTH = 500  # characters


def probe(*, max_pixels: int, max_streams: int, max_duration_ms: int, fd: int = 0) -> Media:
    """What the recording behind the descriptor `fd` holds.

    Raises EmptyFile, UnsafeMedia, CutOff, NotMedia, and MediaTooLarge beyond a limit.
    """
    with container.open_container(fd) as opened:
        container.check(
            opened, max_pixels=max_pixels, max_streams=max_streams, max_duration_ms=max_duration_ms
        )
        video, sound = container.find_video(opened), audio.find(opened)
        return Media(
            container=opened.format.name,
            size=max(0, opened.size),
            duration_ms=container.duration_ms(opened),
            video=None if video is None else _video(opened, video),
            audio=None
            if sound is None
            else types.AudioStream(
                index=sound.index,
                codec=sound.codec_context.name,
                rate=sound.sample_rate,
                channels=sound.layout.nb_channels,
            ),
            tags=_tags(opened, video),
        )


def _video(opened: InputContainer, stream: VideoStream) -> types.VideoStream:
    frame = _first_picture(opened, stream)
    context = stream.codec_context
    rotation = image.orientation(frame).turns * 90 if frame is not None else 0
    width, height = (frame.width, frame.height) if frame is not None else (context.width, context.height)
    shown = image.shown_size(width, height, stream.sample_aspect_ratio, rotation)
    return types.VideoStream(
        index=stream.index,
        codec=context.name,
        width=shown[0],
        height=shown[1],
        fps=float(stream.average_rate) if stream.average_rate else None,
        rotation=rotation,
        interlaced=frame is not None and frame.interlaced_frame,
    )


def _first_picture(opened: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The first picture that decodes: only a picture says how it is turned and whether it is interlaced."""
    size = 0
    with container.only(opened, stream):
        packets = opened.demux(stream)
        for _ in range(_PACKETS):
            try:
                packet = next(packets, None)
                if packet is None or size > _BYTES:
                    return None
                size += packet.size
                for frame in stream.codec_context.decode(packet if packet.size else None):
                    return frame
            except (av.FFmpegError, OSError, ValueError, IndexError):
                continue
    return None


def _tags(opened: InputContainer, video: VideoStream | None) -> dict[str, str]:
    """The container's tags, then those of its picture that the container has not, all cut to a bound."""
    tags = {**({} if video is None else video.metadata), **opened.metadata}
    return {key[:_TAG_LENGTH]: value[:_TAG_LENGTH] for key, value in list(tags.items())[:_TAGS]}
