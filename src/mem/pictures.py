"""The pictures of frames: out of their pack, and as wide as asked for.

What became a part of a reel is given as a picture of the kind that it was: this is the one place that knows.
"""

import io
from pathlib import Path

from PIL import Image

from mem import kept
from mem.media import reel
from mem.memory import Memory
from mem.store import frames, sources
from mem.types import Frame

THUMB_WIDTH = 320  # pixels; what is asked for up to here is answered with the stored thumbnail
_QUALITY = 80
_METHOD = 2  # of WebP: a third of the time of the default for 3 % more bytes
_SWIFT = 0  # the same for what is coded anew whenever it is asked for: a third less time again
_SIGNATURES = ((b"\xff\xd8", "image/jpeg"), (b"RIFF", "image/webp"))


def read(memory: Memory, frame: Frame, width: int | None) -> tuple[bytes, str]:
    """The picture's bytes and media type: as stored, the thumbnail, or scaled down to `width` pixels.

    Raises NotFound when the pack is gone, and StorageFailed when the bucket that has it does not answer.
    """
    folder = memory.folder / sources.folder(memory.db, frame.source_id)
    frame = frame if frame.pack else frames.placed(memory.db, frame)
    if width is not None and width <= THUMB_WIDTH:
        data = thumbnail(memory, folder, frame)
    elif width is not None and width < frame.width:
        data = _narrowed(_opened(memory, folder, frame), width)
    else:
        data = whole(memory, folder, frame)
    return data, media_type(data)


def whole(memory: Memory, folder: Path, frame: Frame) -> bytes:
    """The picture's bytes; those of one in a reel are made anew, in the format it was kept in.

    `folder` is its source's. Raises NotFound, ReelDamaged, and StorageFailed.
    """
    if frame.reel_offset is None:
        return kept.read(memory, folder, frame.pack, frame.offset, frame.length)
    out = io.BytesIO()
    options = {"webp": {"method": _SWIFT}, "avif": {"speed": 10}}.get(frame.format, {})
    _opened(memory, folder, frame).save(out, frame.format.upper(), quality=_QUALITY, **options)
    return out.getvalue()


def thumbnail(memory: Memory, folder: Path, frame: Frame) -> bytes:
    """The thumbnail's bytes. Raises NotFound and StorageFailed."""
    return kept.read(memory, folder, frame.pack, frame.thumb_offset, frame.thumb_length)


def _opened(memory: Memory, folder: Path, frame: Frame) -> Image.Image:
    data = kept.read(memory, folder, frame.pack, frame.begin, frame.end - frame.begin)
    if frame.reel_offset is None:
        return Image.open(io.BytesIO(data)).convert("RGB")
    return Image.fromarray(reel.last(data, frame.width, frame.height))


def _narrowed(image: Image.Image, width: int) -> bytes:
    """The picture scaled down to `width` pixels, as WebP."""
    out = io.BytesIO()
    height = max(1, round(image.height * width / image.width))
    image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0).save(
        out, "WEBP", quality=_QUALITY, method=_METHOD
    )
    return out.getvalue()


def media_type(data: bytes) -> str:
    """The media type of an image that Mem wrote."""
    return next((kind for head, kind in _SIGNATURES if data.startswith(head)), "image/avif")


def common(data: bytes) -> bytes:
    """The picture as a format that every program shows: WebP and JPEG as they are, others as JPEG."""
    if media_type(data) != "image/avif":
        return data
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
