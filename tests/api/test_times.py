"""Instants and ranges as requests give them."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.api import cursors, times
from mem.errors import BadCursor, BadTime, MemError

from .test_problems import check


@pytest.fixture(scope="module")
def client(quiet):
    return quiet


RANGED = ["/api/timeline", "/api/timeline/density", "/api/frames", "/api/notes", "/api/search?q=x"]


@pytest.mark.parametrize("path", RANGED)
def test_a_naive_time_is_refused_everywhere(client, path):
    answer = client.get(path, params={"from": "2026-11-20T12:00:00", "q": "x"})
    assert check(answer, 422, "naive_time")["hint"]


@pytest.mark.parametrize("path", RANGED)
@pytest.mark.parametrize(
    "value", ["yesterday", "", "1763640000", "0001-01-01T00:00:00+14:00", "9999-12-31T00:00Z"]
)
def test_what_is_no_time_is_refused(client, path, value):
    check(client.get(path, params={"to": value, "q": "x"}), 422, "bad_time")


@pytest.mark.parametrize("path", RANGED)
def test_an_empty_range_is_refused(client, path):
    moment = "2026-11-20T12:00:00Z"
    check(client.get(path, params={"from": moment, "to": moment, "q": "x"}), 422, "bad_time")


@pytest.mark.parametrize("body", [{"start": "2026-11-20T12:00:00", "text": "x"}])
def test_a_naive_time_in_a_body_is_refused(client, body):
    check(client.post("/api/notes", json=body), 422, "naive_time")


def test_the_last_days_are_looked_at_when_no_range_is_given(client):
    answer = client.get("/api/timeline").json()
    start, end = map(datetime.fromisoformat, (answer["from"], answer["to"]))
    assert answer["range_defaulted"]
    assert end - start == timedelta(days=7)
    assert abs(end - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_range_that_begins_in_the_future_is_not_empty(client):
    assert client.get("/api/timeline", params={"from": "2150-01-01T00:00:00Z"}).status_code == 200


def test_a_plus_that_a_query_turned_into_a_space_is_meant_as_a_plus():
    assert times.instant("2026-11-20T14:00:00 02:00") == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_answers_are_utc_to_the_millisecond(client):
    answer = client.get("/api/timeline?from=2026-11-20T14:00:00.1239%2B02:00&to=2026-11-21T00:00:00Z").json()
    assert answer["from"] == "2026-11-20T12:00:00.123Z"


@given(st.integers(-30_000_000_000_000, 200_000_000_000_000), st.integers(-720, 720))
def test_every_zone_says_the_same_instant(tens, minutes):
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime(1971, 1, 1, tzinfo=zone) + timedelta(microseconds=tens * 10 + 7)
    found = times.instant(moment.isoformat())
    assert timedelta(0) <= moment - found < timedelta(milliseconds=1)


@given(st.text(max_size=60))
def test_any_text_is_a_time_or_an_error(text):
    with contextlib.suppress(BadTime):
        assert times.instant(text).tzinfo is UTC


@given(st.text(max_size=100))
def test_any_text_is_a_cursor_or_an_error(text):
    with contextlib.suppress(BadCursor):
        cursors.decode("jobs", text, 1)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1)), max_size=6))
def test_a_cursor_gives_back_what_it_was_made_of(values):
    assert cursors.decode("x", cursors.encode("x", values), len(values)) == values
    with pytest.raises(MemError):
        cursors.decode("y", cursors.encode("x", values), len(values))


@pytest.mark.parametrize("path", ["/api/jobs", "/api/sources", "/api/timeline", "/api/frames", "/api/notes"])
@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "é", "x" * 5000, cursors.encode("other", [1]), cursors.encode("jobs", [None]),
     cursors.encode("sources", [None, 3]), cursors.encode("sources", [2**62, 3]),
     cursors.encode("notes", [5, 1, 0, 1, 1]), cursors.encode("frames", [5, 9, 0, None, 1])],
)  # fmt: skip
def test_a_cursor_from_elsewhere_is_refused(client, path, cursor):
    answer = client.get(path, params={"cursor": cursor})
    check(answer, 400, "bad_cursor")
