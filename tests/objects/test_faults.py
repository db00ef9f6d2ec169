"""A bucket on its bad days: every file gets there in the end, every picture comes back, none is wrong."""

import random
import time

import pytest

from mem import folders, pictures
from mem.errors import StorageFailed
from mem.objects import bucket, pointer
from mem.ops import offload
from mem.store import copies
from tests import stocked
from tests.objects.test_offload import empty_cache

FILES = 4


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(offload, "_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(offload, "_LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(bucket, "_PAUSE_SECONDS", 0.05)


def patiently(ask, seconds: float = 30):
    """What it gives once it does not say that the bucket failed; anything else it raises is a failure."""
    limit = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except StorageFailed:
            assert time.monotonic() < limit
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("kind", "share"), [("errors", 0.2), ("silent", 0.3), ("cut", 0.2), ("changed", 0.2), ("errors", 0.5)]
)
def test_nothing_is_lost(kind, share, opened, proxy):
    proxy.chance, proxy.seconds = random.Random(f"{kind}{share}"), 0.8
    with opened(storage__s3__timeout_seconds=0.5) as memory:
        made = [stocked.source(memory, seed=n, content_hash=f"{n:064x}") for n in range(FILES)]
        frames = [frame for source in made for frame in copies.frames_of(memory.db, source.id)]
        shown = [pictures.read(memory, frame, None)[0] for frame in frames]
        setattr(proxy, kind, share)
        with offload.running(memory):
            limit = time.monotonic() + 60
            while any(list(folders.of(memory, source).glob("*.tar")) for source in made):
                assert time.monotonic() < limit, memory.remote.waiting.trouble
                time.sleep(0.05)
        assert proxy.wrong
        for source in made:
            assert pointer.read(folders.of(memory, source) / stocked.PACK)
            empty_cache(memory, source)
        for frame, data in zip(frames, shown, strict=True):
            assert patiently(lambda one=frame: pictures.read(memory, one, None)[0]) == data
