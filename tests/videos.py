"""Tiny videos with known content at known times, made with PyAV for the tests.

A video is a list of `(milliseconds, picture)`: each picture is shown from its time until the next
one's. Pictures are RGB arrays. Everything is seeded, so the same call gives the same file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]  # height x width x 3, RGB
Sound = NDArray[np.float32]  # mono, -1 to 1
Timed = tuple[int, Picture]

WIDTH, HEIGHT = 320, 240
AUDIO_CODECS = {
    ".wav": "pcm_s16le",
    ".webm": "libopus",
    ".ogg": "libopus",
    ".flac": "flac",
    ".mp3": "libmp3lame",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a video is coded."""

    fps: int = 10
    gop_ms: int = 1000  # milliseconds between keyframes
    codec: str = "libx264"
    pixels: str = "yuv420p"
    bframes: int = 0
    scenecut: bool = False  # a keyframe at every hard cut as well
    crf: int = 20
    rotation: int = 0  # counter-clockwise degrees that make it upright
    aspect: Fraction | None = None  # of a pixel
    start_ms: int = 0  # first time stamp in the container
    tags: Mapping[str, str] | None = None
    options: Mapping[str, str] | None = None  # more for the video encoder
    container: Mapping[str, str] | None = None  # more for the muxer


def flat(colour: tuple[int, int, int], width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A picture of one colour."""
    return np.full((height, width, 3), colour, dtype=np.uint8)


def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A picture full of coloured boxes, another one for every seed."""
    rng = np.random.default_rng(seed)
    picture = flat((int(rng.integers(40, 200)),) * 3, width, height)
    for _ in range(24):
        x, y = int(rng.integers(0, width - 16)), int(rng.integers(0, height - 16))
        w, h = int(rng.integers(16, width // 2)), int(rng.integers(16, height // 2))
        picture[y : y + h, x : x + w] = rng.integers(0, 256, 3, dtype=np.uint8)
    return picture


def typed(lines: Sequence[str], width: int = WIDTH, height: int = HEIGHT, size: int = 14) -> Picture:
    """A white page with dark text, one line under the other."""
    image = Image.new("RGB", (width, height), (245, 245, 245))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    for number, line in enumerate(lines):
        pen.text((8, 8 + number * (size + 6)), line, fill=(30, 30, 30), font=font)
    return np.asarray(image)


def noisy(picture: Picture, seed: int, sigma: float = 3.0) -> Picture:
    """The picture with sensor noise on it."""
    grain = _grain(sigma)
    start = int(np.random.default_rng(seed).integers(0, len(grain) - 1))
    noise = np.resize(np.roll(grain, -start)[: picture.size], picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@cache
def _grain(sigma: float) -> NDArray[np.int16]:
    """Noise made once, and taken from another place for each picture."""
    return np.random.default_rng(0).normal(0, sigma, 999_983).round().astype(np.int16)


def at_rate(changes: Sequence[Timed], seconds: float, fps: int = 10, sigma: float = 0.0) -> Iterator[Timed]:
    """Constant frame rate: the picture that is current at each instant, with noise where `sigma` > 0."""
    for number in range(round(seconds * fps)):
        now = number * 1000 // fps
        current = [picture for start, picture in changes if start <= now][-1]
        yield now, noisy(current, number, sigma) if sigma else current


def scenes(starts_ms: Sequence[int], seconds: float, fps: int = 10) -> Iterator[Timed]:
    """One scene per start, constant frame rate; the scene's seed is its number from 1."""
    return at_rate([(start, scene(number)) for number, start in enumerate(starts_ms, 1)], seconds, fps)


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0) -> Sound:
    """A sine."""
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return wave.astype(np.float32)


def write(
    path: Path,
    pictures: Iterable[Timed] = (),
    shape: Shape | None = None,
    *,
    sound: Sound | None = None,
    rate: int = 16_000,
    cover: Picture | None = None,
) -> Path:
    """Write the pictures, the sound (mono, at `rate` Hz), and a cover picture to `path`; gives `path`.

    The container follows from the file's name. Without pictures it is an audio file.
    """
    shape = shape or Shape()
    pictures = iter(pictures)
    first = next(pictures, None)
    with av.open(path, "w", options=dict(shape.container or {})) as out:
        out.metadata.update(shape.tags or {})
        video = None if first is None else _video_stream(out, first[1], shape)
        audio = None if sound is None else _audio_stream(out, path, rate)
        picture = None if cover is None else _cover_stream(out, cover)
        if cover is not None and picture is not None:
            _encode(out, picture, cover, 0)
        if first is not None and video is not None:
            for moment, rgb in _chain(first, pictures):
                _encode(out, video, rgb, moment + shape.start_ms)
            out.mux(video.encode(None))
        if sound is not None and audio is not None:
            _mux_sound(out, audio, sound, rate, shape.start_ms)
    return path


def cut(path: Path, to: Path, share: float) -> Path:
    """The first `share` of the file's bytes, as after a crash or a full disk."""
    content = path.read_bytes()
    to.write_bytes(content[: int(len(content) * share)])
    return to


def spoil(path: Path, to: Path, share: tuple[float, float], seed: int = 1) -> Path:
    """The file with random bytes between two shares of its length."""
    content = bytearray(path.read_bytes())
    start, end = (int(len(content) * part) for part in share)
    content[start:end] = np.random.default_rng(seed).bytes(end - start)
    to.write_bytes(content)
    return to


def _chain(first: Timed, rest: Iterator[Timed]) -> Iterator[Timed]:
    yield first
    yield from rest


def _video_stream(out: OutputContainer, picture: Picture, shape: Shape) -> VideoStream:
    stream = out.add_stream(shape.codec, rate=shape.fps, options=_options(shape))
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = shape.pixels
    context = stream.codec_context
    context.time_base = Fraction(1, 1000)
    context.thread_count = 1
    context.max_b_frames = shape.bframes
    context.gop_size = max(1, shape.gop_ms * shape.fps // 1000)
    if shape.aspect is not None:
        context.sample_aspect_ratio = shape.aspect
    if shape.rotation:
        stream.set_display_rotation(shape.rotation)
    return stream


def _options(shape: Shape) -> dict[str, str]:
    options = {}
    if shape.codec in ("libx264", "libx265"):
        options = {"preset": "veryfast", "crf": str(shape.crf)}
    if shape.codec == "libx264":
        options["x264-params"] = f"scenecut={40 if shape.scenecut else 0}:bframes={shape.bframes}"
    return options | dict(shape.options or {})


def _audio_stream(out: OutputContainer, path: Path, rate: int) -> AudioStream:
    codec = AUDIO_CODECS.get(path.suffix, "aac")
    stream = out.add_stream(codec, rate=48_000 if codec == "libopus" else rate, layout="mono")
    assert isinstance(stream, AudioStream)
    return stream


def _cover_stream(out: OutputContainer, cover: Picture) -> VideoStream:
    stream = out.add_stream("mjpeg", rate=1)
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = cover.shape[:2]
    stream.pix_fmt = "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


def _encode(out: OutputContainer, stream: VideoStream, rgb: Picture, pts_ms: int) -> None:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    frame = frame.reformat(format=stream.pix_fmt, threads=1)
    frame.pts, frame.time_base = pts_ms, Fraction(1, 1000)
    out.mux(stream.encode(frame))


def _mux_sound(out: OutputContainer, stream: AudioStream, sound: Sound, rate: int, start_ms: int) -> None:
    resampler = av.AudioResampler(format=stream.format, layout="mono", rate=stream.rate)
    whole = AudioFrame.from_ndarray(np.ascontiguousarray(sound, dtype=np.float32)[None, :], "flt", "mono")
    whole.sample_rate, whole.pts, whole.time_base = rate, start_ms * rate // 1000, Fraction(1, rate)
    for frame in (*resampler.resample(whole), *resampler.resample(None)):
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
