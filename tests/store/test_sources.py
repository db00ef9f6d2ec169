import pytest

from mem.errors import NotFound
from mem.store import checkpoints, frames, jobs, notes, screen, sources, texts
from tests.store import rows
from tests.store.rows import NOON, at


def test_a_source_comes_back_as_it_was_added(db):
    with db.write() as w:
        source = rows.source(w, location="hall", device="cam 1", name="Ünïcode – ✓.mp4")
    stored = sources.get(db, source.id)
    assert stored == source
    assert (stored.location, stored.device, stored.media, stored.state) == (
        "hall",
        "cam 1",
        rows.MEDIA,
        "new",
    )
    assert stored.started_at == NOON
    assert stored.started_at.utcoffset() is not None
    assert stored.folder == f"sources/2026/11/20/{source.id}"


def test_the_same_content_is_added_once(db):
    with db.write() as w:
        first = rows.source(w, content_hash="same", name="first")
        again = sources.add(
            w, kind="file", name="second", location=None, device=None, content_hash="same", size=1,
            path=None, original=None, start=rows.start(), media=None, added_at=NOON,
        )  # fmt: skip
    assert again == (first, False)
    assert sources.by_hash(db, "same") == first
    assert sources.by_hash(db, "other") is None


def test_an_unknown_source_is_not_found(db):
    with pytest.raises(NotFound):
        sources.get(db, 7)
    with db.write() as w, pytest.raises(NotFound):
        sources.delete(w, 7)


def test_pages_go_from_the_newest_recording_to_the_oldest_without_gap(db):
    with db.write() as w:
        made = [rows.source(w, at(seconds)) for seconds in (5, 1, 9, 1, 1)]
    seen, before = [], None
    while page := sources.page(db, 2, before):
        seen += page
        before = page[-1].started_at, page[-1].id
    assert seen == sorted(made, key=lambda s: (s.started_at, s.id), reverse=True)
    assert sources.by_ids(db, [made[0].id, made[2].id, 999]) == {s.id: s for s in (made[0], made[2])}
    assert sources.by_ids(db, []) == {}


def test_editing_changes_only_what_is_given(db):
    with db.write() as w:
        source = rows.source(w, location="hall")
        edited = sources.edit(w, source.id, name="Party")
    assert (edited.name, edited.location) == ("Party", "hall")
    assert sources.get(db, source.id) == edited


def test_settling_sets_state_and_end_and_keeps_the_rest(db):
    with db.write() as w:
        source = rows.source(w)
        settled = sources.settle(w, source.id, state="ready", ended_at=at(60))
        assert (settled.state, settled.ended_at, settled.path) == ("ready", at(60), source.path)
        assert sources.settle(w, source.id, state="ready", original="original.mp4").original == "original.mp4"
        assert sources.drop_original(w, source.id).original is None
    assert sources.counts(db) == {"ready": 1}


def test_doubtful_times_are_counted(db):
    with db.write() as w:
        rows.source(w)
        rows.source(w, start=rows.start(confidence="low", time_source="mtime"))
    assert sources.doubtful(db) == 1


def _fill(w, moment):
    """A source with something in every table."""
    source = rows.source(w, moment)
    shown = rows.tiles(w, source.id, [moment, at(10), at(20)])
    texts.add_many(w, source.id, [rows.new_segment(at(3), at(5), "one two")])
    screen.add_many(w, source.id, [rows.new_line(shown[0].frame_id, moment, at(20), "Total 12")])
    note = notes.add(w, source_id=source.id, start=at(1), end=at(2), text="x", author="me", now=NOON)
    sources.settle(w, source.id, state="ready", ended_at=at(20))
    checkpoints.put(w, rows.checkpoint(source.id), expected=None)
    rows.job(w, source_id=source.id)
    return source, note


def _first_seen(db, source):
    found = frames.between(db, NOON.replace(year=2000), NOON.replace(year=2050), source.id, limit=10)
    return [frame.first_seen for frame in found]


@pytest.mark.parametrize("days", [-400, 0, 3])
def test_redating_moves_everything_in_the_source_by_the_same_time(db, days):
    with db.write() as w:
        source, note = _fill(w, NOON)
        other, _ = _fill(w, NOON)
    delta = rows.timedelta(days=days, milliseconds=days * 1001)
    before_texts = list(texts.of_source(db, source.id))
    with db.write() as w:
        moved = sources.redate(w, source.id, rows.start(NOON + delta, confidence="medium", evidence="page"))
    assert (moved.started_at, moved.ended_at) == (NOON + delta, at(20) + delta)
    assert (moved.time_confidence, moved.time_evidence, moved.folder) == ("medium", "page", source.folder)
    assert _first_seen(db, source) == [NOON + delta, at(10) + delta]
    spans = frames.spans_between(db, NOON + delta, at(20) + delta, source.id, limit=10)
    assert [(s.start, s.end) for s in spans] == [
        (NOON + delta, at(10) + delta),
        (at(10) + delta, at(20) + delta),
    ]
    (segment,) = texts.of_source(db, source.id)
    (line,) = screen.of_source(db, source.id)
    assert (line.start, line.end) == (NOON + delta, at(20) + delta)
    assert segment.start == before_texts[0].start + delta
    assert [(x.start, x.end, x.text) for x in segment.words] == [
        (x.start + delta, x.end + delta, x.text) for x in before_texts[0].words
    ]
    assert notes.get(db, note.id).start == note.start + delta
    assert _first_seen(db, other) == [NOON, at(10)]


def test_deleting_removes_every_row_of_the_source_and_no_other(db):
    with db.write() as w:
        source, _ = _fill(w, NOON)
        other, _ = _fill(w, NOON)
    with db.write() as w:
        removed = sources.delete(w, source.id)
    assert removed == {
        "sources": 1, "frames": 2, "spans": 2, "segments": 1, "screen_texts": 1, "notes": 1,
        "checkpoints": 1, "jobs": 1, "job_events": 1,
    }  # fmt: skip
    assert set(sources.extent(db, source.id).values()) == {0}
    assert sources.extent(db, other.id) == removed
    assert len(jobs.page(db, limit=10)) == 1


def test_a_deleted_source_can_be_added_again_in_the_same_transaction(db):
    with db.write() as w:
        source = rows.source(w, content_hash="same")
    with db.write() as w:
        sources.delete(w, source.id)
        again = rows.source(w, content_hash="same")
    assert again.id != source.id
    assert sources.by_hash(db, "same") == again
