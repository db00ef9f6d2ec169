"""Lines of text on screen, on both engines."""

import pytest

from mem.store import frames, outbox, screen, sources
from mem.store.screen import NewScreenText
from mem.types import Box
from tests.store import rows
from tests.store.rows import at


def line(text: str, start: float, end: float, *, frame: int = 1, y: int = 10) -> NewScreenText:
    return NewScreenText(
        frame_id=frame,
        start=at(start),
        end=at(end),
        text=text,
        confidence=0.875,
        engine="rapidocr",
        box=Box(5, y, 200, 16),
    )


def told(db) -> list[int]:
    return [change.id for change in outbox.after(db, 0, 1000) if change.kind == "screen"]


def texts(found) -> list[str]:
    return [one.text for one in found]


def test_a_line_comes_back_as_it_was_added(db):
    with db.write() as w:
        source = rows.source(w)
        (number,) = screen.add_many(w, source.id, [line("naïve 東京 'x'", 1.5, 3.25, frame=9)])
    (found,) = screen.of_source(db, source.id)
    assert (found.id, found.source_id, found.frame_id) == (number, source.id, 9)
    assert (found.start, found.end, found.confidence) == (at(1.5), at(3.25), 0.875)
    assert (found.text, found.engine, found.box) == ("naïve 東京 'x'", "rapidocr", Box(5, 10, 200, 16))


def test_the_lines_of_an_instant_are_those_that_stand_then_from_the_top(db):
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        lines = [line("low", 0, 10, y=90), line("top", 0, 10), line("gone", 0, 5), line("late", 6, 10, y=40)]
        screen.add_many(w, source.id, lines)
        screen.add_many(w, other.id, [line("elsewhere", 0, 10)])
    assert texts(screen.standing(db, source.id, at(5))) == ["top", "low"]
    assert texts(screen.standing(db, source.id, at(6))) == ["top", "late", "low"]
    assert screen.standing(db, source.id, at(10)) == []


def test_a_line_that_stands_on_gets_its_later_end_and_is_indexed_anew(db):
    with db.write() as w:
        source = rows.source(w)
        first, second = screen.add_many(w, source.id, [line("a", 0, 5), line("b", 0, 5)])
        screen.extend(w, {first: at(60)})
    ends = {one.id: one.end for one in screen.of_source(db, source.id)}
    assert ends == {first: at(60), second: at(5)}
    assert told(db) == [first, second, first]


def test_a_draft_is_seen_by_nobody_until_it_takes_the_place_of_the_older_reading(db):
    with db.write() as w:
        source = rows.source(w)
        (old,) = screen.add_many(w, source.id, [line("old", 0, 5)])
        (new,) = screen.add_many(w, source.id, [line("new", 0, 5)], draft=True)
        screen.extend(w, {new: at(9)}, draft=True)
    assert texts(screen.of_source(db, source.id)) == texts(screen.standing(db, source.id, at(1))) == ["old"]
    assert texts(screen.standing(db, source.id, at(1), draft=True)) == ["new"]
    assert told(db) == [old]
    with db.write() as w:
        screen.publish(w, source.id)
    assert texts(screen.of_source(db, source.id)) == ["new"]
    assert told(db) == [old, old, new]


def test_a_draft_that_is_dropped_leaves_the_older_reading(db):
    with db.write() as w:
        source = rows.source(w)
        screen.add_many(w, source.id, [line("old", 0, 5)])
        screen.add_many(w, source.id, [line("new", 0, 5)], draft=True)
        screen.drop_draft(w, source.id)
    assert (screen.count(db, source.id), screen.count(db, source.id, draft=True)) == (1, 0)


def test_many_lines_are_read_in_order_of_time(db):
    with db.write() as w:
        source = rows.source(w)
        screen.add_many(w, source.id, [line(f"{s}", s, s + 1) for s in (3, 1, 2)])
        screen.add_many(w, source.id, [line(f"{s}", s, s + 1) for s in range(10, 1210)])
    assert texts(screen.of_source(db, source.id)) == ["1", "2", "3", *(f"{s}" for s in range(10, 1210))]


def test_lines_move_with_their_source_and_go_with_it(db):
    with db.write() as w:
        source = rows.source(w)
        screen.add_many(w, source.id, [line("a", 0, 5)])
        sources.redate(w, source.id, rows.start(at(60)))
    assert [one.start for one in screen.of_source(db, source.id)] == [at(60)]
    with db.write() as w:
        assert sources.delete(w, source.id)["screen_texts"] == 1
    assert screen.count(db, source.id) == 0


def test_the_lines_of_a_frame_are_those_of_the_first_time_it_stood(db):
    with db.write() as w:
        source = rows.source(w)
        first, _ = rows.tiles(w, source.id, [at(0), at(10), at(20)])
        screen.add_many(w, source.id, [line("a", 0, 20), line("b", 10, 20)])
        frame = frames.get(w, first.frame_id)
    assert texts(screen.on_frame(db, frame)) == ["a"]


def test_a_line_that_ends_before_it_starts_is_refused(db):
    with db.write() as w, pytest.raises(ValueError, match="line"):
        screen.add_many(w, 1, [line("a", 5, 5)])


def test_when_frames_came_up_first_is_asked_of_many_at_once(db):
    with db.write() as w:
        source = rows.source(w)
        spans = rows.tiles(w, source.id, [at(0), at(10), at(20)])
        assert screen.first_shown(w, source.id, [s.frame_id for s in spans]) == {
            s.frame_id: s.start for s in spans
        }
