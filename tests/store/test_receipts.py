import pytest

from mem.errors import BadTime, NotFound
from mem.store import pins, receipts
from tests.store import rows
from tests.store.rows import NOON, at


def test_a_receipt_adds_up_and_ends(db):
    with db.write() as w:
        begun = receipts.begin(w, kind="interval", asked={"source": None}, by="local", now=NOON)
        receipts.add(w, begun.id, {"frames": 2, "notes": 0}, [("sources/1/a.tar", 10)])
    with db.write() as w:
        receipts.add(w, begun.id, {"frames": 1}, [("sources/1/b.tar", 5)], freed=1)
    assert receipts.files(db, begun.id) == [("sources/1/a.tar", 10), ("sources/1/b.tar", 5)]
    assert [one.id for one in receipts.unfinished(db)] == [begun.id]
    with db.write() as w:
        receipts.cleared(w, begun.id)
        done = receipts.finish(w, begun.id, at(5))
    assert (done.state, done.removed, done.freed_bytes, done.by) == ("done", {"frames": 3}, 16, "local")
    assert done.finished_at == at(5)
    assert receipts.files(db, begun.id) == []
    assert receipts.unfinished(db) == []


def test_receipts_are_paged_newest_first(db):
    with db.write() as w:
        made = [receipts.begin(w, kind="source", asked={}, by="x", now=at(n)) for n in range(3)]
        newest = receipts.begin(w, kind="retention", asked={}, by="x", now=at(3))
    assert receipts.page(db, 2) == [newest, made[2]]
    assert receipts.page(db, 5, made[2].id) == [made[1], made[0]]
    assert receipts.latest(db, "source") == made[2]
    assert receipts.latest(db, "interval") is None
    with pytest.raises(NotFound):
        receipts.get(db, 99)


def test_pins_are_found_by_what_they_keep(db):
    with db.write() as w:
        source, other = rows.source(w), rows.source(w)
        own = pins.add(w, source_id=source.id, start=at(0), end=at(10), reason="birth", now=NOON)
        both = pins.add(w, source_id=None, start=at(20), end=at(30), reason="", now=NOON)
        with pytest.raises(BadTime):
            pins.add(w, source_id=None, start=at(1), end=at(1), reason="", now=NOON)
    assert pins.touching(db, at(9), at(20)) == [own]
    assert pins.touching(db, at(10), at(20)) == []
    assert pins.touching(db, at(0), at(40), other.id, limit=9) == [both]
    assert pins.page(db, 9) == [own, both]
    with db.write() as w:
        pins.delete(w, own.id)
        with pytest.raises(NotFound):
            pins.delete(w, own.id)
    assert pins.touching(db, at(9), at(20)) == []
