"""Which recordings go on from which."""

import pytest

from mem.store import sources, stretches
from tests.store.rows import at, source


def recording(db, begin, end, *, location="hall", device="cam"):
    with db.write() as w:
        made = source(w, at(begin), location=location, device=device)
        sources.settle(w, made.id, state="ready", ended_at=None if end is None else at(end))
    return made.id


@pytest.mark.parametrize("gap", [-2, -0.5, 0, 2])
def test_a_recording_that_begins_within_two_seconds_of_the_end_goes_on_from_it(db, gap):
    one = recording(db, 0, 60)
    two = recording(db, 60 + gap, 120)
    assert stretches.continued(db, [one, two]) == {two: one}
    assert stretches.continued(db, [two]) == {two: one}
    assert stretches.continued(db, [one]) == {}


@pytest.mark.parametrize("gap", [-2.001, 2.001, 3600])
def test_a_longer_pause_or_overlap_parts_them(db, gap):
    both = [recording(db, 0, 60), recording(db, 60 + gap, 4000)]
    assert stretches.continued(db, both) == {}


@pytest.mark.parametrize(
    "other",
    [{"device": "cam 2"}, {"location": "yard"}, {"device": None}, {"location": None, "device": None}],
)
def test_recordings_of_other_devices_and_of_unknown_ones_stand_alone(db, other):
    both = [recording(db, 0, 60), recording(db, 60, 120, **other)]
    assert stretches.continued(db, both) == {}
    unknown = {"location": None, "device": None}
    assert (
        stretches.continued(db, [recording(db, 200, 260, **unknown), recording(db, 260, 300, **unknown)])
        == {}
    )


def test_the_nearest_end_counts(db):
    recording(db, 0, 58.5)
    near = recording(db, 1, 60.1)
    last = recording(db, 60, 120)
    assert stretches.continued(db, [last]) == {last: near}


def test_a_recording_of_no_length_goes_on_from_nothing_of_the_same_instant(db):
    both = [recording(db, 0, 0), recording(db, 0, 0)]
    assert stretches.continued(db, both) == {}


def test_a_chain_begins_at_its_first_recording(db):
    chain = [recording(db, n * 60, n * 60 + 60) for n in range(4)]
    alone = recording(db, 9000, 9060)
    unended = recording(db, 240, None)
    assert stretches.first(db, [*reversed(chain), alone, unended]) == dict.fromkeys(
        [*chain[1:], unended], chain[0]
    )
    assert stretches.first(db, []) == {}
