"""Which packs are to become reels, and what was said of them."""

from dataclasses import replace
from datetime import timedelta

from mem.store import frames, reels, sources
from tests.store import rows
from tests.store.rows import at


def _recording(db, *, reel=None, name="frames-000001.tar", state="ready"):
    with db.write() as w:
        source = rows.source(w)
        made = rows.new_frame(at(0))
        facts = {} if reel is None else {"reel_offset": reel, "still_length": made.length + 700}
        frames.add_many(w, source.id, [replace(made, pack=name, **facts)])
        return sources.settle(w, source.id, state=state, ended_at=at(60))


def test_a_pack_is_due_once_its_last_picture_is_old_enough(db):
    source = _recording(db)
    assert reels.due(db, at(0)) == []
    (due,) = reels.due(db, at(0) + timedelta(milliseconds=1))
    assert (due.source_id, due.pack, due.tried) == (source.id, "frames-000001.tar", 0)


def test_what_is_a_reel_already_or_not_whole_is_not_due(db):
    _recording(db, reel=512)
    _recording(db, state="processing")
    assert reels.due(db, at(99)) == []


def test_a_pack_that_was_looked_at_says_how_long_it_was(db):
    source = _recording(db)
    with db.write() as w:
        reels.note(w, source.id, "frames-000001.tar", 700, before="frames-000009.tar")
    with db.write() as w:
        reels.note(w, source.id, "frames-000001.tar", 800)
    assert [due.tried for due in reels.due(db, at(99))] == [800]
    with db.write() as w:
        sources.delete(w, source.id)
    assert db.read("reels.due", at(99)) == []


def test_what_was_saved_is_summed_over_pictures_in_reels_alone(db):
    _recording(db)
    assert (reels.saved(db).frames, reels.saved(db).bytes) == (0, 0)
    _recording(db, reel=512)
    assert (reels.saved(db).frames, reels.saved(db).bytes) == (1, 700)


def test_a_frame_keeps_where_its_reel_begins(db):
    source = _recording(db, reel=512)
    (frame,) = frames.between(db, at(0), at(1), source.id, limit=9)
    assert (frame.reel_offset, frame.begin) == (512, 512)
    assert frames.get(db, frame.id) == frame
    assert frame.still_length == frame.length + 700
