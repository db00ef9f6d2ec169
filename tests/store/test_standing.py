"""What stood at an instant, as a page of hits asks for it, is right under every change."""

import pytest

from mem.store import frames, sources, standing
from mem.types import Span

from . import rows
from .rows import at


def seen(db, *bounds: float, source_id: int | None = None) -> tuple[int, list[int]]:
    """A source whose frames stand between the bounds, in seconds; gives it and the frames' ids."""
    with db.write() as w:
        source_id = source_id or rows.source(w).id
        spans = rows.tiles(w, source_id, [at(bound) for bound in bounds])
    return source_id, [span.frame_id for span in spans]


def test_each_instant_has_the_frame_of_its_span(db):
    one, first = seen(db, 0, 10, 20)
    two, second = seen(db, 5, 15)
    wanted = [
        (one, at(0)),
        (one, at(9.999)),
        (one, at(10)),
        (two, at(14)),
        (one, at(20)),
        (two, at(4)),
        (99, at(0)),
    ]
    for _ in range(2):  # read, and remembered
        assert standing.at(db, wanted) == {
            (one, at(0)): (first[0], at(0)),
            (one, at(9.999)): (first[0], at(0)),
            (one, at(10)): (first[1], at(10)),
            (two, at(14)): (second[0], at(5)),
        }


def test_nothing_stands_in_an_empty_memory(db):
    assert standing.at(db, [(1, at(0))]) == {}


def test_spans_that_came_since_are_seen(db):
    one, _ = seen(db, 0, 10)
    assert standing.at(db, [(one, at(12))]) == {}
    with db.write() as w:
        frames.extend_span(w, one, at(0), at(11), 2)
    assert (one, at(10.5)) in standing.at(db, [(one, at(10.5))])
    _, more = seen(db, 11, 20, source_id=one)
    assert standing.at(db, [(one, at(12))]) == {(one, at(12)): (more[0], at(11))}


def test_many_misses_read_the_spans_anew(db, monkeypatch):
    monkeypatch.setattr(standing, "_MISSES", 1)
    one, _ = seen(db, 0, 10)
    standing.at(db, [(one, at(0))])
    seen(db, 10, 20, 30, source_id=one)
    for _ in range(3):
        assert len(standing.at(db, [(one, at(s)) for s in (5, 15, 25, 35)])) == 3


def test_what_was_moved_or_deleted_is_not_remembered(db):
    one, ids = seen(db, 0, 10)
    two, _ = seen(db, 0, 10)
    standing.at(db, [(one, at(5)), (two, at(5))])
    with db.write() as w:
        sources.redate(w, one, rows.start(at(100)))
        sources.delete(w, two)
    assert standing.at(db, [(one, at(5)), (two, at(5)), (one, at(105))]) == {
        (one, at(105)): (ids[0], at(100))
    }


def test_what_is_rolled_back_is_not_remembered(db):
    one, ids = seen(db, 0, 10)

    def fail() -> None:
        with db.write() as w:
            frames.add_spans(w, [Span(source_id=one, frame_id=ids[0], start=at(10), end=at(20), samples=1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert standing.at(db, [(one, at(15))]) == {}


def test_too_many_spans_are_not_kept(db, monkeypatch):
    monkeypatch.setattr(standing, "MOST", 1)
    one, ids = seen(db, *range(0, 40, 10))
    found = standing.at(db, [(one, at(s)) for s in (5, 15, 25)])
    assert [frame for frame, _ in found.values()] == ids


def test_sums_follow_every_change(db):
    """PostgreSQL keeps them by triggers."""
    one, _ = seen(db, 0, 10, 20)
    two, _ = seen(db, 0, 10)
    with db.write() as w:
        frames.extend_span(w, one, at(10), at(30), 5)
        sources.redate(w, one, rows.start(at(100)))
    assert (frames.stats(db).frames, frames.stats(db).samples) == (3, 7)
    assert frames.stats(db, one) == frames.Stats(frames=2, bytes=116_000, spans=2, samples=6)
    with db.write() as w:
        sources.delete(w, one)
    assert (
        frames.stats(db) == frames.stats(db, two) == frames.Stats(frames=1, bytes=58_000, spans=1, samples=1)
    )


def test_a_frame_knows_its_neighbours(db):
    _, ids = seen(db, 0, 10, 20, 30)
    seen(db, 5, 15)
    known = [frames.neighbours(db, frames.get(db, number)) for number in ids]
    assert known == [(None, ids[1]), (ids[0], ids[2]), (ids[1], None)]
