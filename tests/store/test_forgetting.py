"""What a deletion does to rows, on both engines."""

from datetime import timedelta

from mem.store import checkpoints, forgetting, frames, notes, outbox, pins, screen, sources, texts
from mem.store.screen import NewScreenText
from mem.types import Box
from tests.store import rows
from tests.store.rows import at


def _line(frame_id, begin, end, text="line"):
    return NewScreenText(
        frame_id=frame_id,
        start=at(begin),
        end=at(end),
        text=text,
        confidence=0.9,
        engine="test",
        box=Box(x=1, y=2, width=3, height=4),
    )


def _standing(db, source):
    spans = frames.spans_between(db, at(-60), at(600), source.id, limit=99)
    return [((s.start - at(0)).total_seconds(), (s.end - at(0)).total_seconds(), s.frame_id) for s in spans]


def test_an_interval_is_cut_out_of_a_source(db):
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        spans = rows.tiles(w, source.id, [at(n) for n in (0, 10, 20, 30, 40)])
        rows.tiles(w, other.id, [at(0), at(40)])
        texts.add_many(
            w,
            source.id,
            [rows.new_segment(at(a), at(b)) for a, b in ((0, 11), (13, 14), (24, 26), (26, 30))],
        )
        noted = notes.add(w, source_id=source.id, start=at(0), end=at(13), text="x", author="me", now=at(0))
        counted = forgetting.extent(w, source.id, at(12), at(25))
        assert forgetting.uncovered_ms(w, source.id, at(12), at(25)) == 5000
        removed = forgetting.cut(w, source.id, at(12), at(25))
    assert counted == {"frames": 1, "spans": 2, "segments": 2, "notes": 1, "screen_texts": 0}
    assert removed == {"spans": 2, "segments": 2, "notes": 1, "screen_texts": 0}
    kept = [spans[0].frame_id, spans[1].frame_id, spans[3].frame_id]
    assert _standing(db, source) == [(0, 10, kept[0]), (10, 12, kept[1]), (30, 40, kept[2])]
    assert [segment.start for segment in texts.of_source(db, source.id)] == [at(0), at(26)]
    assert list(notes.of_source(db, source.id)) == []
    assert noted.id not in [note.id for note in notes.between(db, at(0), at(99), limit=9)]
    assert len(_standing(db, other)) == 1
    assert sources.get(db, source.id).path is None
    assert "recording" in [change.kind for change in outbox.after(db, 0, 99)]


def test_a_long_span_is_cut_in_two(db):
    with db.write() as w:
        source = rows.source(w)
        (span,) = rows.tiles(w, source.id, [at(0), at(100)])
        forgetting.cut(w, source.id, at(40), at(60))
    assert _standing(db, source) == [(0, 40, span.frame_id), (60, 100, span.frame_id)]


def test_lines_on_screen_are_cut_and_those_off_deleted_pictures_go(db):
    with db.write() as w:
        source = rows.source(w)
        spans = rows.tiles(w, source.id, [at(0), at(20), at(40)])
        first, second = (span.frame_id for span in spans)
        lines = [(first, 0, 5), (first, 0, 25), (first, 0, 40), (first, 24, 28), (second, 20, 40)]
        screen.add_many(w, source.id, [_line(*facts, text=str(n)) for n, facts in enumerate(lines)])
        forgetting.cut(w, source.id, at(20), at(30))
    left = [
        ((one.start - at(0)).seconds, (one.end - at(0)).seconds, one.text) for one in screen.of_source(db, 1)
    ]
    assert sorted(left) == [(0, 5, "0"), (0, 20, "1"), (0, 20, "2"), (30, 40, "2")]


def test_frames_that_go_leave_their_time_to_others_or_to_none(db):
    with db.write() as w:
        source = rows.source(w)
        a, b, c, d = (span.frame_id for span in rows.tiles(w, source.id, [at(n) for n in range(5)]))
        screen.add_many(w, source.id, [_line(b, 1, 2)])
        gone = forgetting.drop_frames(w, source.id, {b: a, d: None})
    assert gone == 2
    assert _standing(db, source) == [(0, 2, a), (2, 3, c)]
    assert sorted(frames.by_ids(db, [a, b, c, d])) == [a, c]
    assert next(screen.of_source(db, source.id)).frame_id == a


def test_pictures_move_to_another_pack(db):
    with db.write() as w:
        source = rows.source(w)
        (span,) = rows.tiles(w, source.id, [at(0), at(1)])
        checkpoints.put(w, rows.checkpoint(source.id, pack="frames-000001.tar", pack_length=9), expected=None)
        forgetting.move(
            w, source.id, "frames-000001.tar", "frames-1000001.tar", 512, [(span.frame_id, 7, 8, None)]
        )
    frame = frames.get(db, span.frame_id)
    assert (frame.pack, frame.offset, frame.thumb_offset) == ("frames-1000001.tar", 7, 8)
    found = checkpoints.get(db, source.id, "see")
    assert found is not None
    assert (found.pack, found.pack_length) == ("frames-1000001.tar", 512)
    assert forgetting.packs(db, source.id) == ["frames-1000001.tar"]


def _settled(w, moment, **facts):
    source = rows.source(w, moment, **facts)
    return sources.settle(w, source.id, state="ready", ended_at=moment + timedelta(seconds=60))


def test_only_sources_at_rest_are_let_go_of(db):
    with db.write() as w:
        quiet = _settled(w, at(0), location="hall")
        worked = _settled(w, at(1))
        rows.job(w, source_id=worked.id)
        begun = _settled(w, at(2))
        checkpoints.put(w, rows.checkpoint(begun.id, finished=False), expected=None)
        rows.source(w, at(3))
    assert [one.id for one in forgetting.settled(db)] == [quiet.id]
    assert forgetting.settled(db, location="cellar") == []
    assert forgetting.settled(db, before=at(0)) == []


def test_frames_are_thinned_to_the_first_of_each_minute_and_pins_keep_theirs(db):
    with db.write() as w:
        source = _settled(w, at(0))
        ids = [
            span.frame_id for span in rows.tiles(w, source.id, [at(n) for n in (0, 20, 40, 61, 80, 100, 120)])
        ]
    thinned = forgetting.removable_of(db, source.id, "frames-000001.tar", None, thin=True)
    assert thinned == {ids[1], ids[2], ids[4], ids[5]}
    with db.write() as w:
        pins.add(w, source_id=source.id, start=at(45), end=at(50), reason="", now=at(0))
    assert ids[2] not in forgetting.removable_of(db, source.id, "frames-000001.tar", None, thin=True)
    assert forgetting.pinned(db) == {source.id}
    (found,) = forgetting.removable(db, at(61), thin=False)
    assert (found.source_id, found.pack, found.frames) == (source.id, "frames-000001.tar", 2)
    assert found.bytes == 2 * (50_176 + 8_192 + 1_024)


def test_old_notes_about_the_time_itself_go_unless_a_pin_keeps_them(db):
    with db.write() as w:
        old, kept, new = (
            notes.add(w, source_id=None, start=at(n), end=at(n + 1), text="x", author="me", now=at(0))
            for n in (0, 5, 50)
        )
        pins.add(w, source_id=None, start=at(5), end=at(6), reason="", now=at(0))
        assert forgetting.delete_old_notes(w, at(40)) == 1
    assert [note.id for note in notes.between(db, at(0), at(99), limit=9)] == [kept.id, new.id]
    assert old.id not in {kept.id, new.id}
