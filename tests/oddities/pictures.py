"""Pictures that lie turned, mirrored, stretched, or in unusual sizes, colours and streams."""

import struct
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from tests import videos
from tests.oddities.card import CHANGES_MS, burst, card, cards, oddity, plain
from tests.videos import Picture, Shape

FAST_VP9 = {"deadline": "realtime", "cpu-used": "8"}

# The display matrix (a, b, c, d) of each way to lie, and how a picture must be stored to be seen upright.
_LYING: dict[str, tuple[tuple[int, int, int, int], Callable[[Picture], Picture]]] = {
    "turned_90.mp4": ((0, 1, -1, 0), lambda p: np.rot90(p, 1)),
    "turned_180.mp4": ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
    "turned_270.mov": ((0, -1, 1, 0), lambda p: np.rot90(p, 3)),
    "mirrored.mp4": ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "upside_down.mp4": ((1, 0, 0, -1), lambda p: p[::-1]),
    "mirrored_turned_90.mp4": ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
    "mirrored_turned_270.mp4": ((0, -1, -1, 0), lambda p: np.rot90(p, 2).transpose(1, 0, 2)),
}


@oddity(*_LYING)
def lying(path: Path) -> None:
    matrix, stored = _LYING[path.name]
    pictures = [(at, np.ascontiguousarray(stored(picture))) for at, picture in cards()]
    content = bytearray(videos.write(path, pictures).read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (number << 16 for number in matrix)
    content[at : at + 20] = struct.pack(">5i", a, b, 0, c, d)
    path.write_bytes(content)


@oddity("no_display_matrix.mp4")
def no_display_matrix(path: Path) -> None:
    content = plain(path, ".mp4")
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = bytes(36)
    path.write_bytes(content)


@oddity("wide_pixels.mp4")
def wide_pixels(path: Path) -> None:
    videos.write(path, cards(), Shape(aspect=Fraction(4, 3)))


@oddity("tall_pixels.mkv")
def tall_pixels(path: Path) -> None:
    videos.write(path, cards(), Shape(aspect=Fraction(3, 4)))


@oddity("absurd_pixels.mp4")
def absurd_pixels(path: Path) -> None:
    videos.write(path, cards(), Shape(aspect=Fraction(200, 1)))


@oddity("odd_641x359.mkv")
def odd_size(path: Path) -> None:
    videos.write(path, cards(641, 359, 2), Shape(codec="mpeg4", fps=2))


@oddity("odd_161x121.webm")
def odd_size_webm(path: Path) -> None:
    videos.write(path, cards(161, 121), Shape(codec="libvpx-vp9", options=FAST_VP9))


@oddity("one_pixel.mkv")
def one_pixel(path: Path) -> None:
    still = [(n * 100, videos.flat((200, 40, 40), 1, 1)) for n in range(30)]
    videos.write(path, still, Shape(codec="ffv1", pixels="bgr0"))


@oddity("two_pixels.mp4")
def two_pixels(path: Path) -> None:
    videos.write(path, [(n * 100, videos.flat((200, 40, 40), 2, 2)) for n in range(30)])


@oddity("as_large_as_8k.avi")
def as_large_as_8k(path: Path) -> None:
    videos.write(path, [(0, card(0, 7680, 4320))], Shape(codec="mjpeg", pixels="yuvj420p", fps=1))


@oddity("beyond_8k.avi")
def beyond_8k(path: Path) -> None:
    shape = Shape(codec="mjpeg", pixels="yuvj420p", fps=1)
    videos.write(path, [(0, videos.flat((9, 9, 9), 8192, 4096))], shape)


_OPEN = "open-gop=1:scenecut=0"
_FORMS = {
    "ten_bits.mkv": Shape(codec="libx265", pixels="yuv420p10le", options={"x265-params": "log-level=none"}),
    "no_subsampling.mp4": Shape(pixels="yuv444p"),
    "rgb.mkv": Shape(codec="ffv1", pixels="bgr0"),
    "alpha.webm": Shape(codec="libvpx-vp9", pixels="yuva420p", options={**FAST_VP9, "auto-alt-ref": "0"}),
    "alpha.mov": Shape(codec="prores_ks", pixels="yuva444p10le", options={"profile": "4444"}),
    "motion_jpeg.avi": Shape(codec="mjpeg", pixels="yuvj420p", options={"qmin": "3", "qmax": "3"}),
    "mpeg4.avi": Shape(codec="mpeg4"),
    "flash.flv": Shape(codec="flv"),
    "windows.wmv": Shape(codec="wmv2"),
    "av1.mp4": Shape(codec="libsvtav1", options={"preset": "12", "svtav1-params": "lp=1"}),
    "b_frames.mp4": Shape(bframes=3, gop_ms=1500),
    "open_gop.mkv": Shape(gop_ms=700, options={"x264-params": _OPEN + ":bframes=3:b-adapt=0"}),
    "open_gop_hevc.mp4": Shape(
        codec="libx265", bframes=3, gop_ms=700, options={"x265-params": "log-level=none:" + _OPEN}
    ),
}  # fmt: skip


@oddity(*_FORMS)
def form(path: Path) -> None:
    pictures = cards(fps=_FORMS[path.name].fps)
    videos.write(path, pictures, _FORMS[path.name])


_COLOURS = {
    "bt601.mp4": (Colorspace.ITU601, ColorRange.MPEG, ColorTrc.BT709),
    "bt709.mp4": (Colorspace.ITU709, ColorRange.MPEG, ColorTrc.BT709),
    "bt709_full.mp4": (Colorspace.ITU709, ColorRange.JPEG, ColorTrc.BT709),
}


@oddity(*_COLOURS)
def colours(path: Path) -> None:
    """The same colours, written by different rules which the stream names."""
    space, reach, curve = _COLOURS[path.name]
    _coded(path, cards(), "libx264", "yuv420p", space, reach, curve)


_HDR = {"hdr_pq.mp4": ColorTrc.SMPTE2084, "hdr_hlg.mkv": ColorTrc.ARIB_STD_B67}


@oddity(*_HDR)
def hdr(path: Path) -> None:
    """Pictures in ten bits; how bright they are shown depends on the tone mapping, their hue does not."""
    curve = _HDR[path.name]
    quiet = {"x265-params": "log-level=none"}
    _coded(path, cards(), "libx265", "yuv420p10le", Colorspace(9), ColorRange.MPEG, curve, quiet)


def _coded(
    path: Path,
    pictures: Iterable[videos.Timed],
    codec: str,
    pixels: str,
    space: Colorspace,
    reach: ColorRange,
    curve: ColorTrc,
    options: dict[str, str] | None = None,
) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=10, options=options or {})
        stream.width, stream.height, stream.pix_fmt = 160, 120, pixels
        context = stream.codec_context
        context.time_base, context.gop_size = Fraction(1, 1000), 10
        context.colorspace, context.color_range = int(space), int(reach)
        context.color_trc = int(curve)
        context.color_primaries = 9 if curve in _HDR.values() else 1
        for at, picture in pictures:
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=pixels, dst_colorspace=space, dst_color_range=reach)
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@oddity("interlaced.ts", "mpeg2.mpg")
def mpeg2(path: Path) -> None:
    """As broadcast: 25 pictures a second, B-pictures, and groups that lean on the one before."""
    fields = {"qmin": "2", "qmax": "2"} | ({"flags": "+ildct+ilme"} if path.suffix == ".ts" else {})
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg2video", rate=25, options=fields)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 11, 2
        for number, (_, picture) in enumerate(cards(fps=25)):
            frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@oddity("grows_midway.ts")
def grows_midway(path: Path) -> None:
    """Another size from 1 s on, in the same stream."""
    sizes = ((160, 120), (320, 180), (160, 120))
    parts = []
    for number, (width, height) in enumerate(sizes):
        part = path.with_name(f".{number}.ts")
        shape = Shape(start_ms=number * 1000)
        still = videos.at_rate([(0, card(number, width, height))], 1)
        parts.append(videos.write(part, still, shape).read_bytes())
        part.unlink()
    path.write_bytes(b"".join(parts))


@oddity("several_videos.mkv")
def several_videos(path: Path) -> None:
    """Two videos; the smaller is the default one."""
    _many(path, [(320, 240), (160, 120)], default=1)


@oddity("sixty_streams.mkv")
def sixty_streams(path: Path) -> None:
    _many(path, [(160, 120), *[(32, 32)] * 59], default=0)


@oddity("hundred_streams.mkv")
def hundred_streams(path: Path) -> None:
    _many(path, [(32, 32)] * 100, default=0)


def _many(path: Path, sizes: list[tuple[int, int]], default: int) -> None:
    with av.open(str(path), "w") as out:
        streams = []
        for number, (width, height) in enumerate(sizes):
            stream = out.add_stream("mjpeg", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
            chosen = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
            stream.disposition = chosen
            streams.append(stream)
            stream.options = {"qmin": "3", "qmax": "3"}
        for at in range(0, 3000, 100):
            for number, stream in enumerate(streams):
                if number != default and at % 1000:
                    continue
                step = sum(at >= change for change in CHANGES_MS) - 1
                shown = card(step if number == default else 0, stream.width, stream.height)
                frame = VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuvj420p")
                frame.pts, frame.time_base = at, Fraction(1, 1000)
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))


@oddity("cover.mp4", "cover.mp3")
def cover(path: Path) -> None:
    videos.write(path, sound=burst(), cover=card(0))


@oddity("cover_beside_video.mp4")
def cover_beside_video(path: Path) -> None:
    videos.write(path, cards(), sound=burst(), cover=videos.flat((0, 255, 255), 320, 240))


@oddity("still.png", "still.gif")
def still(path: Path) -> None:
    from PIL import Image

    Image.fromarray(card(0)).save(path)
