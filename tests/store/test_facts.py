from datetime import timedelta

from mem.store import facts
from tests.store import rows
from tests.store.rows import NOON, at


def test_what_is_kept_is_told_by_place_and_quarter_of_an_hour(db):
    with db.write() as w:
        hall = rows.source(w, at(60), location="Hall", original="original.mp4", size=5_000)
        rows.tiles(w, hall.id, [at(60), at(65), at(70)])
        rows.source(w, at(600), location="Hall", original="original.mp4", size=700)
        rows.source(w, at(900), location=None, device="phone")
        rows.source(w, at(-1), location="Hall", original="original.mp4")
    first, second = facts.kept(db, NOON, NOON + timedelta(hours=1))
    assert (first.location, first.device, first.sources) == ("Hall", None, 2)
    assert (first.original_bytes, first.image_bytes) == (5_700, 2 * 58_000)
    assert first.quarter == NOON.timestamp()
    assert (second.device, second.original_bytes, second.image_bytes) == ("phone", 0, 0)
