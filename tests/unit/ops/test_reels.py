"""Old packs become reels, and everything goes on with them as with any other."""

import contextlib
import dataclasses
import hashlib
import shutil
from datetime import timedelta

import numpy as np
import pytest

from mem import config as mem_config
from mem import folders, pictures, types
from mem.errors import BadRequest, Conflict, Stopped
from mem.memory import open_memory
from mem.ops import check, compact, delete, rebuild, reels
from mem.ops.redact import Redaction
from mem.store import forgetting, receipts, sources
from mem.store import reels as rows
from tests import reels as stock
from tests.store import rows as makers


@pytest.fixture
def old(config):
    """The same configuration, with reels after a day."""
    return mem_config.load(
        {
            "data_dir": str(config.data_dir),
            "storage.min_free_bytes": 0,
            "capture.screen_text": "off",
            "storage.reel_after_days": 1,
        },
        environ={},
    )


@pytest.fixture
def memory(old):
    with open_memory(old) as memory:
        yield memory


@contextlib.contextmanager
def rebuilt(old, *lost):
    """The frames of a recording in reels, and a memory with its rows made anew without some of its files."""
    with open_memory(old) as memory:
        source, _, _ = made(memory)
        found = stock.frames(memory, source)
        for name in lost:
            (folders.of(memory, source) / name).unlink()
    rebuild.rebuild(old)
    with open_memory(old) as memory:
        yield memory, found, stock.frames(memory, source)


def made(memory, **facts):
    """A recording, its pictures as they were, and its frames once they are in reels."""
    source = stock.source(memory, moment=types.now() - timedelta(days=stock.OLD), **facts)
    before = [pictures.read(memory, frame, None)[0] for frame in stock.frames(memory, source)]
    done = reels.again(memory)
    return source, before, done


def read(memory, frame):
    return stock.opened(pictures.read(memory, frame, None)[0])


def test_an_old_pack_becomes_two_fifths_smaller_and_shows_the_same(memory):
    source, before, done = made(memory)
    assert (done.looked, done.written) == (1, 1)
    assert done.bytes_after <= 0.6 * done.bytes_before
    found = stock.frames(memory, source)
    assert all(frame.reel_offset is not None for frame in found)
    for frame, data in zip(found, before, strict=True):
        image, kind = pictures.read(memory, frame, None)
        assert kind == "image/webp"
        assert stock.opened(image).shape == (stock.HEIGHT, stock.WIDTH, 3)
        assert np.abs(stock.opened(image) - stock.opened(data)).mean() < 3


def test_the_old_pack_is_gone_and_nothing_is_left_over(memory):
    source, _, _ = made(memory)
    folder = folders.of(memory, source)
    assert [path.name for path in folder.glob("frames-*.tar")] == forgetting.packs(memory.db, source.id)
    assert list((memory.folder / "tmp").iterdir()) == []
    assert receipts.unfinished(memory.db) == []


def test_what_was_saved_is_what_the_disk_has_more(memory):
    _, _, done = made(memory)
    saved = rows.saved(memory.db)
    assert saved.frames == 20
    assert 0.8 < saved.bytes / (done.bytes_before - done.bytes_after) < 1.0  # headers and padding beside


@pytest.mark.parametrize("depth", ["quick", "normal", "deep"])
def test_nothing_is_wrong_with_a_reel(memory, depth):
    made(memory)
    assert check.check(memory, depth).findings == ()


def test_a_flipped_byte_in_a_reel_is_found_at_every_picture_that_is_made_from_it(memory):
    source, _, _ = made(memory)
    found = stock.frames(memory, source)
    pack = folders.of(memory, source) / found[0].pack
    with pack.open("r+b") as file:
        file.seek(found[5].offset)
        byte = file.read(1)
        file.seek(found[5].offset)
        file.write(bytes([byte[0] ^ 0xFF]))
    report = check.check(memory, "deep")
    damaged = [one.place for one in report.findings if one.code == "frame_damaged"]
    assert damaged == [f"{source.folder}/{pack.name}, frame {frame.id}" for frame in found[5:16]]


def test_a_row_that_leads_to_another_place_of_a_reel_is_found(memory):
    source, _, _ = made(memory)
    found = stock.frames(memory, source)
    with memory.db.write() as w:
        places = [(found[3].id, found[4].offset, found[3].thumb_offset, found[3].reel_offset)]
        forgetting.move(w, source.id, "", found[3].pack, 0, places)
    codes = {one.code for one in check.check(memory, "normal").findings}
    assert "frame_header" in codes


def test_a_pack_that_would_save_too_little_stays_and_is_not_looked_at_again(memory):
    shown = [(image, image * 4, width, height) for image, _, width, height in stock.pictures(4)]
    source, _, done = made(memory, pictures=shown)
    assert (done.looked, done.written) == (1, 0)
    assert all(frame.reel_offset is None for frame in stock.frames(memory, source))
    assert reels.again(memory).looked == 0


def test_a_young_pack_stays(memory):
    stock.source(memory, moment=types.now() - timedelta(hours=20))
    assert reels.again(memory).looked == 0


def test_a_recording_that_is_not_finished_stays(memory):
    stock.source(memory, moment=types.now() - timedelta(days=9), finished=False)
    assert reels.again(memory).looked == 0


def test_pictures_of_another_size_begin_a_reel_of_their_own(memory):
    shown = [*stock.pictures(6), *stock.pictures(5, 333, 201), *stock.pictures(3)]
    source, before, _ = made(memory, pictures=shown)
    found = stock.frames(memory, source)
    assert len({frame.reel_offset for frame in found}) == 3
    for frame, data in zip(found, before, strict=True):
        assert read(memory, frame).shape == stock.opened(data).shape


def test_a_picture_that_cannot_be_read_stays_as_it_is_beside_the_others(memory):
    shown = stock.pictures(20)
    shown[2] = (b"RIFFno picture", *shown[2][1:])
    source, _, done = made(memory, pictures=[*shown[:3], *stock.pictures(3, 200, 100), *shown[3:]])
    assert done.written == 1
    found = stock.frames(memory, source)
    assert [frame.reel_offset is None for frame in found[:3]] == [True] * 3
    assert pictures.read(memory, found[2], None)[0] == b"RIFFno picture"
    assert all(frame.reel_offset is not None for frame in found[6:])


def test_thumbnails_are_the_same_bytes_as_before(memory):
    source = stock.source(memory, moment=types.now() - timedelta(days=stock.OLD))
    before = [pictures.read(memory, frame, 320)[0] for frame in stock.frames(memory, source)]
    reels.again(memory)
    assert [pictures.read(memory, frame, 320)[0] for frame in stock.frames(memory, source)] == before


def test_a_narrow_picture_comes_out_of_a_reel_too(memory):
    source, _, _ = made(memory)
    image, kind = pictures.read(memory, stock.frames(memory, source)[7], 480)
    assert kind == "image/webp"
    assert stock.opened(image).shape == (270, 480, 3)


def test_what_is_deleted_of_a_reel_can_be_decoded_no_more(memory):
    source, before, _ = made(memory)
    start = source.started_at
    receipt = delete.begin_interval(
        memory, start + timedelta(seconds=4), start + timedelta(seconds=6), source.id, by="me"
    )
    delete.go_on(memory, receipt)
    found = stock.frames(memory, source)
    assert len(found) == 18
    stills = [frame.reel_offset is None for frame in found]
    assert stills == [True] * 14 + [False] * 4  # the second reel stays
    rest = before[:4] + before[6:]
    for frame, data in zip(found, rest, strict=True):
        assert np.abs(read(memory, frame) - stock.opened(data)).mean() < 4
    assert check.check(memory, "deep").findings == ()


def test_a_region_of_a_reel_is_covered_for_good(memory):
    source, before, _ = made(memory)
    start = source.started_at
    wanted = Redaction(
        start=start + timedelta(seconds=2),
        end=start + timedelta(seconds=3),
        source_id=source.id,
        region=(0.0, 0.0, 0.5, 0.5),
    )
    delete.go_on(memory, delete.begin_redaction(memory, wanted, by="me"))
    found = stock.frames(memory, source)
    covered, was = read(memory, found[2]), stock.opened(before[2])
    half = (stock.HEIGHT // 2, stock.WIDTH // 2)
    assert np.ptp(was[: half[0], : half[1]]) > 150
    assert np.ptp(covered[: half[0], : half[1]]) < 60
    assert np.abs(read(memory, found[3]) - stock.opened(before[3])).mean() < 4
    assert found[2].reel_offset is None
    assert check.check(memory, "deep").findings == ()


def test_compaction_copies_reels_as_they_are(memory):
    source, _, _ = made(memory)
    before = [(frame.sha256, frame.length) for frame in stock.frames(memory, source)]
    with memory.db.write() as w:
        receipt = receipts.begin(w, kind="retention", asked={}, by="me", now=types.now())
    (pack,) = forgetting.packs(memory.db, source.id)
    new = compact.repack.anew(memory, receipt.id, source.id, pack)
    found = stock.frames(memory, source)
    assert {frame.pack for frame in found} == {new}
    assert [(frame.sha256, frame.length) for frame in found] == before
    assert check.check(memory, "deep").findings[1:] == ()


def test_a_pack_of_reels_is_not_taken_for_a_wasteful_one(memory):
    made(memory)
    assert compact.compact(memory, lambda *_: None, lambda: False).packs_written == 0


def test_rows_made_anew_from_the_folders_know_the_reels(old):
    with rebuilt(old) as (memory, before, after):
        assert after == before
        assert check.check(memory, "deep").findings == ()


def test_rows_made_anew_from_the_packs_alone_know_the_reels(old):
    lost = ("frames.jsonl", "spans.jsonl", "checkpoints.jsonl")
    with rebuilt(old, *lost) as (memory, before, after):
        assert [dataclasses.replace(frame, id=0) for frame in after] == [
            dataclasses.replace(frame, id=0) for frame in before
        ]
        assert pictures.read(memory, after[3], None)[1] == "image/webp"


def test_a_recording_that_got_another_date_shows_the_same(memory):
    source, before, _ = made(memory)
    with memory.db.write() as w:
        sources.redate(w, source.id, makers.start(source.started_at + timedelta(hours=5)))
    found = stock.frames(memory, source)
    assert np.abs(read(memory, found[9]) - stock.opened(before[9])).mean() < 3
    assert check.check(memory, "quick").findings == ()


def test_the_sum_of_a_picture_is_of_all_that_it_is_made_from(memory):
    source, _, _ = made(memory)
    frame = stock.frames(memory, source)[8]
    data = (folders.of(memory, source) / frame.pack).read_bytes()
    assert hashlib.sha256(data[frame.begin : frame.end]).hexdigest() == frame.sha256


def test_a_copy_of_the_data_directory_alone_has_the_pictures(memory, tmp_path):
    source, _, _ = made(memory)
    frame = stock.frames(memory, source)[3]
    folder = folders.of(memory, source)
    shutil.copytree(folder, tmp_path / "copy")
    assert np.array_equal(stock.opened(pictures.whole(memory, tmp_path / "copy", frame)), read(memory, frame))


def test_what_changes_meanwhile_is_left_for_the_next_time(memory, monkeypatch):
    source = stock.source(memory, moment=types.now() - timedelta(days=stock.OLD))
    monkeypatch.setattr(reels.copies, "quiet", lambda *_: False)
    assert reels.again(memory).looked == 0
    monkeypatch.undo()
    assert reels.again(memory).written == 1
    assert stock.frames(memory, source)[0].reel_offset is not None


def test_it_can_be_stopped_at_any_time(memory):
    source = stock.source(memory, moment=types.now() - timedelta(days=stock.OLD))
    asked = iter([False, True])  # before the pack, and by the child
    with pytest.raises(Stopped):
        reels.again(memory, stopped=lambda: next(asked, True))
    assert all(frame.reel_offset is None for frame in stock.frames(memory, source))
    assert reels.again(memory).written == 1


def test_two_are_never_at_it(memory):
    with reels._alone(memory), pytest.raises(Conflict):
        reels.again(memory)


def test_where_they_are_off_that_is_said(config):
    with open_memory(config) as memory, pytest.raises(BadRequest):
        reels.again(memory)
