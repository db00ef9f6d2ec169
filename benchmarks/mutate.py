"""Damages good recordings at random and decodes them as a capture does: `python -m benchmarks.mutate`.

Each mutation is made from its number and `--seed`, so any of them can be made again with `--first N
--files 1 --keep FOLDER`. Nothing may crash this process, hang a child, or be left behind; what else
came of the files is counted by error code. Exits 1 when something did. Parts of one long run, each with
`--tally FILE --minutes N`, add up to that run.
"""

import argparse
import dataclasses
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mem.errors import MemError
from mem.media import sandbox
from tests import looking, oddities
from tests.e2e.test_oddities import LISTEN

LIMITS = sandbox.Limits(memory=2 * 2**30, stall_seconds=30, wall_seconds=120)
PROBE = {"max_pixels": 33_177_600, "max_streams": 64, "max_duration_ms": 14 * 86_400_000}
SEE = {**looking.REQUEST, "max_pixels": 33_177_600, "max_duration_ms": 14 * 86_400_000}
BASES = (
    "starts_at_1000s.mp4", "starts_at_1000s.mkv", "starts_at_1000s.ts", "crashed_in_fragments.mp4",
    "open_gop.mkv", "open_gop_hevc.mp4", "odd_161x121.webm", "av1.mp4", "mpeg2.mpg", "motion_jpeg.avi",
    "mpeg4.avi", "flash.flv", "windows.wmv", "alpha.mov", "opus.ogg", "surround_96k.flac", "cover.mp3",
    "adts.aac", "telephone.wav", "several_videos.mkv", "cover_beside_video.mp4", "interlaced.ts",
)  # fmt: skip
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\1\0\0\0")
Random = np.random.Generator


def flip(content: bytearray, rng: Random) -> None:
    for at in rng.integers(0, len(content), int(rng.integers(1, 40))):
        content[at] ^= 1 << int(rng.integers(0, 8))


def flip_head(content: bytearray, rng: Random) -> None:
    for at in rng.integers(0, min(len(content), 1500), int(rng.integers(1, 8))):
        content[at] = int(rng.integers(0, 256))


def flip_tail(content: bytearray, rng: Random) -> None:
    """The index of an MP4 is at its end."""
    for at in rng.integers(max(0, len(content) - 3000), len(content), int(rng.integers(1, 8))):
        content[at] = int(rng.integers(0, 256))


def extreme(content: bytearray, rng: Random) -> None:
    for at in rng.integers(0, max(1, len(content) - 4), int(rng.integers(1, 6))):
        content[at : at + 4] = EXTREMES[int(rng.integers(0, len(EXTREMES)))]


def truncate(content: bytearray, rng: Random) -> None:
    del content[int(rng.integers(1, len(content))) :]


def overwrite(content: bytearray, rng: Random) -> None:
    start, size = _block(content, rng)
    content[start : start + size] = rng.bytes(size)


def remove(content: bytearray, rng: Random) -> None:
    start, size = _block(content, rng)
    del content[start : start + size]


def repeat(content: bytearray, rng: Random) -> None:
    start, size = _block(content, rng)
    to = int(rng.integers(0, len(content)))
    content[to:to] = content[start : start + size] * int(rng.integers(1, 20))


def move(content: bytearray, rng: Random) -> None:
    start, size = _block(content, rng)
    block = content[start : start + size]
    del content[start : start + size]
    to = int(rng.integers(0, len(content) + 1))
    content[to:to] = block


def _block(content: bytearray, rng: Random) -> tuple[int, int]:
    size = int(rng.integers(1, max(2, len(content) // 4)))
    return int(rng.integers(0, max(1, len(content) - size))), size


WAYS: tuple[Callable[[bytearray, Random], None], ...] = (
    flip, flip_head, flip_tail, extreme, truncate, overwrite, remove, repeat, move,
)  # fmt: skip


def mutated(bases: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """A name that says how it was made, and the bytes."""
    rng = np.random.default_rng((seed, number))
    name = BASES[number % len(BASES)]
    content, ways = bytearray(bases[name]), []
    for _ in range(int(rng.integers(1, 4))):
        way = WAYS[int(rng.integers(0, len(WAYS)))]
        way(content, rng)
        ways.append(way.__name__)
        content = content or bytearray(1)
    return f"{number:06d}-{'-'.join(ways)}-{name}", bytes(content)


def decoded(file: Path) -> str:
    """What comes of a file: done, partial, or the code of the error."""
    partial = False
    media = run("probe", file, PROBE)[0].fields
    if media["video"] is None and media["audio"] is None:
        return "not_media"
    for operation, there, request in (("see", media["video"], SEE), ("hear", media["audio"], LISTEN)):
        if there is not None:
            partial = bool(run(operation, file, request)[-1].fields["partial"]) or partial
    return "partial" if partial else "done"


def run(operation: str, file: Path, request: dict[str, Any]) -> list[Any]:
    with sandbox.run("mem.capture.child", operation, file, request, limits=LIMITS) as messages:
        return list(messages)


def children() -> set[str]:
    return set(Path("/proc/self/task", str(os.getpid()), "children").read_text().split())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--tally", type=Path, help="file that counts over several runs; goes on behind it")
    parser.add_argument("--keep", type=Path, help="folder for the files that crashed or hung a child")
    options = parser.parse_args()
    tally = _Tally.read(options.tally, options.seed, options.first)
    end, until = options.first + options.files, time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["TMPDIR"] = folder  # whatever a child or a library leaves is seen there
        bases = {name: _made(place / name) for name in BASES}
        known = set(place.iterdir())  # what some makers leave beside their file is no leftover
        while tally.next < end and time.monotonic() < until:
            _one(tally, bases, place, options.keep, alone=options.files == 1)
            tally.next += 1
        tally.left += sorted(path.name for path in set(place.iterdir()) - known)
        tally.left += [f"process {number}" for number in sorted(children())]
    if options.tally is not None:
        options.tally.write_text(json.dumps(dataclasses.asdict(tally)))
    print(f"{tally.next - options.first} of {options.files} files, {tally.cpu:.0f} CPU-s", end="; ")
    print(f"the slowest took {tally.slowest[0]:.1f} s: {tally.slowest[1]}")
    for outcome, count in sorted(tally.counts.items(), key=lambda item: -item[1]):
        print(f"  {outcome:24} {count}")
    hangs = tally.counts.get("decoder_hung", 0)
    print(f"hangs {hangs}, left behind {len(tally.left)} {tally.left or ''}")
    return 1 if hangs or tally.left else 0


@dataclasses.dataclass
class _Tally:
    """What came of the files so far."""

    seed: int
    next: int  # number of the next file
    cpu: float = 0.0  # seconds, of this process and its children
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")  # seconds
    left: list[str] = dataclasses.field(default_factory=list)

    @classmethod
    def read(cls, file: Path | None, seed: int, first: int) -> "_Tally":
        if file is None or not file.exists():
            return cls(seed, first)
        tally = cls(**json.loads(file.read_text()))
        assert tally.seed == seed, f"{file} counts the files of seed {tally.seed}"
        return tally


def _one(tally: _Tally, bases: dict[str, bytes], place: Path, keep: Path | None, *, alone: bool) -> None:
    """Make the next file, decode it, and count what came of it."""
    name, content = mutated(bases, tally.seed, tally.next)
    file = place / name
    file.write_bytes(content)
    began, used = time.monotonic(), _cpu()
    try:
        outcome = decoded(file)
    except MemError as error:
        outcome = error.code
        if outcome.startswith("decoder_"):
            print(f"{outcome:24} {name}  {error.detail}", flush=True)
    if keep is not None and (outcome.startswith("decoder_") or alone):
        (keep / name).write_bytes(content)
    file.unlink()
    tally.counts[outcome] = tally.counts.get(outcome, 0) + 1
    tally.slowest = max(tuple(tally.slowest), (time.monotonic() - began, name))
    tally.cpu += _cpu() - used


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _made(path: Path) -> bytes:
    oddities.MAKERS[path.name](path)
    return path.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
