"""Measures taking in: `make bench`. Prints a table of CPU seconds per hour of recording.

The footage is generated: ten minutes of a noisy fixed camera, someone walking through each minute
(1080p, a keyframe every 2 s), and a minute of speech. Each row is one whole child process, its start
included, as a capture runs it; beside it stand the floor (only demuxing, and decoding just the
keyframes that are looked at) and what a person would do without Mem (decode everything, save a JPEG
every five seconds).
"""

import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image

from mem.media import sandbox
from mem.speech import models
from tests import looking, recordings, videos

SECONDS = 60
LAPS = 10
EVERY_MS = 5000
LIMITS = sandbox.Limits(memory=4 * 2**30, stall_seconds=120, wall_seconds=None)


def camera() -> Iterator[videos.Timed]:
    """A street with sensor noise; someone walks through from the 20th to the 30th second."""
    street = videos.scene(1, 1920, 1080)
    for number in range(SECONDS * 15):
        now, picture = number * 1000 // 15, street.copy()
        if 20_000 <= now < 30_000:
            x = (now - 20_000) * 1800 // 10_000
            picture[500:800, x : x + 90] = (60, 40, 30)
        noise = np.random.default_rng(number % 97).integers(-6, 7, picture.shape, dtype=np.int16)
        yield now, np.clip(picture + noise, 0, 255).astype(np.uint8)


def repeated(path: Path, to: Path, times: int) -> Path:
    """The same footage over and over, packet by packet, so that nothing is coded again."""
    with av.open(str(to), "w") as out:
        stream = None
        for lap in range(times):
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                for packet in container.demux(source):
                    if packet.dts is None:
                        continue
                    shift = int(lap * SECONDS / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    out.mux(packet)
    return to


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(work: Callable[[], object]) -> tuple[float, float, object]:
    """CPU seconds of this process and its children, wall seconds, and what `work` gives."""
    cpu, wall = time.process_time() + cpu_of_children(), time.monotonic()
    result = work()
    return time.process_time() + cpu_of_children() - cpu, time.monotonic() - wall, result


def child(operation: str, path: Path, request: dict[str, object]) -> dict[str, int]:
    """Run one operation over `path`; how many messages of each kind came, and how many bytes."""
    seen: dict[str, int] = {"bytes": 0}
    with sandbox.run("mem.capture.child", operation, path, request, limits=LIMITS) as messages:
        for message in messages:
            seen[message.kind] = seen.get(message.kind, 0) + 1
            seen["bytes"] += len(message.body) if message.kind == "frame" else 0
            seen["samples"] = seen.get("samples", 0) + int(message.fields.get("samples", 0))
    return seen


def floor(path: Path) -> int:
    """Demux all, and decode only the keyframe nearest to each wanted instant."""
    wanted, decoded = 0, 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if (
                packet.is_keyframe
                and packet.pts is not None
                and packet.pts * stream.time_base * 1000 >= wanted
            ):
                for frame in [*packet.decode(), *stream.codec_context.decode(None)]:
                    frame.to_ndarray(format="gray")
                    decoded += 1
                stream.codec_context.flush_buffers()
                wanted += EVERY_MS
    return decoded


def everything(path: Path) -> int:
    """Decode every picture and save a JPEG (quality 80) every five seconds."""
    saved, wanted = 0, 0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time * 1000 >= wanted:
                Image.fromarray(frame.to_ndarray(format="rgb24")).save(io.BytesIO(), "JPEG", quality=80)
                saved, wanted = saved + 1, wanted + EVERY_MS
    return saved


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        street = videos.write(Path(folder) / "street.mp4", camera(), videos.Shape(fps=15, gop_ms=2000))
        street = repeated(street, Path(folder) / "street-long.mp4", LAPS)
        talk = recordings.make(Path(folder) / "talk.mp4")
        see = looking.REQUEST | {"every_ms": EVERY_MS, "tolerance_ms": EVERY_MS // 2}
        model = models.resolve("tiny.en", models_dir=Path(folder))
        hear = {
            "model_path": str(model.path),
            "model_name": model.name,
            "device": "cpu",
            "compute_type": "int8",
            "threads": 2,
            "language": "en",
            "stretch_ms": 300_000,
            "resume": None,
        }
        rows = [
            ("floor: demux, needed keyframes", SECONDS * LAPS, measured(lambda: floor(street))),
            ("Mem: look, decide, encode", SECONDS * LAPS, measured(lambda: child("see", street, see))),
            ("decode everything, JPEG every 5 s", SECONDS * LAPS, measured(lambda: everything(street))),
            ("Mem: speech, tiny.en", recordings.SECONDS, measured(lambda: child("hear", talk, hear))),
        ]
    print("| what | CPU-s | CPU-s per hour | times real time (CPU) | wall s | result |")
    print("|---|---|---|---|---|---|")
    for name, seconds, (cpu, wall, result) in rows:
        speed = f"{cpu:.2f} | {cpu * 3600 / seconds:.0f} | {seconds / cpu:.0f}x | {wall:.2f}"
        print(f"| {name} | {speed} | {result} |")


if __name__ == "__main__":
    main()
