"""Which recordings a rule is about, and which times of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from mem.capture import exclusions
from mem.config.guarding import Exclusion
from mem.errors import Excluded

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # in Berlin; a Monday


def hidden(start, length, **rule):
    return exclusions.hidden([Exclusion(**rule)], start, timedelta(hours=length), BERLIN)


def test_hours_are_those_of_the_local_clock():
    assert hidden(NOON, 6, hours="14:00-15:00") == [(2 * HOUR, 3 * HOUR)]


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin():
    assert hidden(NOON, 24, hours="22:00-06:00", days=["mon"]) == [(10 * HOUR, 18 * HOUR)]
    assert hidden(NOON, 24, hours="22:00-06:00", days=["sun"]) == []
    assert hidden(NOON - timedelta(hours=9), 2, hours="22:00-06:00", days=["sun"]) == [(0, 3 * HOUR)]


def test_hours_that_began_before_the_recording_hide_its_beginning():
    assert hidden(NOON, 3, hours="11:00-13:00") == [(0, HOUR)]


def test_a_whole_day_is_hidden_by_hours_that_end_where_they_begin():
    assert hidden(NOON, 30, hours="00:00-00:00", days=["mon"]) == [(0, 12 * HOUR)]


def test_the_night_on_which_the_clock_goes_back_is_an_hour_longer():
    start = datetime(2026, 10, 24, 20, tzinfo=UTC)  # 22:00 in Berlin
    assert hidden(start, 8, hours="22:00-06:00") == [(0, 9 * HOUR)]


def test_rules_that_overlap_are_one():
    rules = [Exclusion(hours="12:00-13:00"), Exclusion(hours="12:30-14:00"), Exclusion(hours="15:00-16:00")]
    found = exclusions.hidden(rules, NOON, timedelta(hours=6), BERLIN)
    assert found == [(0, 2 * HOUR), (3 * HOUR, 4 * HOUR)]


def test_a_recording_that_fits_is_refused_and_another_is_not():
    rules = [Exclusion(name="zoom*", device="laptop")]
    with pytest.raises(Excluded):
        exclusions.refuse(rules, "Zoom 12.mp4", None, "Laptop")
    exclusions.refuse(rules, "Zoom 12.mp4", None, "phone")
    exclusions.refuse([Exclusion(name="zoom*", hours="12:00-13:00")], "zoom", None, None)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"hours": "25:00-26:00"},
        {"days": ["mon"]},
        {"hours": "10:00-11:00", "text": "bank"},
        {"region": [0, 0, 0, 1]},
        {"region": [0, 0, 2, 1]},
        {"title": "x"},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule):
    with pytest.raises(ValidationError):
        Exclusion(**rule)
