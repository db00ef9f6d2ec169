"""Sources that are remembered."""

from mem.store import known, sources, stretches
from tests.store import rows


def test_facts_follow_a_change(db):
    with db.write() as w:
        source = rows.source(w, name="before")
    assert known.facts(db, [source.id, 999])[source.id]["name"] == "before"
    assert 999 not in known.facts(db, [999])
    with db.write() as w:
        sources.edit(w, source.id, name="after")
        other = rows.source(w, name="new")
    assert known.facts(db, [source.id, other.id])[source.id]["name"] == "after"
    assert known.facts(db, [other.id])[other.id]["name"] == "new"
    with db.write() as w:
        sources.delete(w, source.id)
    assert list(known.facts(db, [source.id, other.id])) == [other.id]


def test_what_goes_on_from_what_follows_new_recordings(db):
    with db.write() as w:
        later = rows.source(w, rows.at(60), device="cam")
    assert stretches.continued(db, [later.id]) == {}
    with db.write() as w:
        earlier = rows.source(w, device="cam")
        sources.settle(w, earlier.id, state="ready", ended_at=rows.at(60))
    assert stretches.continued(db, [later.id]) == {later.id: earlier.id}


def test_no_more_is_kept_than_a_bound(db, monkeypatch):
    monkeypatch.setattr(known, "_MOST", 1)
    with db.write() as w:
        ids = [rows.source(w, name=name).id for name in "abc"]
    for _ in range(2):
        assert [row["name"] for row in known.facts(db, ids).values()] == ["a", "b", "c"]
