"""Deletions, retention, backups, checks and rebuilding over packs that lie in a bucket."""

import pytest

from mem import folders, kept, pictures
from mem.config.sections import RetentionRule
from mem.errors import StorageFailed
from mem.memory import open_memory
from mem.objects import pointer
from mem.ops import backup, check, chores, compact, delete, offload, rebuild, restore, retention
from mem.ops.backup import Wish
from mem.store import copies, receipts, sources
from mem.types import after
from tests import stocked
from tests.objects.test_offload import empty_cache, gone_there


def objects(memory, source_folder):
    bucket = memory.remote.bucket("mem-tests")
    prefix = memory.config.storage.frames.removeprefix("s3://mem-tests/")
    return [one.key for one in bucket.listed(prefix) if f"/{source_folder}/" in one.key]


def cut(memory, source, start_ms, end_ms):
    start, end = after(source.started_at, start_ms), after(source.started_at, end_ms)
    return delete.go_on(memory, delete.begin_interval(memory, start, end, source.id, by="me"))


def made(memory, **wish):
    return backup.create(memory, Wish(**wish), chores.silently, chores.never)


def test_a_deleted_source_leaves_nothing_in_the_bucket(memory):
    source, _ = gone_there(memory)
    assert objects(memory, source.folder)
    assert delete.source(memory, source.id).freed_bytes > 10_000
    assert not objects(memory, source.folder)
    assert not any(path.is_file() for path in (memory.folder / "cache").rglob("*"))


def test_a_deletion_that_the_bucket_holds_up_is_done_when_it_is_back(memory, proxy):
    source, _ = gone_there(memory)
    proxy.errors = 1.0
    with pytest.raises(StorageFailed):
        delete.source(memory, source.id)
    assert not sources.by_ids(memory.db, [source.id])
    assert receipts.unfinished(memory.db)
    proxy.errors = 0.0
    memory.remote.bucket("mem-tests")._quiet_until = 0.0
    delete.finish(memory)
    assert not objects(memory, source.folder)
    assert not receipts.unfinished(memory.db)
    assert not folders.of(memory, source).exists()


def test_an_interval_goes_out_of_a_pack_in_the_bucket(memory):
    source, frames = gone_there(memory)
    before = objects(memory, source.folder)
    cut(memory, source, 1_000, 2_000)
    assert not set(before) & set(objects(memory, source.folder))
    assert offload.source(memory, source.id)
    empty_cache(memory, source)
    left = list(copies.frames_of(memory.db, source.id))
    assert [pictures.read(memory, frame, None)[0] for frame in left] == [
        data for _, data in frames[:1] + frames[2:]
    ]


def test_a_pack_without_any_picture_left_is_replaced_in_the_bucket_too(memory):
    source, _ = gone_there(memory)
    before = objects(memory, source.folder)
    rules = (RetentionRule(what="frames", max_bytes=0),)
    storage = memory.config.storage.model_copy(update={"retention": rules})
    object.__setattr__(memory, "config", memory.config.model_copy(update={"storage": storage}))
    assert retention.plan(memory).steps
    retention.go_on(memory, retention.begin(memory, by="me"))
    assert not list(copies.frames_of(memory.db, source.id))
    assert not set(before) & set(objects(memory, source.folder))


def test_compaction_fetches_no_pack_of_which_nothing_is_dead(memory, proxy):
    source, _ = gone_there(memory)
    empty_cache(memory, source)
    proxy.asked.clear()
    assert compact.compact(memory, chores.silently, chores.never).packs_written == 0
    assert not proxy.asked


def test_a_backup_holds_the_packs_themselves_and_fetches_each_once(memory, proxy):
    source, _ = gone_there(memory)
    empty_cache(memory, source)
    first = made(memory)
    pack = first.folder / source.folder / stocked.PACK
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    assert (pack.stat().st_size, first.missing) == (there.size, ())
    assert backup.verify(*stocked.lying(first)).good
    assert not list(first.folder.rglob("*.pointer"))
    memory.remote.cache.forget(there.sha256)
    proxy.asked.clear()
    second = made(memory)
    assert backup.verify(*stocked.lying(second)).good
    assert not proxy.asked


def test_a_backup_while_the_bucket_is_away_is_none(memory, proxy):
    source, _ = gone_there(memory)
    empty_cache(memory, source)
    proxy.errors = 1.0
    with pytest.raises(StorageFailed):
        made(memory)
    assert not backup.listed(backup.of(memory))


def test_a_restored_backup_needs_no_bucket_and_goes_there_again(opened, proxy):
    with opened() as memory:
        source, frames = gone_there(memory)
        saved, config = made(memory), memory.config
        delete.source(memory, source.id)
    proxy.errors = 1.0
    restore.restore(config, saved.folder)
    with opened() as memory:
        assert pictures.read(memory, frames[0][0], None)[0] == frames[0][1]
        proxy.errors = 0.0
        assert offload.source(memory, source.id)
        empty_cache(memory, source)
        assert pictures.read(memory, frames[0][0], None)[0] == frames[0][1]


@pytest.mark.parametrize("depth", ["quick", "normal", "deep"])
def test_a_check_finds_packs_in_the_bucket_good(depth, memory):
    source, _ = gone_there(memory)
    empty_cache(memory, source)
    report = check.check(memory, depth)
    assert report.good, report.findings


def test_a_check_finds_an_object_that_is_gone(memory):
    source, _ = gone_there(memory)
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    memory.remote.bucket(there.bucket).delete(there.key)
    found = check.check(memory, "normal").findings
    assert [one.code for one in found] == ["pack_missing"]


def test_a_deep_check_finds_an_object_that_is_another_one(memory):
    source, _ = gone_there(memory)
    empty_cache(memory, source)
    there = pointer.read(folders.of(memory, source) / stocked.PACK)
    memory.remote.bucket(there.bucket).put_bytes(there.key, bytes(there.size))
    assert "pack_damaged" in {one.code for one in check.check(memory, "deep").findings}


@pytest.mark.parametrize("lost", [(), ("frames.jsonl",)])
def test_rows_are_made_anew_over_packs_in_the_bucket(lost, opened):
    with opened() as memory:
        source, frames = gone_there(memory)
        folder, config = folders.of(memory, source), memory.config
        before = list(copies.frames_of(memory.db, source.id))
    for name in lost:
        (folder / name).unlink()
    for name in ("mem.duckdb", "mem.duckdb.wal"):
        (config.data_dir / name).unlink(missing_ok=True)
    rebuilt = rebuild.rebuild(config)
    assert not rebuilt.damaged
    with open_memory(config) as memory:
        anew = list(copies.frames_of(memory.db, source.id))
        assert [frame.sha256 for frame in anew] == [frame.sha256 for frame in before]
        assert [pictures.read(memory, frame, None)[0] for frame in anew] == [data for _, data in frames]
        assert check.check(memory, "deep").good or lost


def test_a_pack_is_counted_wherever_it_is(memory):
    source = stocked.source(memory)
    here = kept.folder_bytes(folders.of(memory, source))
    assert offload.source(memory, source.id)
    there = kept.folder_bytes(folders.of(memory, source))
    assert here <= there < here + 2_000  # its pointer counts too
