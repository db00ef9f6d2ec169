"""Rows against packs: each frame where its row says, under its own header, with the bytes it had."""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from mem import folders, kept
from mem.errors import NotFound
from mem.media import reel
from mem.memory import Memory
from mem.objects.pointer import Pointer
from mem.ops.check.findings import Depth, Finding, finding
from mem.store import checkpoints, copies
from mem.types import Frame, Source, milliseconds

_TRAILER = 2 * tarfile.BLOCKSIZE


@dataclass
class Seen:
    """What was looked at."""

    frames: int = 0
    bytes: int = 0


def look(memory: Memory, source: Source, depth: Depth, seen: Seen) -> list[Finding]:
    """What is wrong with the packs of a source."""
    folder = folders.of(memory, source)
    found: list[Finding] = []
    frames = sorted(copies.frames_of(memory.db, source.id), key=lambda f: (f.pack, f.offset))
    seen.frames += len(frames)
    for name, group in groupby(frames, key=lambda frame: frame.pack):
        found += _pack(memory, folder, source, name, list(group), depth, seen)
    if copies.quiet(memory.db, source.id):
        found += _tails(memory, source, folder)
        found += _unnamed(memory, folder, source, {frame.pack for frame in frames})
        if depth == "deep":
            found += _sums(folder, source, seen)
    return found


def _pack(
    memory: Memory,
    folder: Path,
    source: Source,
    name: str,
    frames: Sequence[Frame],
    depth: Depth,
    seen: Seen,
) -> Iterator[Finding]:
    place, there = f"{source.folder}/{name}", kept.elsewhere(folder / name)
    if there is not None and depth != "deep":
        yield from _remote(memory, there, place, frames, depth)
        return
    try:
        file = kept.file(memory, folder / name).open("rb")
    except NotFound as error:
        yield finding("pack_damaged", place, error.detail)
        return
    except OSError as error:
        yield finding("pack_missing", place, f"{len(frames)} frames lie in it: {error.strerror}")
        return
    with file:
        size = os.fstat(file.fileno()).st_size
        for frame in frames:
            where = f"{place}, frame {frame.id}"
            if max(frame.end, frame.thumb_offset + frame.thumb_length) > size:
                yield finding("pack_short", where)
            elif depth != "quick":
                yield from _frame(file, source, frame, where, depth, seen)


def _remote(
    memory: Memory, there: Pointer, place: str, frames: Sequence[Frame], depth: Depth
) -> Iterator[Finding]:
    """A pack in a bucket, without fetching it: whether it is there, and as long as its frames need it."""
    if depth == "normal" and not memory.remote.holds(there):
        yield finding("pack_missing", place, f"{len(frames)} frames lie in it: {there.url} is gone")
        return
    for frame in frames:
        if max(frame.end, frame.thumb_offset + frame.thumb_length) > there.size:
            yield finding("pack_short", f"{place}, frame {frame.id}")


def _frame(
    file: BinaryIO, source: Source, frame: Frame, where: str, depth: Depth, seen: Seen
) -> Iterator[Finding]:
    at = milliseconds(frame.first_seen - source.started_at)
    pairs = [(f"{at:012d}.thumb.webp", frame.thumb_offset, frame.thumb_length)]
    if frame.reel_offset is None:
        pairs.append((f"{at:012d}.{frame.format}", frame.offset, frame.length))
    elif not _reeled(file, frame, at):
        yield finding("frame_header", where, f"at byte {frame.offset} of a reel no picture of {at} ms begins")
    for name, offset, length in pairs:
        if not _named(file, name, offset, length):
            yield finding("frame_header", where, f"at byte {offset} no {name} of {length} bytes begins")
    if depth == "deep":
        file.seek(frame.begin)
        data = file.read(frame.end - frame.begin)
        seen.bytes += frame.length
        if hashlib.sha256(data).hexdigest() != frame.sha256:
            yield finding("frame_damaged", where)


def _named(file: BinaryIO, name: str, offset: int, length: int) -> bool:
    header = _header(file, offset)
    return header is not None and (header.name, header.size) == (name, length)


def _reeled(file: BinaryIO, frame: Frame, at: int) -> bool:
    """Whether a reel begins where it should, and the picture of that offset (ms) lies in it."""
    header = _header(file, frame.begin)
    if header is None or not header.name.endswith(reel.SUFFIX) or frame.end - frame.begin > header.size:
        return False
    file.seek(frame.begin)
    found = list(reel.places(file.read(frame.end - frame.begin)))
    return bool(found) and found[-1] == reel.Place(at, frame.offset - frame.begin, frame.length)


def _header(file: BinaryIO, offset: int) -> tarfile.TarInfo | None:
    """The header of the member whose first byte lies at `offset`."""
    if offset < tarfile.BLOCKSIZE:
        return None
    file.seek(offset - tarfile.BLOCKSIZE)
    try:
        return tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None


def _tails(memory: Memory, source: Source, folder: Path) -> Iterator[Finding]:
    """Bytes behind the committed end of the pack that was written last."""
    checkpoint = checkpoints.get(memory.db, source.id, "see")
    if checkpoint is None or checkpoint.pack is None:
        return
    size = kept.size(folder / checkpoint.pack)
    if size is None:
        return  # named missing elsewhere where it matters
    if checkpoint.pack_length and size != checkpoint.pack_length + _TRAILER:
        detail = f"{size:,} bytes and not {checkpoint.pack_length + _TRAILER:,}"
        code = "pack_tail" if size > checkpoint.pack_length + _TRAILER else "pack_short"
        yield finding(code, f"{source.folder}/{checkpoint.pack}", detail)


def cut_tail(memory: Memory, source: Source) -> None:
    """Let the pack that was written last end where its rows do."""
    checkpoint = checkpoints.get(memory.db, source.id, "see")
    if checkpoint is not None and checkpoint.pack is not None:
        folder = folders.of(memory, source)
        with kept.open_pack(memory, folder, checkpoint.pack, checkpoint.pack_length) as pack:
            pack.sync()
        folders.write_frames(memory, source.id)


def _unnamed(memory: Memory, folder: Path, source: Source, named: set[str]) -> Iterator[Finding]:
    """Packs that no row names and that no deletion left for the sake of its records."""
    for file in kept.packs_of(folder):
        if file.name in named:
            continue
        try:
            with tarfile.open(kept.file(memory, file), "r:") as archive:
                pictures = any(not member.name.endswith(".json") for member in archive)
        except (OSError, tarfile.TarError, NotFound):
            pictures = True
        if pictures:
            yield finding("pack_orphan", f"{source.folder}/{file.name}")


def _sums(folder: Path, source: Source, seen: Seen) -> Iterator[Finding]:
    """Each pack as a whole, thumbnails, records and padding included, against what it was at its end."""
    try:
        lines = (folder / "packs.jsonl").read_text(encoding="utf-8").splitlines()
        said = {one["pack"]: (one["size"], one["sha256"]) for one in map(json.loads, lines)}
    except (OSError, ValueError, KeyError, TypeError):
        yield finding("copy_differs", f"{source.folder}/packs.jsonl")
        return
    for real in kept.sums(folder):
        seen.bytes += real.size
        if said.pop(real.pack, None) != (real.size, real.sha256):
            yield finding("pack_damaged", f"{source.folder}/{real.pack}")
    for name in said:
        yield finding("pack_missing", f"{source.folder}/{name}", "packs.jsonl names it")
