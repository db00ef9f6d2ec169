"""Pointers: what stands in a folder for a file that lies in a bucket."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".pointer"
_LEAST_BLOCK = 256 * 2**10  # bytes; a picture with its thumbnail fits into one or two
_MOST_BLOCKS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where a file lies, and what it is."""

    url: str  # s3://bucket/key
    size: int  # bytes
    sha256: str  # of all of it, hex
    block: int  # bytes of each block but the last
    blocks: tuple[str, ...]  # the sha256 of each, hex

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.url.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        """The name of the object within the bucket."""
        return self.url.removeprefix("s3://").partition("/")[2]

    def covering(self, offset: int, length: int) -> range:
        """The numbers of the blocks that hold these bytes."""
        return range(offset // self.block, -(-(offset + length) // self.block))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a file is, before it has a place in a bucket."""

    size: int
    sha256: str
    block: int
    blocks: tuple[str, ...]

    def at(self, url: str) -> Pointer:
        """The pointer to where it was put."""
        return Pointer(url=url, size=self.size, sha256=self.sha256, block=self.block, blocks=self.blocks)


def measure(file: BinaryIO) -> Measured:
    """The sums of an open file, read from its begin."""
    size = os.fstat(file.fileno()).st_size
    block = _LEAST_BLOCK
    while block * _MOST_BLOCKS < size:
        block *= 2
    whole, blocks = sha256(), []
    file.seek(0)
    while piece := file.read(block):
        whole.update(piece)
        blocks.append(sha256(piece).hexdigest())
    return Measured(size=size, sha256=whole.hexdigest(), block=block, blocks=tuple(blocks))


def place(file: Path) -> Path:
    """Where the pointer of a file stands."""
    return file.with_name(file.name + SUFFIX)


def read(file: Path) -> Pointer | None:
    """The pointer of a file; None where there is none, or one that says nothing."""
    try:
        text = place(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        row = json.loads(text)
        return Pointer(
            url=str(row["url"]),
            size=int(row["size"]),
            sha256=str(row["sha256"]),
            block=int(row["block"]),
            blocks=tuple(map(str, row["blocks"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def write(file: Path, pointer: Pointer) -> None:
    """Put the pointer of a file in its place, durably and all at once."""
    part = file.with_name(f".{file.name}{SUFFIX}.part")
    with part.open("w", encoding="utf-8") as out:
        json.dump(asdict(pointer), out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(place(file))
    fd = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def below(folder: Path) -> Iterator[tuple[Path, Pointer]]:
    """Every file below a folder that has a pointer, with it."""
    for found in sorted(folder.rglob(f"*{SUFFIX}")):
        file = found.with_name(found.name.removesuffix(SUFFIX))
        pointer = read(file)
        if pointer is not None:
            yield file, pointer
