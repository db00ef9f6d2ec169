"""A file while it is received, block by block and past the system's cache."""

import contextlib
import errno
import hashlib
import os
import random

import pytest

from mem.api import direct, parts
from mem.api.room import Room
from mem.errors import DiskFull
from tests import loops


@contextlib.contextmanager
def receiving(memory):
    with (
        Room(memory).claim() as claim,
        parts.receiving(memory.folder / "uploads", claim, limit=2**30) as part,
    ):
        yield part


async def _as_chunks(content: bytes, sizes: list[int]):
    view, at = memoryview(content), 0
    while at < len(content):
        for size in sizes:
            yield bytes(view[at : at + size])
            at += size


def _store(part, content: bytes, sizes: list[int]) -> None:
    loops.run(parts.store(_as_chunks(content, sizes), part))


@pytest.mark.parametrize("sizes", [[2**20], [999_983, 17, 70_001], [4096, 1, 300_000], [65_521]])
def test_a_long_file_arrives_whole_however_it_is_cut(memory, sizes):
    content = random.Random(1).randbytes(parts._LONG + 5 * 2**20 + 123)
    with receiving(memory) as part:
        _store(part, content, sizes)
        path = part.keep()
    assert path.read_bytes() == content
    assert part.written == len(content)
    assert part.sha256 == hashlib.sha256(content).hexdigest()


def test_what_is_long_is_written_past_the_cache_in_whole_blocks(memory, monkeypatch):
    taken = []
    write = direct.Direct.write

    def noted(self, chunks):
        taken.append(sum(map(len, chunks)))
        return write(self, chunks)

    monkeypatch.setattr(direct.Direct, "write", noted)
    content = bytes(parts._LONG + 3 * 2**20 + 5)
    with receiving(memory) as part:
        _store(part, content, [1_000_003])
    assert taken
    assert not any(size % direct.ALIGNED for size in taken)


def test_a_file_system_that_knows_only_its_cache_gets_the_same_bytes(memory, monkeypatch):
    def refused(self, *, on):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(direct.Direct, "_switch", refused)
    content = random.Random(2).randbytes(parts._LONG + 3 * 2**20)
    with receiving(memory) as part:
        _store(part, content, [2**20])
        assert part.keep().read_bytes() == content


def test_a_block_for_which_there_is_no_room_does_not_count(memory, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with receiving(memory) as part:
        part.write([b"kept"])
        monkeypatch.setattr("mem.api.parts.os.write", full)
        with pytest.raises(DiskFull):
            part.write([b"lost"])
        monkeypatch.undo()
        assert (part.written, part.sha256) == (4, hashlib.sha256(b"kept").hexdigest())
