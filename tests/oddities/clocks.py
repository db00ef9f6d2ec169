"""Recordings whose clock starts elsewhere, leaps, stands still, or lies."""

import re
import struct
from pathlib import Path

import numpy as np

from tests import videos
from tests.oddities.card import Frozen, burst, card, cards, oddity, plain, recording, remux
from tests.videos import Shape

WRAP_MS = 2**33 // 90  # an MPEG-TS clock starts again here


@oddity("uneven_rate.mp4", "uneven_rate.mkv")
def uneven_rate(path: Path) -> None:
    times = sorted({*range(0, 3000, 333), *range(1000, 1300, 20), 1993, 2000, 2999})
    pictures = [(at, card(sum(at >= change for change in (0, 1000, 2000)) - 1)) for at in times]
    videos.write(path, pictures, Shape(fps=50), sound=burst())


@oddity("no_pictures.mp4")
def no_pictures(path: Path) -> None:
    """An index that lists nothing."""
    videos.write(path, [(0, card(0))])
    content = path.read_bytes()
    at = content.index(b"trak") - 4
    size = struct.unpack(">I", content[at : at + 4])[0]
    moov = content.index(b"moov") - 4
    length = struct.unpack(">I", content[moov : moov + 4])[0] - size
    path.write_bytes(
        content[:moov] + struct.pack(">I", length) + content[moov + 4 : at] + content[at + size :]
    )


@oddity("one_picture.mp4", "one_picture.mkv", "one_picture.ts")
def one_picture(path: Path) -> None:
    videos.write(path, [(0, card(0))])


@oddity("starts_at_1000s.ts", "starts_at_1000s.mkv", "starts_at_1000s.mp4")
def starts_late(path: Path) -> None:
    if path.suffix == ".mp4":
        recording(path, Shape(start_ms=1_000_000, container={"use_editlist": "0"}))
    else:
        recording(path, Shape(start_ms=1_000_000))


@oddity("starts_before_zero.mp4", "starts_before_zero.mkv")
def starts_before_zero(path: Path) -> None:
    recording(path, Shape(start_ms=-1500, container={"avoid_negative_ts": "disabled"}))


@oddity("edited.mp4", "edited_far.mp4")
def edited(path: Path) -> None:
    """An edit list that leaves out the first second, or 2.5 s behind the only keyframe."""
    by_ms = 1000 if path.name == "edited.mp4" else 2500
    content = plain(path, ".mp4", gop_ms=1000 if path.name == "edited.mp4" else 9000)
    for found in list(re.finditer(b"elst", content)):
        at = found.start() + 4 + 8
        duration, media_time = struct.unpack(">Ii", content[at : at + 8])
        content[at : at + 8] = struct.pack(">Ii", duration - by_ms, media_time + by_ms * 16)
    path.write_bytes(content)


@oddity("clock_wraps.ts")
def clock_wraps(path: Path) -> None:
    recording(path, Shape(start_ms=WRAP_MS - 1400 - 1250))


_JUMPS = {"jumps_back.ts": 5000, "jumps_ahead_5min.ts": 305_000, "jumps_ahead_20h.ts": 72_005_000}


@oddity(*_JUMPS)
def jumps(path: Path) -> None:
    """The recording goes on, after 3 s, under another time; back is from 60 s to 5 s."""
    first = 60_000 if path.name == "jumps_back.ts" else 2000
    path.write_bytes(_at(path, first) + _at(path, _JUMPS[path.name]))


def _at(path: Path, start_ms: int) -> bytes:
    part = path.with_name(f".{path.name}.{start_ms}.ts")
    content = recording(part, Shape(start_ms=start_ms)).read_bytes()
    part.unlink()
    return content


_STAMPS = {"one_stamp_ahead.ts": (27, 1), "one_stamp_hour_ahead.ts": (28, 2), "one_stamp_back.ts": (19, 1)}


@oddity(*_STAMPS)
def damaged_stamp(path: Path) -> None:
    """One flipped bit in the time of one picture after 1.5 s; in the second file of one sound as well."""
    bit, kinds = _STAMPS[path.name]
    content = plain(path, ".ts", start_ms=20_000)
    for kind in (0xE0, 0xC0)[:kinds]:
        starts = [found.start() for found in re.finditer(bytes((0, 0, 1, kind)), content)]
        at = starts[len(starts) // 2] + 9
        _flip(content, at, bit)
        if content[at - 2] & 0x40 and content[at - 2] & 0x80 == 0x80:
            _flip(content, at + 5, bit)
    path.write_bytes(content)


def _flip(content: bytearray, at: int, bit: int) -> None:
    """Flip one bit of the 33-bit stamp at `at`."""
    if bit >= 30:
        content[at] ^= 1 << (bit - 30 + 1)
    elif bit >= 15:
        high = (content[at + 1] << 8 | content[at + 2]) ^ 1 << (bit - 15 + 1)
        content[at + 1 : at + 3] = high.to_bytes(2, "big")
    else:
        low = (content[at + 3] << 8 | content[at + 4]) ^ 1 << (bit + 1)
        content[at + 3 : at + 5] = low.to_bytes(2, "big")


@oddity("cluster_ahead.mkv")
def cluster_ahead(path: Path) -> None:
    """The time of one cluster, which holds half a second, is 32.8 s too late."""
    content = plain(path, ".mkv", container=Frozen(cluster_time_limit="500"))
    clusters = [
        found.start() for found in re.finditer(rb"\x1f\x43\xb6\x75.{1,8}\xe7\x82", content, re.DOTALL)
    ]
    at = content.index(b"\xe7\x82", clusters[len(clusters) // 2]) + 2
    content[at] ^= 0x80
    path.write_bytes(content)


@oddity("gap_of_a_year.mkv")
def gap_of_a_year(path: Path) -> None:
    source = path.with_suffix(".base.mkv")
    recording(source)
    remux(source, path, lambda _, seconds: 31_536_000 if seconds >= 2 else 0)
    source.unlink()


@oddity("one_an_hour.mp4")
def one_an_hour(path: Path) -> None:
    """An hour at one picture a second; the patch changes every 20 minutes."""
    small = [card(number, 64, 48) for number in range(3)]
    videos.write(path, ((n * 1000, small[n // 1200]) for n in range(3600)), Shape(fps=1, gop_ms=60_000))


@oddity("one_in_30s.mp4")
def one_in_30s(path: Path) -> None:
    """Ten pictures, each half a minute after the one before."""
    videos.write(path, ((n * 30_000, card(n // 4)) for n in range(10)), Shape(fps=1, gop_ms=3000))


@oddity("thousand_a_second.mp4")
def thousand_a_second(path: Path) -> None:
    small = [card(number, 64, 48) for number in range(3)]
    pictures = ((n, small[n // 1000]) for n in range(3000))
    videos.write(path, pictures, Shape(fps=1000, gop_ms=1000))


@oddity("no_stamps.h264")
def no_stamps(path: Path) -> None:
    """A bare stream, without any container."""
    videos.write(path, cards())


@oddity("says_10_years.mp4", "says_nothing.mp4", "says_1_minute.mp4")
def lying_length(path: Path) -> None:
    """The index states another length than its pictures have."""
    scales = {"says_10_years.mp4": 315_360_000, "says_nothing.mp4": 0, "says_1_minute.mp4": 60}
    content = plain(path, ".mp4")
    for name, before in ((b"mvhd", 12), (b"mdhd", 12)):
        for found in re.finditer(name, content):
            at = found.start() + 4 + before
            scale, _ = struct.unpack(">II", content[at : at + 8])
            length = min(0xFFFFFFFF, scales[path.name] * scale)
            content[at + 4 : at + 8] = struct.pack(">I", length)
    path.write_bytes(content)


@oddity("drifting.mkv")
def drifting(path: Path) -> None:
    """Sound whose clock runs 1 % slow over 3 s, as cheap recorders do."""
    source = path.with_suffix(".base.mkv")
    videos.write(source, cards(), sound=np.asarray(burst()))
    remux(source, path, lambda kind, seconds: seconds * 0.01 if kind == "audio" else 0.0)
    source.unlink()
