"""The checksums of a DuckDB file, block by block, read straight from the disk.

DuckDB looks at a block's checksum when it reads the block, and not again while it is in memory; so a
database that runs does not notice what happens to its file. This does, and needs no database: it reads
the file's own headers and its list of free blocks, and every other block. It runs in a process of its own
(``python -m mem.store.blocks FILE``), because closing a second descriptor of the file would give up the
lock by which its owner holds it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mem.errors import DatabaseFailed

_HEADER = 4096  # bytes of each of the three headers
_MAGIC = b"DUCK"
_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SEED = 5381
_NONE = 2**64 - 1
_PARTS = 64  # of a block that holds metadata
_TRIES = 5
_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a look at every block in use found."""

    read: int
    free: int
    damaged: tuple[str, ...]  # where, in words


class _Moved(Exception):
    """The file was checkpointed during the look."""


def check(file: Path) -> Blocks:
    """Read every block of `file` that is in use, in a process of its own. Raises DatabaseFailed."""
    command = [sys.executable, "-m", "mem.store.blocks", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True, text=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise DatabaseFailed(f"The blocks of {file} could not be read: {error}") from error
    facts = json.loads(done.stdout)
    return Blocks(facts["read"], facts["free"], tuple(facts["damaged"]))


def look(path: Path) -> Blocks:
    """Read every block of the file that is in use. Not for the process that has it open as a database."""
    with path.open("rb") as file:
        for _ in range(_TRIES):
            try:
                return _look(file)
            except _Moved:
                continue
        return _look(file, final=True)


def free_blocks(path: Path) -> set[int]:
    """The numbers of the blocks that the file does not use. Not for the process that has it open either."""
    with path.open("rb") as file:
        headers = [_read(file, number * _HEADER, _HEADER) for number in (1, 2)]
        newest = max(headers, key=lambda header: _number(header, 8) if _sound(header) else -1)
        return set(_free(file, _number(newest, 24), _number(newest, 40)))


def _look(file: BinaryIO, *, final: bool = False) -> Blocks:
    damaged = []
    headers = [_read(file, number * _HEADER, _HEADER) for number in range(3)]
    for number, header in enumerate(headers):
        if not _sound(header):
            damaged.append(f"header {number}")
    if headers[0][8:12] != _MAGIC:
        return Blocks(3, 0, ("header 0",))
    newest = max(headers[1:], key=lambda header: _number(header, 8) if _sound(header) else -1)
    if not _sound(newest):
        return Blocks(3, 0, tuple(damaged))
    free_list, count, size = (_number(newest, at) for at in (24, 32, 40))
    free = set(_free(file, free_list, size))
    used = [number for number in range(count) if number not in free]
    for number in used:
        block = _read(file, 3 * _HEADER + number * size, size)
        if len(block) < size or not _sound(block):
            damaged.append(f"block {number}")
    if not final and [_read(file, number * _HEADER, _HEADER) for number in (1, 2)] != headers[1:]:
        raise _Moved
    return Blocks(len(used) + 3, len(free), tuple(damaged))


def _free(file: BinaryIO, pointer: int, size: int) -> Iterator[int]:
    """The blocks in the list of free ones that begins at `pointer`; of a damaged list: none."""
    if pointer == _NONE:
        return
    words = _words(file, pointer, size)
    for _ in range(next(words, 0)):
        number = next(words, None)
        if number is None:
            return
        yield number


def _words(file: BinaryIO, pointer: int, size: int) -> Iterator[int]:
    """The numbers in a chain of metadata parts, each of which begins with where the next one lies."""
    part = (size - 8) // _PARTS // 8 * 8
    seen = set()
    while pointer != _NONE and pointer not in seen:
        seen.add(pointer)
        block, index = pointer & (2**56 - 1), pointer >> 56
        start = 3 * _HEADER + block * size
        if not _sound(_read(file, start, size)):
            return
        data = np.frombuffer(_read(file, start + 8 + index * part, part), dtype="<u8")
        if len(data) * 8 != part:
            return
        pointer = int(data[0])
        yield from map(int, data[1:])


def _sound(block: bytes) -> bool:
    words = np.frombuffer(block[: len(block) // 8 * 8], dtype="<u8")
    if len(words) < 2:
        return False
    with np.errstate(over="ignore"):
        total = np.bitwise_xor.reduce(words[1:] * _FACTOR)
    return int(total) ^ _SEED == int(words[0])


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _read(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def main(path: str) -> None:
    """Print what `look` finds as JSON."""
    found = look(Path(path))
    sys.stdout.write(json.dumps({"read": found.read, "free": found.free, "damaged": found.damaged}))


if __name__ == "__main__":
    main(sys.argv[1])
