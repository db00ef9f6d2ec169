import dataclasses

import pytest

from mem.errors import StaleFence
from mem.store import checkpoints
from mem.types import Checkpoint

FIRST = Checkpoint(
    source_id=1, stage="see", stretch=1, until_ms=300_000, pack="frames-000001.tar", pack_length=5120,
    state_file="see.state", facts={"open_span": [3, 1000], "language": None}, finished=False,
)  # fmt: skip
SECOND = dataclasses.replace(FIRST, stretch=2, until_ms=600_000, facts={}, finished=True)


def test_a_checkpoint_comes_back_as_it_was_put(db):
    assert checkpoints.get(db, 1, "see") is None
    with db.write() as w:
        checkpoints.put(w, FIRST, expected=None)
        checkpoints.put(w, dataclasses.replace(FIRST, stage="hear"), expected=None)
    assert checkpoints.get(db, 1, "see") == FIRST
    with db.write() as w:
        checkpoints.put(w, SECOND, expected=1)
    assert checkpoints.get(db, 1, "see") == SECOND
    assert checkpoints.get(db, 1, "hear").stretch == 1


def test_a_stage_can_be_moved_twice_in_one_transaction(db):
    with db.write() as w:
        checkpoints.put(w, FIRST, expected=None)
        checkpoints.put(w, SECOND, expected=1)
    assert checkpoints.get(db, 1, "see") == SECOND


@pytest.mark.parametrize("expected", [None, 0, 2])
def test_whoever_is_late_cannot_move_it(db, expected):
    with db.write() as w:
        checkpoints.put(w, FIRST, expected=None)
    with pytest.raises(StaleFence), db.write() as w:
        checkpoints.put(w, SECOND, expected=expected)
    assert checkpoints.get(db, 1, "see") == FIRST


def test_a_stage_that_has_not_begun_cannot_be_moved_on(db):
    with pytest.raises(StaleFence), db.write() as w:
        checkpoints.put(w, SECOND, expected=1)
