import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mem.media.leaps import Clock, Stamped

STEP = 40
HOUR = 3_600_000


def placed(stamps, lasts=STEP):
    """Where things with these stamps come to lie, and how often a stamp was not believed."""
    clock = Clock()
    items = (
        Stamped(item=number, decoded_ms=at, shown_ms=at, lasts_ms=lasts, size=1)
        for number, at in enumerate(stamps)
    )
    found = list(clock.settle(items))
    assert [number for number, _ in found] == list(range(len(stamps)))
    return [at for _, at in found], clock.jumps


def steady(start, count=500):
    return list(range(start, start + count * STEP, STEP))


def test_a_steady_clock_is_believed():
    assert placed(steady(0)) == (steady(0), 0)


@pytest.mark.parametrize("ahead", [20_000, HOUR, 30 * HOUR, -15_000, -1500])
@pytest.mark.parametrize("length", [1, 12])
def test_damaged_stamps_follow_on_what_came_before(ahead, length):
    stamps = steady(0)
    for number in range(400, 400 + length):
        stamps[number] += ahead
    assert placed(stamps) == (steady(0), 1)


@pytest.mark.parametrize("pause", [5000, 11_000, HOUR])
def test_a_pause_is_believed(pause):
    stamps = steady(0) + steady(20_000 + pause)
    assert placed(stamps) == (stamps, 0)


@pytest.mark.parametrize("start", [0, 15_000, 13 * HOUR, 365 * 24 * HOUR])
def test_a_clock_set_anew_goes_on_where_it_was(start):
    assert placed(steady(0) + steady(start)) == (steady(0, 1000), 1)


def test_a_clock_that_goes_back_a_little_again_and_again_does_so_in_order():
    found, jumps = placed(steady(0, 75) * 4)
    assert found == steady(0, 300)
    assert jumps == 3


def test_pictures_half_a_minute_apart_are_no_leaps():
    stamps = list(range(0, 20 * 30_000, 30_000))
    assert placed(stamps, lasts=0) == (stamps, 0)


def test_what_has_no_stamp_follows():
    assert placed([0, 40, None, None, 160])[0] == [0, 40, 80, 120, 160]
    assert placed([None, None])[0] == [0, 40]


def test_a_damaged_stamp_of_showing_alone_is_that_of_decoding():
    items = [
        Stamped(item=0, decoded_ms=at, shown_ms=shown, lasts_ms=STEP, size=1)
        for at, shown in ((0, 0), (40, HOUR))
    ]
    assert [at for _, at in Clock().settle(items)] == [0, 40]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), max_size=60))
@example([None, None, 1 - 2**40, None])
def test_whatever_the_stamps_say_nothing_is_lost_and_the_end_is_in_reach(stamps):
    clock = Clock()
    items = [
        Stamped(item=n, decoded_ms=at, shown_ms=at, lasts_ms=0, size=2**20) for n, at in enumerate(stamps)
    ]
    found = list(clock.settle(items))
    assert [number for number, _ in found] == list(range(len(stamps)))
    assert clock.end_ms <= (len(stamps) + 1) * 12 * HOUR + 2**40
    assert all(at >= -24 * HOUR for _, at in found)
    assert all(b - a <= 2**40 for (_, a), (_, b) in itertools.pairwise(found))
