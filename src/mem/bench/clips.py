"""Small coded recordings, made from a seed and repeated packet by packet until they are long."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from mem.bench.corpus import Corpus

FPS = 30
_GRAINS = 8  # pictures of noise, taken in turn
_NOISE = 2.6  # levels, of a pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """How a clip is coded, as H.264."""

    fps: int
    gop: int  # pictures from keyframe to keyframe
    between: int = 0  # B-pictures in a row
    scenecut: bool = False  # a keyframe where everything changes as well


def camera(count: int, seed: int = 1, width: int = 1920, height: int = 1080) -> Iterator[VideoFrame]:
    """A fixed camera's pictures with sensor noise; nobody comes."""
    chance = np.random.default_rng(seed)
    scene = np.asarray(_room(chance, width, height), np.int16)
    pictures = []
    for _ in range(min(count, _GRAINS)):
        noise = np.round(chance.standard_normal((height, width, 1), np.float32) * _NOISE).astype(np.int16)
        pictures.append(_coded(np.clip(scene + noise, 0, 255).astype(np.uint8)))
    for number in range(count):
        yield pictures[number % len(pictures)]


def desk(count: int, fps: int, seed: int = 1) -> Iterator[VideoFrame]:
    """A screen: a line is typed every five seconds, another window comes forward every twenty."""
    corpus, page, picture = Corpus(seed), Image.new("RGB", (1920, 1080)), None
    for number in range(count):
        row, window = number // (5 * fps), number // (20 * fps)
        if number % (20 * fps) == 0:
            page = Image.new("RGB", (1920, 1080), (248, 248, 246) if window % 2 else (30, 32, 36))
            for line in range(24):
                _write(page, corpus.sentence(), 40 + 24 * line, light=window % 2 == 0)
        if number % (5 * fps) == 0:
            _write(page, corpus.sentence(), 640 + 24 * (row % 16), light=window % 2 == 0)
            picture = _coded(np.asarray(page))
        assert picture is not None
        yield picture


def write(path: Path, pictures: Iterator[VideoFrame], coded: Coded) -> Path:
    """Code the pictures into a file; gives `path`."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=coded.fps, options=_options(coded))
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.width, stream.height = picture.width, picture.height
            picture.pts, picture.time_base = number, Fraction(1, coded.fps)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def repeated(path: Path, to: Path, times: int, lasts: float) -> Path:
    """The clip of `lasts` seconds over and over, so that nothing is coded again; gives `to`."""
    with av.open(str(to), "w") as out:
        stream = None
        for lap in range(times):
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                for packet in container.demux(source):
                    if packet.dts is None or packet.pts is None or packet.time_base is None:
                        continue
                    shift = round(lap * lasts / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    out.mux(packet)
    return to


def _options(coded: Coded) -> dict[str, str]:
    params = f"keyint={coded.gop}:min-keyint=1:scenecut={40 if coded.scenecut else 0}:bframes={coded.between}"
    return {"preset": "superfast", "crf": "28", "x264-params": params}


def _coded(picture: npt.NDArray[np.uint8]) -> VideoFrame:
    return VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p", threads=1)


def _room(chance: np.random.Generator, width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), (120, 122, 118))
    pen = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = int(chance.integers(0, width)), int(chance.integers(0, height))
        wide, high = (int(chance.integers(side // 48, side // 3)) for side in (width, height))
        red, green, blue = (int(part) for part in chance.integers(40, 210, 3))
        pen.rectangle((x, y, x + wide, y + high), fill=(red, green, blue))
    return image


def _write(page: Image.Image, words: str, y: int, *, light: bool) -> None:
    ink = (220, 220, 220) if light else (30, 30, 30)
    ImageDraw.Draw(page).text((80, y), words, fill=ink, font=ImageFont.load_default(17))
