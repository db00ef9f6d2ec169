"""A picture as people see it - upright, in its true shape and colours - and as bytes."""

import io
import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from PIL import Image

Format = Literal["webp", "jpeg", "avif"]
Picture = npt.NDArray[np.uint8]  # height x width x 3, RGB

THUMB_WIDTH = 320  # pixels
_THUMB_QUALITY = 60
_SD_HEIGHT = 576  # lines; without a word about colours, taller pictures are BT.709
_UNSPECIFIED = (0, 2, 3)  # AVColorSpace: RGB, unspecified, reserved
_HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
_MATRIX = struct.Struct("=5i")  # the part of a display matrix that turns and mirrors
_COMBED = 225  # product of two differences to the lines above and below that shows combing


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """What makes a stored picture upright."""

    turns: int = 0  # by 90 degrees counter-clockwise
    mirrored: bool = False  # left and right are swapped first

    def upright(self, picture: Picture) -> Picture:
        """The picture as it should be seen."""
        picture = picture[:, ::-1] if self.mirrored else picture
        return np.ascontiguousarray(np.rot90(picture, self.turns))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture ready to be stored."""

    width: int
    height: int
    format: Format
    image: bytes
    thumb: bytes  # WebP, at most THUMB_WIDTH wide
    colour: str  # the average, "#rrggbb"


def encode(
    frame: VideoFrame,
    form: Format,
    quality: int,
    max_width: int | None = None,
    *,
    aspect: Fraction | None = None,
    reformatter: VideoReformatter | None = None,
) -> Encoded:
    """The picture as `form` at `quality` (1 to 100), scaled down only if wider than `max_width` pixels.

    `aspect` is a pixel's width over its height. A `reformatter` kept over many HDR pictures saves
    making the tables for their tones again, which takes seconds.
    """
    picture = upright(frame, max_width, aspect=aspect, reformatter=reformatter)
    height, width = picture.shape[:2]
    whole = Image.fromarray(picture)
    small = whole
    if width > THUMB_WIDTH:
        size = (THUMB_WIDTH, max(1, round(height * THUMB_WIDTH / width)))
        small = whole.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    red, green, blue = np.asarray(small).reshape(-1, 3).mean(axis=0).round().astype(int)
    return Encoded(
        width=width,
        height=height,
        format=form,
        image=_bytes(whole, form, quality),
        thumb=_bytes(small, "webp", _THUMB_QUALITY),
        colour=f"#{red:02x}{green:02x}{blue:02x}",
    )


def upright(
    frame: VideoFrame,
    max_width: int | None = None,
    *,
    aspect: Fraction | None = None,
    reformatter: VideoReformatter | None = None,
) -> Picture:
    """The picture turned upright, with square pixels and without combing, as 8-bit RGB."""
    reformatter = reformatter or VideoReformatter()
    lies = orientation(frame)
    shown = shown_size(frame.width, frame.height, aspect, lies.turns * 90)
    if max_width is not None and shown[0] > max_width:
        shown = (max_width, max(1, round(shown[1] * max_width / shown[0])))
    lying = shown[::-1] if lies.turns % 2 else shown
    if not frame.interlaced_frame:
        return lies.upright(_rgb(reformatter, frame, *lying))
    picture = _without_combing(_rgb(reformatter, frame, frame.width, frame.height))
    if lying != (frame.width, frame.height):
        picture = np.asarray(Image.fromarray(picture).resize(lying, Image.Resampling.LANCZOS))
    return lies.upright(picture)


def orientation(frame: VideoFrame) -> Orientation:
    """How the picture must be laid to be seen as its container says; as it is where that says nothing."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None or len(bytes(data)) < _MATRIX.size:
        return Orientation()
    a, b, _, c, d = _MATRIX.unpack_from(bytes(data))  # x to (a, b), y to (c, d), in fixed point
    if a * d == b * c:
        return Orientation()
    mirrored = a * d < b * c
    across = (-a, -b) if mirrored else (a, b)
    clockwise = math.degrees(math.atan2(across[1], across[0]))
    return Orientation(turns=round(-clockwise / 90) % 4, mirrored=mirrored)


def shown_size(width: int, height: int, aspect: Fraction | None, rotation: int) -> tuple[int, int]:
    """Width and height as shown: with square pixels (stretched, never shrunk), then turned upright."""
    if aspect is not None and aspect > 0 and Fraction(1, 8) < aspect < 8:
        if aspect > 1:
            width = round(width * aspect)
        else:
            height = round(height / aspect)
    return (height, width) if rotation % 180 == 90 else (width, height)


def colour_space(frame: VideoFrame) -> int:
    """The matrix to read the picture with; where it says none, the one its size makes likely."""
    stated = int(frame.colorspace)
    if stated not in _UNSPECIFIED:
        return stated
    return int(Colorspace.ITU709 if frame.height > _SD_HEIGHT else Colorspace.ITU601)


def _rgb(reformatter: VideoReformatter, frame: VideoFrame, width: int, height: int) -> Picture:
    hdr = frame.color_trc in _HDR
    scaled = (width, height) != (frame.width, frame.height)
    rgb = reformatter.reformat(
        frame,
        width,
        height,
        "rgb24",
        src_colorspace=colour_space(frame),
        dst_color_range=ColorRange.JPEG,
        dst_color_trc=ColorTrc.BT709 if hdr else None,
        dst_color_primaries=ColorPrimaries.BT709 if hdr else None,
        interpolation=Interpolation.BICUBIC if scaled else Interpolation.BILINEAR,
        threads=1,
    )
    return np.asarray(rgb.to_ndarray(), np.uint8)


def _without_combing(picture: Picture) -> Picture:
    """The picture with the second field's lines interpolated where the two fields differ by motion."""
    luma = picture.mean(axis=2).astype(np.int32)
    rows = (picture.shape[0] - 1) // 2  # odd lines that have a line below
    above, odd, below = luma[0 : 2 * rows : 2], luma[1 : 2 * rows : 2], luma[2 : 2 * rows + 1 : 2]
    combed = (odd - above) * (odd - below) > _COMBED
    top, bottom = picture[0 : 2 * rows : 2].astype(np.uint16), picture[2 : 2 * rows + 1 : 2]
    between = ((top + bottom + 1) // 2).astype(np.uint8)
    clean = picture.copy()
    lines = clean[1 : 2 * rows : 2]
    lines[combed] = between[combed]
    return clean


def _bytes(picture: Image.Image, form: Format, quality: int) -> bytes:
    out = io.BytesIO()
    match form:
        case "webp":
            picture.save(out, "WEBP", quality=quality, method=2)
        case "jpeg":
            picture.save(out, "JPEG", quality=quality, optimize=True)
        case "avif":
            picture.save(out, "AVIF", quality=quality, speed=8, max_threads=1)
    return out.getvalue()
