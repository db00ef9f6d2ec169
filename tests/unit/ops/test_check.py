"""A check finds what is wrong, finds nothing where nothing is, and mends what can be made again."""

import itertools
import os
import random
import shutil
import time

import duckdb
import pytest

from mem import failpoints, folders, packs
from mem.memory import open_memory
from mem.ops import check, chores, compact, delete, repack
from mem.store import blocks, copies, frames, sources, whole
from mem.types import Span, after
from tests import cutting, stocked


@pytest.fixture
def memory(config):
    with open_memory(config) as opened:
        yield opened


def codes(report):
    return {one.code for one in report.findings}


@pytest.mark.parametrize("depth", ["quick", "normal", "deep"])
def test_nothing_is_found_where_nothing_is_wrong(depth, memory):
    stocked.source(memory)
    stocked.source(memory, seed=1, finished=False)
    report = check.check(memory, depth)
    assert report.findings == ()
    assert (report.good, report.sources, report.frames) == (True, 2, 8)


def test_every_flipped_byte_of_a_pack_is_found(memory):
    source = stocked.source(memory, count=2, size=900)
    file = folders.of(memory, source) / stocked.PACK
    whole = file.read_bytes()
    for at in random.Random(5).sample(range(len(whole)), 12):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        file.write_bytes(data)
        assert not check.check(memory, "deep").good, at
    file.write_bytes(whole)
    assert check.check(memory, "deep").good


def test_every_flipped_byte_of_a_block_in_use_is_found(tmp_path):
    file = tmp_path / "x.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute("create table t as select i, md5(i::text) as x from range(40000) r(i)")
        db.execute("checkpoint")
        db.execute("delete from t where i < 20000")
    whole, found = file.read_bytes(), blocks.look(file)
    assert found.damaged == ()
    missed = []
    for at in random.Random(6).sample(range(len(whole)), 30):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        file.write_bytes(data)
        if not blocks.look(file).damaged:
            missed.append((at - 3 * 4096) // 262_144)
    assert len(set(missed)) <= found.free  # only blocks that nothing uses


def test_damage_of_the_open_database_is_found_from_outside(memory):
    stocked.source(memory)
    with memory.db.session() as session:
        session.run("checkpoint")
    with (memory.folder / "mem.duckdb").open(
        "r+b"
    ) as file:  # closing it gives up the lock; nobody else is here
        file.seek(3 * 4096 + 1000)
        byte = file.read(1)
        file.seek(3 * 4096 + 1000)
        file.write(bytes([byte[0] ^ 1]))
    assert "database_damaged" in codes(check.check(memory, "quick"))


def test_gaps_and_overlaps_of_spans_are_found(memory):
    one, two = stocked.source(memory), stocked.source(memory, seed=1)
    with memory.db.write() as w:
        frames.extend_span(w, one.id, after(one.started_at, 1_000), after(one.started_at, 1_500), 1)
        frames.extend_span(w, two.id, after(two.started_at, 1_000), after(two.started_at, 2_500), 1)
    assert {"span_gap", "span_overlap"} <= codes(check.check(memory, "quick"))


def test_rows_without_what_they_belong_to_are_found(memory):
    source = stocked.source(memory)
    start = after(source.started_at, 4_000)
    with memory.db.write() as w:
        frames.add_spans(
            w, [Span(source_id=source.id, frame_id=999, start=start, end=after(start, 1), samples=1)]
        )
    assert "row_orphan" in codes(check.check(memory, "quick"))


def test_a_lost_or_short_pack_is_found(memory):
    one, two = stocked.source(memory), stocked.source(memory, seed=1)
    (folders.of(memory, one) / stocked.PACK).unlink()
    os.truncate(folders.of(memory, two) / stocked.PACK, 2_000)
    assert {"pack_missing", "pack_short"} <= codes(check.check(memory, "quick"))


def test_copies_are_written_again(memory):
    source = stocked.source(memory)
    file = folders.of(memory, source) / "transcript.jsonl"
    said = file.read_text()
    file.write_text("nothing\n")
    assert codes(check.check(memory)) == {"copy_differs"}
    report = check.check(memory, repair=True)
    assert (report.good, report.findings[0].repaired, file.read_text()) == (True, True, said)


def test_a_tail_is_cut_off(memory):
    source = stocked.source(memory)
    file = folders.of(memory, source) / stocked.PACK
    whole = file.read_bytes()
    with file.open("ab") as pack:
        pack.write(b"tail" * 1_000)
    assert "pack_tail" in codes(check.check(memory))
    check.check(memory, repair=True)
    assert file.read_bytes() == whole
    assert check.check(memory, "deep").good


def test_a_lost_recording_is_noted(memory):
    source = stocked.source(memory, original="original.mp4", path=None)
    assert "original_missing" in codes(check.check(memory, "quick"))
    assert check.check(memory, "quick", repair=True).good
    assert sources.get(memory.db, source.id).original is None


def test_a_recording_of_other_bytes_is_found(memory):
    source = stocked.source(memory, original="original.mp4", path=None)
    (folders.of(memory, source) / "original.mp4").write_bytes(b"f" * source.size)
    assert codes(check.check(memory, "deep")) == {"original_damaged"}


def test_an_index_without_a_text_is_made_anew(memory):
    stocked.source(memory)
    check.check(memory)
    memory.index.remove("speech", [1])
    memory.index.commit()
    assert codes(check.check(memory, "quick")) == {"index_differs"}
    assert check.check(memory, "quick", repair=True).good
    assert check.check(memory).findings == ()


def test_what_nobody_needs_is_found_and_removed(memory):
    stocked.source(memory)
    orphan = memory.folder / "sources" / "2020" / "01" / "01" / "77"
    orphan.mkdir(parents=True)
    (orphan / "source.json").write_text("{}")
    left = [memory.folder / "uploads" / "gone", memory.folder / "tmp" / "backup-x"]
    for file in left:
        file.write_bytes(b"x")
        os.utime(file, (time.time() - 100_000,) * 2)
    assert codes(check.check(memory)) == {"folder_orphan", "upload_orphan", "leftover"}
    assert not check.check(memory, repair=True).good  # nobody removes a recording's folder
    assert codes(check.check(memory)) == {"folder_orphan"}
    assert not any(file.exists() for file in left)


def test_quiet_means_that_seeing_and_hearing_have_ended(memory):
    done, begun = stocked.source(memory), stocked.source(memory, seed=1, finished=False)
    assert copies.quiet(memory.db, done.id)
    assert not copies.quiet(memory.db, begun.id)


def test_compacting_gives_back_what_deleted_rows_took(memory):
    stocked.source(memory)
    with memory.db.session() as session:
        session.run("insert into job_events select i, hash(i) >> 2, now(), 'x', '{}' from range(400000) r(i)")
        session.run("checkpoint")
        session.run("delete from job_events where id % 2 = 0")
        session.run("checkpoint")
        rows = whole.digests(session, whole.tables(session))
    done = compact.compact(memory, chores.silently, chores.never)
    assert done.database_after < 0.75 * done.database_before
    with memory.db.session() as session:
        assert whole.digests(session, whole.tables(session)) == rows
    stocked.source(memory, seed=1)  # it goes on
    assert check.check(memory).good


def _half_dead(memory):
    """A source of twenty pictures of which ten have lost their rows, and the others."""
    source = stocked.source(memory, count=20, size=20_000)
    kept = sorted(copies.frames_of(memory.db, source.id), key=lambda frame: frame.offset)
    with memory.db.write() as w:
        w.run("forgetting.delete_spans_of_frames", source.id, [frame.id for frame in kept[:10]])
        w.run("forgetting.delete_frames", source.id, [frame.id for frame in kept[:10]])
    folders.write_frames(memory, source.id)
    return source, kept


def _codes(memory):
    return {one.code for one in check.check(memory, "deep").findings} - {"span_gap"}  # of the lost rows


def test_a_compaction_that_was_cut_short_is_brought_to_its_end_at_the_next_start(memory, monkeypatch):
    source, _ = _half_dead(memory)
    with monkeypatch.context() as cut:
        cut.setattr(failpoints, "_trap", failpoints.parse("pack.changed_over:1:error"))
        cut.setattr(failpoints, "_passages", itertools.count(1))
        with pytest.raises(OSError, match="failpoint"):
            compact.compact(memory, chores.silently, chores.never)
    assert {"pack_orphan", "copy_differs"} & _codes(memory)
    delete.finish(memory)
    repack.mend(memory)
    assert _codes(memory) == set()
    assert len(list(folders.of(memory, source).glob("*.tar"))) == 1


def test_a_pack_that_a_killed_run_left_goes_at_the_next_start(memory):
    source = stocked.source(memory)
    folder = folders.of(memory, source)
    folders.mark(memory, [source.id])
    shutil.copy(folder / stocked.PACK, folder / packs.name(1_000_001))
    repack.mend(memory)
    assert [file.name for file in folder.glob("*.tar")] == [stocked.PACK]
    assert check.check(memory, "deep").findings == ()


def test_compacting_takes_dead_pictures_out_of_packs(memory):
    source, kept = _half_dead(memory)
    live = sum(frame.length + frame.thumb_length for frame in kept[10:])
    done = compact.compact(memory, chores.silently, chores.never)
    assert done.packs_written == 1
    assert done.packs_after <= 1.15 * live
    present = next(iter(copies.frames_of(memory.db, source.id)))
    first = packs.read(folders.of(memory, source), present.pack, present.offset, present.length)
    assert len(first) == 20_000


@pytest.mark.parametrize("nth", [1, 3, 4, 5])
def test_compacting_cut_short_changes_nothing(nth, config):
    with open_memory(config) as memory:
        stocked.source(memory)
        stats = memory.db.read("frames.stats")
    cutting.run(nth, config.data_dir, "compact")
    with open_memory(config) as memory:
        assert memory.db.read("frames.stats") == stats
        assert check.check(memory).good
