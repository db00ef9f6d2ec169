from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mem.store import texts
from tests.store import rows
from tests.store.rows import NOON, at


def test_a_segment_comes_back_with_its_words_at_their_times(db):
    new = rows.new_segment(at(1.5), at(3.75), 'Say "naïve" \\ 東京\nnow')
    with db.write() as w:
        source = rows.source(w)
        (number,) = texts.add_many(w, source.id, [new])
    (segment,) = texts.of_source(db, source.id)
    assert (segment.id, segment.source_id, segment.text) == (number, source.id, new.text)
    assert (segment.start, segment.end, segment.confidence) == (at(1.5), at(3.75), 0.9)
    assert [w.text for w in segment.words] == new.text.split()
    assert segment.words[0].start == at(1.5)
    assert segment.words[-1].end == at(3.75)


def test_what_no_database_can_store_in_a_text_is_replaced(db):
    with db.write() as w:
        source = rows.source(w, name="cut\0off \udcff.mp4")
        new = rows.new_segment(at(0), at(1), "nul \0 and \udcff half")
        texts.add_many(w, source.id, [new])
    (segment,) = texts.of_source(db, source.id)
    assert source.name == "cut\N{REPLACEMENT CHARACTER}off ?.mp4"
    assert segment.text == "nul \N{REPLACEMENT CHARACTER} and ? half"
    assert [w.text for w in segment.words] == segment.text.split()


def test_a_transcript_is_read_in_time_order_whatever_the_order_of_ids(db):
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        texts.add_many(w, source.id, [rows.new_segment(at(s), at(s + 1), f"{s}") for s in (9, 3, 3, 0)])
        texts.add_many(w, other.id, [rows.new_segment(at(1), at(2), "other")])
        many = [rows.new_segment(at(s), at(s + 1), f"{s}") for s in range(100, 1250)]
        texts.add_many(w, source.id, many)
    read = [segment.text for segment in texts.of_source(db, source.id)]
    assert read == ["0", "3", "3", "9", *(s.text for s in many)]


def test_segments_of_unbelievable_length_are_refused(db):
    for end in (at(0), at(3601)):
        with db.write() as w, pytest.raises(ValueError, match="segment"):
            texts.add_many(w, 1, [rows.new_segment(at(0), end)])
    assert list(texts.of_source(db, 1)) == []


@pytest.fixture
def spoken(db):
    """Segments of two sources that overlap each other, one as long as they come."""
    bounds = [(0, 3600), (1, 3), (2, 4), (3, 4), (3500, 3599), (3600, 3601)]
    with db.write() as w:
        sources = [rows.source(w) for _ in range(2)]
        for source in sources:
            texts.add_many(w, source.id, [rows.new_segment(at(a), at(b)) for a, b in bounds])
    return [segment for source in sources for segment in texts.of_source(db, source.id)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([-1, 0, 1, 2, 2.5, 3, 4, 100, 3499, 3500, 3599, 3599.999, 3600, 3601, 7200]),
    length=st.sampled_from([0.001, 0.5, 1, 5, 4000]),
    limit=st.integers(1, 5),
    one=st.booleans(),
)
def test_segments_of_an_interval_are_those_that_a_look_at_each_finds(db, spoken, start, length, limit, one):
    begin, end = at(start), at(start) + timedelta(seconds=length)
    source_id = spoken[0].source_id if one else None
    found, after = [], None
    while page := texts.between(db, begin, end, source_id, limit=limit, after=after):
        found += page
        after = page[-1].start, page[-1].id
    naive = [s for s in spoken if s.start < end and begin < s.end and source_id in (None, s.source_id)]
    assert found == sorted(naive, key=lambda s: (s.start, s.id))


def test_the_beginning_of_time_can_be_asked_for(db):
    with db.write() as w:
        texts.add_many(w, rows.source(w).id, [rows.new_segment(NOON, at(1))])
    assert len(texts.between(db, NOON.replace(year=1), at(1), limit=5)) == 1
