import contextlib
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.cli import when
from mem.errors import BadTime

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 13, 0, 5, 123456, tzinfo=UTC)  # a Friday, 14:00:05 in Berlin


def parsed(text, zone=BERLIN, now=NOW):
    return when.parse(text, now=now, zone=zone)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20", "2026-11-19T23:00:00Z"),
        ("20261120", "2026-11-19T23:00:00Z"),
        ("2026-11-20 14:05", "2026-11-20T13:05:00Z"),
        ("2026-11-20T14:05", "2026-11-20T13:05:00Z"),
        ("2026-11-20t14:05:06", "2026-11-20T13:05:06Z"),
        ("2026-11-20 14:05:06.5", "2026-11-20T13:05:06.500Z"),
        ("2026-11-20T14:05:06.123456Z", "2026-11-20T14:05:06.123Z"),
        ("2026-11-20 14:05:06Z", "2026-11-20T14:05:06Z"),
        ("2026-11-20 14:05z", "2026-11-20T14:05:00Z"),
        ("2026-11-20 14:05 Z", "2026-11-20T14:05:00Z"),
        ("2026-11-20T14:05+05:45", "2026-11-20T08:20:00Z"),
        ("2026-11-20 14:05:00 -0500", "2026-11-20T19:05:00Z"),
        ("  2026-11-20   14:05  ", "2026-11-20T13:05:00Z"),
        ("2026-07-20 14:05", "2026-07-20T12:05:00Z"),
        ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ("now", "2026-11-20T13:00:05.123Z"),
        ("Now", "2026-11-20T13:00:05.123Z"),
        ("today", "2026-11-19T23:00:00Z"),
        ("today 14:00", "2026-11-20T13:00:00Z"),
        ("yesterday", "2026-11-18T23:00:00Z"),
        ("yesterday 14:00", "2026-11-19T13:00:00Z"),
        ("Yesterday at 9:05:07.25", "2026-11-19T08:05:07.250Z"),
        ("14:05", "2026-11-20T13:05:00Z"),
        ("9:05", "2026-11-20T08:05:00Z"),
        ("23:59:59", "2026-11-20T22:59:59Z"),
        ("monday 09:30", "2026-11-16T08:30:00Z"),
        ("mon 09:30", "2026-11-16T08:30:00Z"),
        ("saturday", "2026-11-13T23:00:00Z"),
        ("friday", "2026-11-19T23:00:00Z"),
        ("friday 14:00", "2026-11-20T13:00:00Z"),
        ("friday 14:01", "2026-11-13T13:01:00Z"),
        ("thu", "2026-11-18T23:00:00Z"),
        ("-2h", "2026-11-20T11:00:05.123Z"),
        ("-90m", "2026-11-20T11:30:05.123Z"),
        ("-1d12h", "2026-11-19T01:00:05.123Z"),
        ("-1d 12h", "2026-11-19T01:00:05.123Z"),
        ("-1.5h", "2026-11-20T11:30:05.123Z"),
        ("-30s", "2026-11-20T12:59:35.123Z"),
        ("-2w", "2026-11-06T13:00:05.123Z"),
        ("2 hours ago", "2026-11-20T11:00:05.123Z"),
        ("an hour ago", "2026-11-20T12:00:05.123Z"),
        ("a day ago", "2026-11-19T13:00:05.123Z"),
        ("1 day 2 hours ago", "2026-11-19T11:00:05.123Z"),
        ("1 hour and 30 minutes ago", "2026-11-20T11:30:05.123Z"),
        ("90 min ago", "2026-11-20T11:30:05.123Z"),
        ("3d ago", "2026-11-17T13:00:05.123Z"),
        ("10 seconds ago", "2026-11-20T12:59:55.123Z"),
        ("2 weeks ago", "2026-11-06T13:00:05.123Z"),
    ],
)
def test_it_reads(text, instant):
    moment = parsed(text)
    assert moment == datetime.fromisoformat(instant)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "soon", "2026", "2026-11", "2026-13-01", "2026-02-30", "2026-11-20 25:00",
        "2026-11-20 14:61", "2026-11-20 nonsense", "2026-11-20T", "25:00", "14:60", "14", "1405", "-2",
        "-h", "-2y", "2h", "--2h", "ago", "hours ago", "2 ago", "2 years ago", "2 months ago",
        "x hours ago", "yesterday14:00", "mo", "m", "t 10:00", "mondayish", "tomorrowish 10:00",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "-999999999w", "999999999 weeks ago",
        "\0", "2026-11-20 14:05 Mars", "1 hour 2 ago", "-" + "1h" * 60,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadTime) as caught:
        parsed(text)
    assert caught.value.hint


def test_a_day_is_that_of_the_zone():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # already Saturday in Berlin
    assert parsed("today", now=late) == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert parsed("saturday", now=late) == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert parsed("today", now=late, zone=UTC) == datetime(2026, 11, 20, tzinfo=UTC)


@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "UTC"]).map(ZoneInfo),
)
def test_what_is_shown_is_read_back(moment, zone):
    local = moment.astimezone(zone)
    found = when.parse(when.show(moment, zone), now=NOW, zone=zone)
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert found == (cut if local.fold == 0 else cut - _step(local))
    assert when.parse(moment.isoformat(), now=NOW, zone=zone) == cut


def _step(local):
    return local.replace(fold=0).utcoffset() - local.utcoffset()


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text):
    with contextlib.suppress(BadTime):
        assert parsed(text).tzinfo is UTC


def test_milliseconds_are_shown_only_where_there_are_some():
    assert (
        when.show(datetime(2026, 11, 20, 13, 0, 5, 500_000, tzinfo=UTC), BERLIN) == "2026-11-20 14:00:05.500"
    )
    assert when.show(datetime(2026, 11, 20, 13, 0, 5, tzinfo=UTC), BERLIN) == "2026-11-20 14:00:05"
    other = timezone(timedelta(hours=-5))
    assert when.show(datetime(2026, 11, 20, 3, 0, tzinfo=UTC), other) == "2026-11-19 22:00:00"
