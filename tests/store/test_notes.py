import pytest

from mem.errors import BadTime, NotFound
from mem.store import notes
from tests.store import rows
from tests.store.rows import NOON, at


def _note(w, begin, end, **facts):
    given = {"source_id": None, "text": "seen", "author": "me", "now": NOON}
    return notes.add(w, start=at(begin), end=at(end), **(given | facts))


def test_a_note_comes_back_as_it_was_written(db):
    with db.write() as w:
        note = _note(w, 0, 5, tags=["door", "two words", "ü"], source_id=rows.source(w).id)
    assert notes.get(db, note.id) == note
    assert note.tags == ("door", "two words", "ü")
    assert note.created_at == note.updated_at == NOON


def test_an_edit_changes_what_is_given_and_says_when(db):
    with db.write() as w:
        note = _note(w, 0, 5, tags=["a"])
        _note(w, 1, 2)
    with db.write() as w:
        edited = notes.edit(w, note.id, text="changed", now=at(60))
    assert (edited.text, edited.tags, edited.end) == ("changed", ("a",), at(5))
    assert (edited.created_at, edited.updated_at) == (NOON, at(60))
    assert notes.get(db, note.id) == edited
    with db.write() as w:
        assert notes.edit(w, note.id, tags=[], now=at(61)).tags == ()


def test_a_note_must_end_after_it_starts(db):
    with db.write() as w:
        with pytest.raises(BadTime):
            _note(w, 5, 5)
        note = _note(w, 0, 5)
        with pytest.raises(BadTime):
            notes.edit(w, note.id, start=at(6), now=NOON)


def test_a_deleted_note_is_gone(db):
    with db.write() as w:
        note = _note(w, 0, 1)
        notes.delete(w, note.id)
        for act in (lambda: notes.get(w, note.id), lambda: notes.delete(w, note.id)):
            with pytest.raises(NotFound):
                act()


def test_notes_that_touch_an_interval_are_paged_by_time(db):
    with db.write() as w:
        source = rows.source(w)
        made = [_note(w, a, b) for a, b in ((0, 900), (5, 10), (10, 11), (20, 21))]
        own = _note(w, 6, 7, source_id=source.id)
    assert notes.between(db, at(6), at(20), limit=9) == [made[0], made[1], own, made[2]]
    after = made[1].start, made[1].id
    assert notes.between(db, at(6), at(20), limit=1, after=after) == [own]
    assert notes.between(db, at(6), at(20), source.id, limit=9) == [own]


def test_the_notes_of_a_source_are_read_to_the_end(db, monkeypatch):
    monkeypatch.setattr(notes, "_PAGE", 2)
    with db.write() as w:
        source = rows.source(w)
        own = [_note(w, n, n + 1, source_id=source.id) for n in range(5)]
        _note(w, 0, 1)
    assert list(notes.of_source(db, source.id)) == own


def test_a_note_keeps_its_type_and_metadata(db):
    with db.write() as w:
        note = _note(w, 0, 5, kind="action_detected", metadata={"score": 0.9, "box": [1, 2], "ü": None})
    assert notes.get(db, note.id) == note
    assert (note.type, note.metadata) == ("action_detected", {"score": 0.9, "box": [1, 2], "ü": None})
    with db.write() as w:
        edited = notes.edit(w, note.id, kind="custom", metadata={}, now=at(1))
    assert (edited.type, edited.metadata, edited.text) == ("custom", {}, "seen")


def test_notes_are_filtered_by_tag_type_and_author(db):
    with db.write() as w:
        one = _note(w, 0, 1, tags=["a", "b,c"], author="ann")
        two = _note(w, 1, 2, tags=['say "b"'], kind="ai_summary")
        _note(w, 2, 3)

    def ids(**facts):
        return [note.id for note in notes.between(db, at(0), at(9), limit=9, **facts)]

    assert ids(tag="b,c") == [one.id]
    assert ids(tag='say "b"') == [two.id]
    assert ids(tag=",") == ids(tag="b") == []
    assert ids(kind="ai_summary") == [two.id]
    assert ids(author="ann", tag="a") == [one.id]
    assert ids(author="ann", kind="custom") == []
