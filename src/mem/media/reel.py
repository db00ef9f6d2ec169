"""Reels: a few pictures of one size coded one after the other as AV1, each from those before it.

A reel is an IVF file, which players show: a header, then each picture behind twelve bytes with its length
and its time, which is its offset into the recording in milliseconds. What a picture is made from are the
bytes of the reel from the first one up to its own last one, so one read fetches it.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from mem.errors import ReelDamaged
from mem.media.image import Picture

SUFFIX = ".reel.ivf"  # of a member of a pack
_HEADER = struct.Struct("<4sHH4sHHIIII")  # magic, version, length, codec, size, time base, pictures, unused
_PICTURE = struct.Struct("<IQ")  # length, time
_MOST_PIXELS = 2**26  # of one picture: twice 8K
_LEAST = 64  # pixels of width and height that the coder takes
_PRESET = 6  # of 13: at 1080p 0.06 s a picture, and on screens 8 points above 8 for the same bytes
# One picture in, one out, none coded from later ones, all as well as the first: the worst one counts.
_PARAMETERS = (
    "lp=1:pred-struct=1:keyint=-1:scd=0:aq-mode=0:use-fixed-qindex-offsets=1:key-frame-qindex-offset=0:"
    "key-frame-chroma-qindex-offset=0:qindex-offsets=[0,0,0,0,0,0]:chroma-qindex-offsets=[0,0,0,0,0,0]"
)
_LONGEST, _PIXELS = 16, 8 * 1920 * 1080  # pictures of a reel, and all their pixels: the last one takes 25 ms
_AWAY = 0.022  # fourth root of the mean fourth power of what structure is lost; SSIMULACRA2 65 is at 0.026
_TINT = 8.0  # levels by which the colour of 16 x 16 pixels may be another
_BLOCK = 8  # pixels of half the size
_C1, _C2 = 6.5, 58.5  # of SSIM, for 8 bits

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture's own bytes lie in a reel."""

    at_ms: int  # offset into the recording
    offset: int  # from the reel's first byte
    length: int


def most(width: int, height: int) -> int:
    """How many pictures of a size a reel may hold: the last one is to be there within 60 ms."""
    return max(1, min(_LONGEST, _PIXELS // (width * height)))


def planes(picture: Picture) -> VideoFrame:
    """A picture as the coder takes it: YUV 4:2:0, BT.709 in full range, padded to what it can code."""
    height, width = picture.shape[:2]
    more = (max(_LEAST, height + height % 2) - height, max(_LEAST, width + width % 2) - width)
    if any(more):
        picture = np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
    return VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )


def code(pictures: Sequence[VideoFrame], quantizer: int) -> list[bytes]:
    """Each picture's bytes, coded with a `quantizer` from 1 (all is kept) to 63, the first by itself."""
    coder = av.CodecContext.create("libsvtav1", "w")
    coder.width, coder.height = pictures[0].width, pictures[0].height
    coder.pix_fmt, coder.colorspace, coder.color_range = "yuv420p", Colorspace.ITU709, ColorRange.JPEG
    coder.time_base = coder.framerate = Fraction(1, 1)
    coder.thread_count = 1
    coder.options = {"crf": str(quantizer), "preset": str(_PRESET), "svtav1-params": _PARAMETERS}
    packets = []
    for number, picture in enumerate(pictures):
        picture.pts, picture.time_base = number, Fraction(1, 1)
        packets += coder.encode(picture)
    packets += coder.encode(None)
    if [packet.pts for packet in packets] != list(range(len(pictures))):
        raise ReelDamaged(f"{len(packets)} pictures came out of the coder where {len(pictures)} went in.")
    return [bytes(packet) for packet in packets]


def bound(coded: Sequence[bytes], times: Sequence[int], width: int, height: int) -> tuple[bytes, list[Place]]:
    """The reel of coded pictures with their offsets into the recording (ms), and where each one lies."""
    data = bytearray(_header(width, height, len(coded)))
    places = []
    for one, at_ms in zip(coded, times, strict=True):
        data += _PICTURE.pack(len(one), at_ms)
        places.append(Place(at_ms, len(data), len(one)))
        data += one
    return bytes(data), places


def places(data: bytes) -> Iterator[Place]:
    """Where the pictures lie in a reel, as far as it is whole; nothing of what is no reel."""
    if not data.startswith(b"DKIF") or len(data) < _HEADER.size:
        return
    at = _HEADER.size
    while at + _PICTURE.size <= len(data):
        length, at_ms = _PICTURE.unpack_from(data, at)
        at += _PICTURE.size
        if at + length > len(data):
            return
        yield Place(at_ms, at, length)
        at += length


def decode(packets: Sequence[bytes]) -> Iterator[VideoFrame]:
    """The pictures coded in `packets`. Raises ReelDamaged."""
    decoder = cast("VideoCodecContext", av.CodecContext.create("libdav1d", "r"))
    decoder.thread_count = 1
    decoder.options = {"framedelay": "1", "max_pixels": str(_MOST_PIXELS)}
    try:
        for packet in packets:
            yield from decoder.decode(av.Packet(packet))
        yield from decoder.decode(None)
    except av.FFmpegError as error:
        raise ReelDamaged(f"The pictures of a reel cannot be decoded: {error.strerror}.") from None


def last(data: bytes, width: int, height: int) -> Picture:
    """The last picture in the first bytes of a reel, `width` x `height` pixels. Raises ReelDamaged."""
    packets = [data[each.offset : each.offset + each.length] for each in places(data)]
    found, count = None, 0
    for count, frame in enumerate(decode(packets), 1):  # noqa: B007
        found = frame
    if found is None or count != len(packets):
        raise ReelDamaged(f"Of {len(packets)} pictures of a reel {count} could be decoded.")
    if found.width < width or found.height < height:
        raise ReelDamaged(f"A reel of {found.width}x{found.height} pixels cannot hold {width}x{height}.")
    rgb = found.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    return np.ascontiguousarray(rgb.to_ndarray()[:height, :width])


def alike(before: VideoFrame, after: VideoFrame) -> bool:
    """Whether a picture that was coded is near enough to what it was made from.

    By the structure of every 16 x 16 pixels of its brightness, the worst weighing most, and by the colour of
    each. The bounds were found beside SSIMULACRA2: no picture below 65 is within them (see decisions/0019).
    """
    one, other = _halved(_plane(before, 0)), _halved(_plane(after, 0))
    away = 1.0 - _structure(_blocks(one), _blocks(other))
    if float(np.mean(away**4)) ** 0.25 > _AWAY:
        return False
    for plane in (1, 2):
        tint, other_tint = (_blocks(_plane(each, plane).astype(np.float32)) for each in (before, after))
        if float(np.abs(tint.mean(axis=(1, 3)) - other_tint.mean(axis=(1, 3))).max(initial=0)) > _TINT:
            return False
    return True


def _plane(frame: VideoFrame, number: int) -> npt.NDArray[np.uint8]:
    plane = frame.planes[number]
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _halved(luma: npt.NDArray[np.uint8]) -> Plane:
    height, width = luma.shape[0] // 2 * 2, luma.shape[1] // 2 * 2
    even = luma[:height:2].astype(np.uint16) + luma[1:height:2]
    whole: Plane = (even[:, :width:2] + even[:, 1:width:2]).astype(np.float32)
    return whole * np.float32(0.25)


def _blocks(plane: Plane) -> Plane:
    height, width = (side // _BLOCK for side in plane.shape)
    return plane[: height * _BLOCK, : width * _BLOCK].reshape(height, _BLOCK, width, _BLOCK)


def _structure(one: Plane, other: Plane) -> Plane:
    """SSIM of each block."""
    mean, others = one.mean(axis=(1, 3)), other.mean(axis=(1, 3))
    spread = np.maximum((one * one).mean(axis=(1, 3)) - mean * mean, 0)
    spread += np.maximum((other * other).mean(axis=(1, 3)) - others * others, 0)
    common = (one * other).mean(axis=(1, 3)) - mean * others
    light = (2 * mean * others + _C1) / (mean * mean + others * others + _C1)
    found: Plane = light * (2 * common + _C2) / (spread + _C2)
    return found


def _header(width: int, height: int, count: int) -> bytes:
    return _HEADER.pack(b"DKIF", 0, _HEADER.size, b"AV01", width, height, 1000, 1, count, 0)
