"""Recordings that were cut, flipped, overwritten, glued to something else, or that promise too much."""

import io
import re
import struct
import zipfile
from pathlib import Path

import numpy as np

from tests import videos
from tests.oddities.card import Frozen, burst, cards, noise, oddity, plain, recording
from tests.videos import Shape

_SUFFIXES = (".mp4", ".mkv", ".ts", ".webm")
_FAST = {"options": {"deadline": "realtime", "cpu-used": "8"}}
CUTS = tuple(f"cut_at_{share}.mp4" for share in (1, 3, 10, 20, 35, 50, 65, 80, 95, 99))
FLIPS = tuple(f"flipped_{seed}{_SUFFIXES[seed % 3]}" for seed in range(10))


def _base(path: Path, suffix: str) -> bytearray:
    if suffix == ".webm":
        part = path.with_name(f".base{suffix}")
        shape = Shape(codec="libvpx-vp9", options=_FAST["options"], gop_ms=500)
        return bytearray(recording(part, shape).read_bytes())
    clusters = {"cluster_time_limit": "500"} if suffix == ".mkv" else {}
    return plain(path, suffix, gop_ms=500, container=Frozen(clusters))


@oddity(*CUTS)
def cut_early_index(path: Path) -> None:
    """The first so many percent of a file whose index comes first."""
    content = recording(path, Shape(container={"movflags": "faststart"})).read_bytes()
    path.write_bytes(content[: len(content) * int(path.stem.split("_")[-1]) // 100])


@oddity("cut.ts", "cut.mkv", "cut_late_index.mp4", "cut.avi", "cut.webm")
def cut(path: Path) -> None:
    content = plain(path, ".avi", codec="mpeg4") if path.suffix == ".avi" else _base(path, path.suffix)
    path.write_bytes(content[: len(content) // (3 if path.suffix == ".avi" else 2)])


@oddity("begins_midway.ts")
def begins_midway(path: Path) -> None:
    """Cut out of a broadcast: neither its beginning nor its end is at a picture's."""
    content = plain(path, ".ts", gop_ms=500)
    path.write_bytes(content[len(content) // 4 + 77 : -100])


@oddity("crashed_in_fragments.mp4")
def crashed_in_fragments(path: Path) -> None:
    shape = Shape(container={"movflags": "frag_keyframe+empty_moov"}, gop_ms=500)
    content = recording(path, shape).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


@oddity(*(f"hole{suffix}" for suffix in _SUFFIXES))
def hole(path: Path) -> None:
    """A tenth in the middle is noise."""
    content = _base(path, path.suffix)
    start, size = len(content) * 45 // 100, len(content) // 10
    content[start : start + size] = noise(7, size).tobytes()
    path.write_bytes(content)


@oddity(*FLIPS)
def flipped(path: Path) -> None:
    """Thirty flipped bits."""
    seed = int(path.stem.split("_")[1])
    content = _base(path, path.suffix)
    rng = np.random.default_rng(seed)
    for at in rng.integers(0, len(content), 30):
        content[at] ^= 1 << int(rng.integers(0, 8))
    path.write_bytes(content)


@oddity("zeros_at_end.mp4", "noise_at_end.ts", "script_at_end.mp4", "zip_at_end.mp4")
def appended(path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("readme.txt", "a zip reads from its end")
    tails = {
        "zeros_at_end.mp4": bytes(200_000),
        "noise_at_end.ts": noise(3, 20_000).tobytes(),
        "script_at_end.mp4": b"\n<script>alert(1)</script>\n<?php system($_GET[0]); ?>\n",
        "zip_at_end.mp4": buffer.getvalue(),
    }
    path.write_bytes(plain(path, path.suffix) + tails[path.name])


@oddity("html_before.mp4", "zip_before.mp4", "jpeg_before.mp4")
def prepended(path: Path) -> None:
    heads = {
        "html_before.mp4": b"<!doctype html><title>video</title><script>alert(1)</script>",
        "zip_before.mp4": b"PK\x03\x04" + bytes(26),
        "jpeg_before.mp4": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(600),
    }
    path.write_bytes(heads[path.name] + plain(path, ".mp4"))


@oddity("empty_packets.mkv")
def empty_packets(path: Path) -> None:
    """Every tenth block of the picture has no content."""
    content = plain(path, ".mkv", crf=30)
    blocks = [f.start() for f in re.finditer(rb"\xa3[\x40-\x7f].\x81..\x00", bytes(content), re.DOTALL)]
    for at in reversed(blocks[5::10]):
        size = struct.unpack(">H", content[at + 1 : at + 3])[0] & 0x3FFF
        content[at + 3 + 4 : at + 3 + size] = b""
        content[at + 1 : at + 3] = struct.pack(">H", 0x4004)
    path.write_bytes(content)


@oddity("two_billion_samples.mp4")
def two_billion_samples(path: Path) -> None:
    """The index states 2^31 pictures of one size."""
    content = plain(path, ".mp4")
    at = content.index(b"stsz") + 8
    content[at : at + 8] = struct.pack(">II", 100, 2**31 - 1)
    at = content.index(b"stts") + 8
    content[at : at + 12] = struct.pack(">III", 1, 2**31 - 1, 1600)
    path.write_bytes(content)


@oddity("two_billion_entries.mp4")
def two_billion_entries(path: Path) -> None:
    """A list in the index states 2^31 entries and ends after a few."""
    content = plain(path, ".mp4")
    for name in (b"stts", b"stss", b"stsc", b"stco"):
        at = content.find(name)
        if at > 0:
            content[at + 8 : at + 12] = struct.pack(">I", 2**31 - 1)
    path.write_bytes(content)


@oddity("long_tags.mkv")
def long_tags(path: Path) -> None:
    many = {f"k{n}": "v" * 99 for n in range(500)}
    recording(path, Shape(tags={"title": "long " * 200_000, "comment": "\u202e<script>", **many}))


@oddity("deep_boxes.mp4")
def deep_boxes(path: Path) -> None:
    """Boxes within boxes, 20,000 deep, behind a good recording."""
    depth = 20_000
    nest = b"".join(struct.pack(">I4s", 8 * (depth - n), b"moov") for n in range(depth))
    path.write_bytes(bytes(plain(path, ".mp4")) + nest)


@oddity("sound_damaged.mp4")
def sound_damaged(path: Path) -> None:
    """A good picture with a sound track whose samples are noise."""
    content = videos.write(path, cards(), sound=burst()).read_bytes()
    path.write_bytes(content.replace(b"mp4a", b"xxxx"))
