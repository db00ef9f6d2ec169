"""Looking at a recording in a process of its own, and what that took."""

import contextlib
import io
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from mem import packs
from mem.capture import see
from mem.media import container, reeling, sample
from mem.media.offsets import Faults
from mem.media.sample import Pace, Sample

EVERY_MS = 5000
_REQUEST: dict[str, Any] = {
    "every_ms": EVERY_MS,
    "tolerance_ms": EVERY_MS // 2,
    "sensitivity": "normal",
    "format": "webp",
    "quality": 75,
    "max_width": None,
    "stretch_ms": 300_000,
    "resume": None,
}
_PATIENCE_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What a run took, and what it gave."""

    cpu: float  # seconds of processor time, without starting the process
    memory: int  # bytes resident, at most
    looks: int
    kept: int
    size: int  # bytes stored


def whole(path: Path) -> Took:
    """The whole path of a frame: look, decide, encode, write to a pack, with spans."""
    return _apart("whole", path)


def reeled(path: Path) -> Took:
    """The same, and its pictures coded as reels as an old pack's are."""
    return _apart("reeled", path)


def sampled(path: Path) -> Took:
    """Looking alone: what is looked at is decoded and let go of."""
    return _apart("sampled", path)


def floor(path: Path) -> Took:
    """The least there can be: read the file, and decode the keyframe at each instant that is looked at."""
    return _apart("floor", path)


def thinned(path: Path) -> Took:
    """What others do: decode all, FFmpeg's `fps` filter, a JPEG of quality 80 every five seconds."""
    return _apart("thinned", path)


def _apart(what: str, path: Path) -> Took:
    processes = multiprocessing.get_context("spawn")
    here, there = processes.Pipe()
    process = processes.Process(target=_be, args=(what, path, there), name=f"mem-bench-{what}")
    process.start()
    there.close()
    try:
        if not here.poll(_PATIENCE_SECONDS):
            raise TimeoutError(f"{what} was not done within {_PATIENCE_SECONDS} s")
        took: Took = here.recv()
        return took
    finally:
        here.close()
        process.terminate()
        process.join()


def _be(what: str, path: Path, line: Connection) -> None:
    work = {"whole": _whole, "reeled": _reeled, "sampled": _sampled, "floor": _floor, "thinned": _thinned}[
        what
    ]
    begin = time.process_time()
    looks, kept, size = work(path)
    cpu = time.process_time() - begin
    line.send(Took(cpu=cpu, memory=_resident(), looks=looks, kept=kept, size=size))


def _whole(path: Path) -> tuple[int, int, int]:
    looks = kept = 0
    with _descriptor(path) as fd, packs.open_pack(path.parent, packs.name(1), 0) as pack:
        for message in see.see(_REQUEST, b"", fd):
            if message.kind == "frame":
                pack.append(f"{kept:012d}.webp", message.body)
                kept += 1
            elif message.kind == "stretch":
                looks += int(message.fields["samples"])
                pack.sync()
        size = pack.sync()
    (path.parent / packs.name(1)).unlink()
    return looks, kept, size


def _reeled(path: Path) -> tuple[int, int, int]:
    looks = size = 0
    stills: list[list[int]] = []
    with _descriptor(path) as fd, packs.open_pack(path.parent, packs.name(1), 0) as pack:
        for message in see.see(_REQUEST, b"", fd):
            if message.kind == "frame":
                facts, image = message.fields, message.body[: message.fields["image"]]
                offset = pack.append(f"{len(stills):012d}.webp", image)
                stills.append([facts["offset_ms"], offset, len(image), facts["width"], facts["height"]])
                size += packs.room(facts["thumb"])
            elif message.kind == "stretch":
                looks += int(message.fields["samples"])
        pack.sync()
    rest = [packs.room(still[2]) for still in stills]
    with _descriptor(path.parent / packs.name(1)) as fd:
        for message in reeling.code({"pictures": stills}, fd):
            these, rest = rest[: message.fields["count"]], rest[message.fields["count"] :]
            size += packs.room(len(message.body)) if message.kind == "reel" else sum(these)
    (path.parent / packs.name(1)).unlink()
    return looks, len(stills), size


def _sampled(path: Path) -> tuple[int, int, int]:
    with _opened(path) as (opened, stream):
        steps = sample.samples(opened, stream, Pace(EVERY_MS, EVERY_MS // 2), faults=Faults())
        return sum(isinstance(step, Sample) for step in steps), 0, 0


def _floor(path: Path) -> tuple[int, int, int]:
    wanted, looks = 0, 0
    with _opened(path) as (opened, stream):
        stream.codec_context.thread_type = "NONE"
        for packet in opened.demux(stream):
            if not packet.is_keyframe or packet.pts is None or stream.time_base is None:
                continue
            if packet.pts * stream.time_base * 1000 >= wanted - EVERY_MS // 2:
                looks += len([*packet.decode(), *stream.codec_context.decode(None)])
                stream.codec_context.flush_buffers()
                wanted += EVERY_MS
    return looks, 0, 0


def _thinned(path: Path) -> tuple[int, int, int]:
    kept = size = 0
    with _opened(path) as (opened, stream):
        stream.codec_context.thread_type = "NONE"
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(template=stream, time_base=stream.time_base),
            graph.add("fps", f"1000/{EVERY_MS}"),
            graph.add("buffersink"),
        ).configure()
        for frame in [*opened.decode(stream), None]:
            graph.push(frame)
            with contextlib.suppress(av.BlockingIOError, av.EOFError):
                while True:
                    thinned = graph.pull()
                    assert isinstance(thinned, VideoFrame)
                    kept, size = kept + 1, size + _jpeg(thinned)
    return kept, kept, size


def _jpeg(frame: VideoFrame) -> int:
    out = io.BytesIO()
    Image.fromarray(frame.to_ndarray(format="rgb24")).save(out, "JPEG", quality=80)
    return out.tell()


@contextlib.contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    with _descriptor(path) as fd, container.open_container(fd) as opened:
        stream = container.find_video(opened)
        if stream is None:
            raise ValueError(f"{path.name} has no picture")
        yield opened, stream


def _resident() -> int:
    """The most memory that this process ever held, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
