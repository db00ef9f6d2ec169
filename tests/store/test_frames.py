from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mem.errors import BadRequest, NotFound
from mem.store import frames, notes, sources, texts
from mem.types import Span
from tests.store import rows
from tests.store.rows import NOON, at

SHARED_DATABASE = [HealthCheck.function_scoped_fixture]


def test_frames_come_back_as_they_were_added_with_ids_in_order(db):
    with db.write() as w:
        source = rows.source(w)
        new = [rows.new_frame(at(5 * n), n) for n in range(720)]
        ids = frames.add_many(w, source.id, new)
    assert ids == sorted(set(ids))
    assert len(ids) == 720
    frame = frames.get(db, ids[17])
    assert (frame.id, frame.source_id) == (ids[17], source.id)
    for name in new[17].__dataclass_fields__:
        assert getattr(frame, name) == getattr(new[17], name)
    assert list(frames.by_ids(db, [ids[3], ids[1], -1])) == [ids[1], ids[3]]
    assert frames.by_ids(db, []) == {}
    assert frames.add_many(db, source.id, []) == []


def test_an_unknown_frame_is_not_found(db):
    with pytest.raises(NotFound):
        frames.get(db, 1)


def test_frames_are_paged_by_time_and_id(db):
    with db.write() as w:
        first, second = rows.source(w), rows.source(w)
        ids = frames.add_many(w, first.id, [rows.new_frame(at(n)) for n in (0, 1, 1, 2, 9)])
        ids += frames.add_many(w, second.id, [rows.new_frame(at(1))])
    seen, after = [], None
    while page := frames.between(db, at(0), at(9), limit=2, after=after):
        seen += page
        after = page[-1].first_seen, page[-1].id
    assert [f.id for f in seen] == [ids[0], ids[1], ids[2], ids[5], ids[3]]
    assert [f.id for f in frames.between(db, at(1), at(2), second.id, limit=9)] == [ids[5]]


def test_a_span_holds_its_start_and_not_its_end(db):
    with db.write() as w:
        source = rows.source(w)
        first, second = rows.tiles(w, source.id, [at(0), at(10), at(20)])
    assert [span for span, _ in frames.at(db, at(0))] == [first]
    assert [span for span, _ in frames.at(db, at(9.999))] == [first]
    assert [span for span, _ in frames.at(db, at(10))] == [second]
    assert frames.at(db, at(20)) == []
    assert frames.at(db, at(-0.001)) == []
    ((_, frame),) = frames.at(db, at(10))
    assert frame.id == second.frame_id


def test_what_stood_for_hours_is_found_at_its_end(db):
    with db.write() as w:
        source = rows.source(w)
        still, _ = rows.tiles(w, source.id, [at(0), at(36_000), at(36_005)])
    assert [span for span, _ in frames.at(db, at(35_999))] == [still]
    assert frames.spans_between(db, at(35_990), at(36_000), limit=5) == [still]


def test_each_source_that_was_recording_shows_one_frame(db):
    with db.write() as w:
        made = [rows.source(w) for _ in range(3)]
        for source in made:
            rows.tiles(w, source.id, [at(0), at(4), at(8)])
        sources.settle(w, made[0].id, state="ready", ended_at=at(8))
    assert [span.source_id for span, _ in frames.at(db, at(5))] == [s.id for s in made]
    assert [span.source_id for span, _ in frames.at(db, at(5), made[1].id)] == [made[1].id]


def test_a_picture_that_stays_extends_its_span(db):
    with db.write() as w:
        source = rows.source(w)
        rows.tiles(w, source.id, [at(0), at(10)])
        frames.extend_span(w, source.id, at(0), at(30), 6)
    ((span, frame),) = frames.at(db, at(29))
    assert (span.end, span.samples) == (at(30), 6)
    assert frames.spans_of(db, frame, limit=5) == [span]
    with db.write() as w, pytest.raises(NotFound):
        frames.extend_span(w, source.id, at(1), at(30), 6)


def test_a_span_that_ends_before_it_starts_is_refused(db):
    with db.write() as w, pytest.raises(ValueError, match="end after"):
        frames.add_spans(w, [Span(source_id=1, frame_id=1, start=at(1), end=at(1), samples=1)])


def test_many_moments_are_answered_at_once(db):
    with db.write() as w:
        first, second = rows.source(w), rows.source(w)
        one = rows.tiles(w, first.id, [at(0), at(10), at(20)])
        two = rows.tiles(w, second.id, [at(5), at(15)])
    wanted = [(second.id, at(14)), (first.id, at(14)), (first.id, at(0)), (first.id, at(99)), (99, at(1))]
    found = frames.standing(db, [*wanted, wanted[0]])
    assert {pair: span for pair, (span, _) in found.items()} == {
        (second.id, at(14)): two[0],
        (first.id, at(14)): one[1],
        (first.id, at(0)): one[0],
    }
    assert frames.standing(db, []) == {}


def test_density_counts_what_begins_in_each_bucket(db):
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        frames.add_many(w, source.id, [rows.new_frame(at(s)) for s in (-1, 0, 9.999, 10, 29.999, 30)])
        frames.add_many(w, other.id, [rows.new_frame(at(12))])
        texts.add_many(w, source.id, [rows.new_segment(at(10), at(40))])
        notes.add(w, source_id=None, start=at(20), end=at(21), text="x", author="me", now=NOON)
    buckets = frames.density(db, at(0), at(30), 10)
    assert [(b.start, b.frames, b.segments, b.notes) for b in buckets] == [
        (at(0), 2, 0, 0),
        (at(10), 2, 1, 0),
        (at(20), 1, 0, 1),
    ]
    assert [b.frames for b in frames.density(db, at(0), at(25), 10, other.id)] == [0, 1, 0]
    with pytest.raises(BadRequest):
        frames.density(db, at(0), at(20_000), 1)
    with pytest.raises(BadRequest):
        frames.density(db, at(0), at(0), 1)


def test_sums_say_how_much_was_dropped(db):
    assert frames.stats(db).dropped_share == 0
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        rows.tiles(w, source.id, [at(0), at(10), at(20)])
        frames.extend_span(w, source.id, at(10), at(30), 7)
        rows.tiles(w, other.id, [at(0), at(1)])
    stats = frames.stats(db, source.id)
    assert (stats.frames, stats.bytes, stats.spans, stats.samples) == (2, 116_000, 2, 8)
    assert stats.dropped_share == 0.75
    assert frames.stats(db).samples == 9


@pytest.fixture
def tiled(db):
    """Three sources tiled unevenly, with a gap in time between some; all their spans."""
    bounds = {0: [0, 1, 2, 50, 51, 90], 10: [10, 11, 80, 81], 60: [60, 61, 62, 63]}
    with db.write() as w:
        return [
            span
            for begin, seconds in bounds.items()
            for span in rows.tiles(w, rows.source(w, at(begin)).id, [at(s) for s in seconds])
        ]


_halves = st.integers(-4, 190).map(lambda half: at(half / 2))


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED_DATABASE)
@given(
    start=_halves,
    length=st.integers(1, 100),
    limit=st.integers(1, 4),
    chosen=st.sampled_from([None, 0, 1, 2]),
)
def test_spans_of_an_interval_are_those_that_a_look_at_every_span_finds(
    db, tiled, start, length, limit, chosen
):
    end = start + timedelta(seconds=length / 2)
    ids = sorted({span.source_id for span in tiled})
    source_id = None if chosen is None else ids[chosen]
    found, after = [], None
    while page := frames.spans_between(db, start, end, source_id, limit=limit, after=after):
        found += page
        after = page[-1].start, page[-1].frame_id
    naive = [s for s in tiled if s.start < end and start < s.end and source_id in (None, s.source_id)]
    assert found == sorted(naive, key=lambda s: (s.start, s.frame_id))


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED_DATABASE)
@given(moment=_halves)
def test_what_stood_at_a_moment_is_what_a_look_at_every_span_finds(db, tiled, moment):
    naive = [span for span in tiled if span.start <= moment < span.end]
    assert [span for span, _ in frames.at(db, moment)] == sorted(naive, key=lambda s: s.source_id)
    wanted = [(number, moment) for number in {span.source_id for span in tiled}]
    assert {span for span, _ in frames.standing(db, wanted).values()} == set(naive)
