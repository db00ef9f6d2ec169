"""Through a view every query answers as if what lies outside its limits had never been stored."""

import re

import pytest

from mem.errors import NotFound, OutsideLimits
from mem.store import frames, notes, sources, texts
from mem.store.database import load_queries
from mem.store.view import View
from mem.types import Limits

from .rows import NOON, at, new_segment, source, tiles


@pytest.fixture
def filled(db):
    """Two sources with the same pictures and words at the same time."""
    with db.write() as w:
        ids = []
        for name in ("a", "b"):
            made = source(w, name=name)
            tiles(w, made.id, [at(0), at(10), at(20), at(30)])
            texts.add_many(w, made.id, [new_segment(at(5), at(8)), new_segment(at(18), at(22))])
            sources.settle(w, made.id, state="ready", ended_at=at(30))
            notes.add(w, source_id=made.id, start=at(1), end=at(2), text=name, author="me", now=NOON)
            ids.append(made.id)
        notes.add(w, source_id=None, start=at(1), end=at(2), text="all", author="me", now=NOON)
    return ids


def test_another_source_is_not_there(db, filled):
    view = View(db, Limits(source_ids=(filled[0],)))
    assert [row.id for row in sources.page(view, 9)] == [filled[0]]
    assert len(frames.between(view, at(0), at(60), limit=99)) == 3
    assert len(frames.spans_between(view, at(0), at(60), limit=99)) == 3
    assert len(texts.between(view, at(0), at(60), limit=99)) == 2
    assert [note.text for note in notes.between(view, at(0), at(60), limit=99)] == ["a"]
    with pytest.raises(NotFound):
        sources.get(view, filled[1])
    assert frames.at(view, at(5), filled[1]) == []
    assert sum(bucket.frames for bucket in frames.density(view, at(0), at(60), 60)) == 3


def test_another_time_is_not_there_and_what_reaches_into_it_is_cut(db, filled):
    view = View(db, Limits(start=at(15), end=at(25)))
    spans = frames.spans_between(view, at(0), at(60), filled[0], limit=99)
    assert [(span.start, span.end) for span in spans] == [(at(15), at(20)), (at(20), at(25))]
    assert [row.first_seen for row in frames.between(view, at(0), at(60), filled[0], limit=9)] == [
        at(15),
        at(20),
    ]
    assert frames.at(view, at(5)) == []
    assert [segment.start for segment in texts.between(view, at(0), at(60), filled[0], limit=9)] == [at(18)]
    seen = sources.get(view, filled[0])
    assert (seen.started_at, seen.ended_at, seen.path, seen.media) == (at(15), at(25), None, None)
    assert notes.between(view, at(0), at(60), limit=99) == []
    assert sources.page(View(db, Limits(end=at(0))), 9) == []
    assert sources.page(View(db, Limits(start=at(30))), 9) == []


def test_without_sources_nothing_is_there(db, filled):
    view = View(db, Limits(source_ids=()))
    assert sources.page(view, 9) == []
    assert frames.between(view, at(0), at(60), limit=9) == []


def test_nothing_is_written_through_a_view(db):
    view = View(db, Limits(source_ids=(1,)))
    with pytest.raises(OutsideLimits):
        view.write()
    with pytest.raises(OutsideLimits):
        view.size_bytes()
    with pytest.raises(OutsideLimits):
        view.read("tokens.all")
    with pytest.raises(OutsideLimits):
        view.read("notes.delete", 1)


def test_each_part_has_the_columns_of_its_table(db):
    view = View(db, Limits(source_ids=(1,), start=at(0), end=at(1)))
    for name, text in load_queries(db.engine).items():
        if name.startswith("view.") and name != "view.tables":
            table = name.removeprefix("view.")
            part = view._filled(text)
            both = f"select * from {table} union all select * from ({part}) as p"
            # As many columns, of the same types, in the same order.
            db.read_text(f"select count(*) as n from ({both}) as u")


def test_a_query_is_limited_in_every_table_that_it_names_or_refused(db):
    view = View(db, Limits(source_ids=(1,)))
    for name, sql in load_queries(db.engine).items():
        named = set(re.findall(r"\w+", sql)) & view._tables
        try:
            made = view._limited(sql)
        except OutsideLimits:
            continue
        assert all(f"{table} as not materialized (" in made for table in named), name
