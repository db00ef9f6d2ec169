"""Rows of a source that take the place of those it had."""

import itertools

from mem.store import checkpoints, frames, outbox, texts
from mem.types import Span
from tests.store import rows
from tests.store.rows import NOON, at


def _spans(source, *bounds):
    pairs = itertools.pairwise(bounds)
    return [
        Span(source_id=source.id, frame_id=n, start=at(a), end=at(b), samples=1)
        for n, (a, b) in enumerate(pairs)
    ]


def test_new_frames_and_spans_take_the_place_of_the_old_of_one_source(db):
    with db.write() as w:
        mine, other = rows.source(w), rows.source(w)
        rows.tiles(w, mine.id, [at(0), at(10), at(60)])
        kept = rows.tiles(w, other.id, [at(0), at(60)])
    with db.write() as w:
        made = [rows.new_frame(at(second), second) for second in (0, 20, 40)]
        frames.replace(w, mine.id, made, _spans(mine, 0, 20, 40, 60))
    found = frames.between(db, NOON, at(60), mine.id, limit=9)
    assert [frame.first_seen for frame in found] == [at(0), at(20), at(40)]
    spans = frames.spans_between(db, NOON, at(60), mine.id, limit=9)
    assert [(s.frame_id, s.start, s.end) for s in spans] == [
        (frame.id, start, end)
        for frame, start, end in zip(found, (at(0), at(20), at(40)), (at(20), at(40), at(60)), strict=True)
    ]
    assert frames.spans_between(db, NOON, at(60), other.id, limit=9) == kept
    assert frames.packs(db, mine.id) == {"frames-000001.tar"}


def test_new_segments_take_the_place_of_the_old_and_the_index_is_told(db):
    with db.write() as w:
        mine, other = rows.source(w), rows.source(w)
        texts.add_many(w, mine.id, [rows.new_segment(at(1), at(2), "old words")])
        texts.add_many(w, other.id, [rows.new_segment(at(1), at(2), "other words")])
    seen = outbox.latest(db)
    with db.write() as w:
        texts.replace(w, mine.id, [rows.new_segment(at(3), at(4), "new words")])
    assert [one.text for one in texts.of_source(db, mine.id)] == ["new words"]
    assert [one.text for one in texts.of_source(db, other.id)] == ["other words"]
    assert ("recording", mine.id) in {(one.kind, one.id) for one in outbox.after(db, seen, 9)}


def test_a_checkpoint_takes_the_place_of_whatever_is_there(db):
    with db.write() as w:
        source = rows.source(w)
        checkpoints.replace(w, rows.checkpoint(source.id, stretch=7))
        checkpoints.replace(w, rows.checkpoint(source.id, stretch=2))
    assert checkpoints.get(db, source.id, "see").stretch == 2
