"""Packs and recordings in a bucket of a real S3: they go there, come back, and every byte is compared."""

import hashlib

import pytest

from mem import folders, kept, pictures
from mem.errors import NotFound, StorageFailed
from mem.objects import pointer
from mem.ops import offload
from mem.store import copies
from tests import stocked


def gone_there(memory, **facts):
    """A recording whose packs lie in the bucket, and its frames with their pictures."""
    source = stocked.source(memory, **facts)
    frames = list(copies.frames_of(memory.db, source.id))
    shown = [pictures.read(memory, frame, None)[0] for frame in frames]
    assert offload.source(memory, source.id)
    return source, list(zip(frames, shown, strict=True))


def empty_cache(memory, source):
    for _, there in pointer.below(folders.of(memory, source)):
        memory.remote.cache.forget(there.sha256)


def test_a_closed_pack_goes_to_the_bucket_and_its_pictures_come_back(memory):
    source, frames = gone_there(memory)
    assert not (folders.of(memory, source) / stocked.PACK).exists()
    empty_cache(memory, source)
    for frame, data in frames:
        assert pictures.read(memory, frame, None)[0] == data
        assert hashlib.sha256(data).hexdigest() == frame.sha256


def test_one_picture_of_a_long_pack_costs_the_blocks_that_hold_it(memory, proxy):
    source, frames = gone_there(memory, count=10, size=200_000)
    empty_cache(memory, source)
    proxy.asked.clear()
    pictures.read(memory, frames[4][0], None)
    ((method, _, wanted),) = proxy.asked
    first, last = map(int, wanted.removeprefix("bytes=").split("-"))
    assert method == "GET"
    assert last - first < 2 * 256 * 1024
    pictures.read(memory, frames[4][0], 320)
    assert len(proxy.asked) == 1  # the thumbnail lies beside it, in the cache by now


def test_a_pack_of_several_parts_comes_back_whole(memory):
    source, _ = gone_there(memory, count=12, size=2_000_000)
    empty_cache(memory, source)
    path = kept.file(memory, folders.of(memory, source) / stocked.PACK)
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    assert path.stat().st_size == there.size > 2 * 8 * 2**20
    assert hashlib.sha256(path.read_bytes()).hexdigest() == there.sha256


def test_a_changed_byte_on_the_way_is_asked_for_again(memory, proxy):
    source, frames = gone_there(memory)
    empty_cache(memory, source)
    proxy.changed, proxy.chance = 0.5, __import__("random").Random(3)
    frame, data = frames[0]
    assert pictures.read(memory, frame, None)[0] == data
    assert proxy.wrong


def test_an_object_that_is_another_one_is_never_shown(memory):
    source, frames = gone_there(memory)
    empty_cache(memory, source)
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    bucket = memory.remote.bucket(there.bucket)
    other = memory.folder / "tmp" / "other"
    other.write_bytes(bytes(there.size))
    bucket.put(there.key, other, offload.never)
    with pytest.raises(NotFound, match="not what was written"):
        pictures.read(memory, frames[0][0], None)


def test_a_pack_that_did_not_arrive_as_it_was_stays_here(memory, proxy):
    source = stocked.source(memory)
    proxy.changed = 1.0
    with pytest.raises(StorageFailed):
        offload.source(memory, source.id)
    assert (folders.of(memory, source) / stocked.PACK).exists()
    assert pointer.read(folders.of(memory, source) / stocked.PACK) is None


def test_a_bucket_that_is_away_is_told_and_a_second_reader_need_not_wait(memory, proxy):
    source, frames = gone_there(memory)
    empty_cache(memory, source)
    proxy.errors = 1.0
    for _ in range(2):
        with pytest.raises(StorageFailed):
            pictures.read(memory, frames[0][0], None)
    asked = len(proxy.asked)
    with pytest.raises(StorageFailed):
        pictures.read(memory, frames[0][0], None)
    assert len(proxy.asked) == asked


def test_a_pack_is_written_to_again_only_when_it_is_back(memory):
    source, _ = gone_there(memory)
    folder = folders.of(memory, source)
    there = pointer.read(folder / stocked.PACK)
    length = there.size - 1024
    with kept.open_pack(memory, folder, stocked.PACK, length) as pack:
        pack.append("000000099000.webp", b"new")
        pack.sync()
    assert pointer.read(folder / stocked.PACK) is None
    assert not memory.remote.holds(there)
    assert (folder / stocked.PACK).stat().st_size > there.size
    assert offload.source(memory, source.id)
    assert pointer.read(folder / stocked.PACK).sha256 != there.sha256


def test_a_file_beside_its_pointer_is_stored_again_before_it_goes(memory):
    """A process was killed in between, and the object went."""
    source, frames = gone_there(memory)
    folder = folders.of(memory, source)
    kept.bring(memory.remote, folder / stocked.PACK)
    there = pointer.read(folder / stocked.PACK)
    memory.remote.delete(there)
    assert offload.source(memory, source.id)
    empty_cache(memory, source)
    assert pictures.read(memory, frames[0][0], None)[0] == frames[0][1]


def test_the_cache_stays_within_its_bound(opened):
    with opened(storage__cache_bytes=1_000_000) as memory:
        _, frames = gone_there(memory, count=20, size=200_000)
        for frame, data in frames:
            assert pictures.read(memory, frame, None)[0] == data
        used = sum(path.stat().st_size for path in (memory.folder / "cache").rglob("*") if path.is_file())
        assert 0 < used <= 1_000_000 + 1_000_000 // 16 + 2 * 256 * 1024


def test_without_a_cache_pictures_are_still_read(opened):
    with opened(storage__cache_bytes=0) as memory:
        _, frames = gone_there(memory)
        assert pictures.read(memory, frames[0][0], None)[0] == frames[0][1]
        assert not any(path.is_file() for path in (memory.folder / "cache").rglob("*"))


def test_what_lies_in_the_bucket_is_read_when_nothing_goes_there_any_more(opened):
    with opened() as memory:
        _, frames = gone_there(memory)
    with opened(storage__frames=None, storage__originals=None) as later:
        assert pictures.read(later, frames[0][0], None)[0] == frames[0][1]


def test_objects_that_nothing_leads_to_go_after_a_day(memory, monkeypatch):
    source, _ = gone_there(memory)
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    bucket = memory.remote.bucket(there.bucket)
    stray = memory.folder / "tmp" / "stray"
    stray.write_bytes(b"stray")
    key = f"{there.key.rpartition('/')[0]}/frames-000009-{'0' * 12}.tar"
    bucket.put(key, stray, offload.never)
    assert offload.collect(memory) == 0
    monkeypatch.setattr(offload, "_QUARANTINE", -offload._QUARANTINE)
    assert offload.collect(memory) == 1
    assert bucket.size(key) is None
    assert memory.remote.holds(there)


def test_a_pack_that_rows_name_stays_in_the_bucket_though_its_pointer_is_lost(memory, monkeypatch):
    source, _ = gone_there(memory)
    path = folders.of(memory, source) / stocked.PACK
    there = pointer.read(path)
    pointer.place(path).unlink()
    monkeypatch.setattr(offload, "_QUARANTINE", -offload._QUARANTINE)
    assert offload.collect(memory) == 0
    assert memory.remote.holds(there)
