from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.errors import NaiveTime
from mem.media import clock, stamps
from mem.types import Media

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "local", "instant", "doubt"),
    [
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00", "skipped"),
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00", "twice"),
        ("Australia/Sydney", "2026-10-04T02:30:00", "2026-10-03T16:30:00+00:00", "skipped"),
        ("Australia/Sydney", "2026-04-05T02:30:00", "2026-04-04T15:30:00+00:00", "twice"),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00+00:00", "skipped"),
        ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00+00:00", "twice"),
        ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00+00:00", None),
        ("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00+00:00", None),
        ("Asia/Kathmandu", "2026-11-20T14:00:00", "2026-11-20T08:15:00+00:00", None),
    ],
)
def test_a_local_time_when_clocks_change(zone, local, instant, doubt):
    time, why = stamps.place(datetime.fromisoformat(local), ZoneInfo(zone))
    assert time == datetime.fromisoformat(instant)
    assert doubt in why if doubt else why is None


def media(duration=0.0, **tags):
    length = round(duration * 1000) or None
    return Media(container="mp4", size=1, duration_ms=length, video=None, audio=None, tags=tags)


def resolve(
    name="clip.mp4", *, held=None, mtime="2024-12-01T00:00:00Z", sidecars=None, caller=None, zone=BERLIN
):
    return clock.resolve(
        name=name,
        media=held or media(),
        mtime=datetime.fromisoformat(mtime),
        sidecars=sidecars or {},
        caller=caller,
        zone=zone,
    )


def answer(start):
    return start.started_at.isoformat(timespec="milliseconds"), start.time_source, start.confidence


NOON = "2024-11-20T12:00:00.000+00:00"


def test_the_order_of_trust():
    facts = {
        "name": "2024-11-20_13-02-00.mp4",
        "held": media(60, creation_time="2024-11-20T12:03:00.000000Z"),
        "mtime": "2024-11-20T12:05:00Z",
        "sidecars": {"clip.json": '{"started_at": "2024-11-20T12:01:00Z"}'},
        "caller": datetime(2024, 11, 20, 12, tzinfo=UTC),
    }
    assert answer(resolve(**facts)) == (NOON, "caller", "high")
    del facts["caller"]
    assert answer(resolve(**facts)) == (NOON.replace("12:00", "12:01", 1), "sidecar", "high")
    del facts["sidecars"]
    assert answer(resolve(**facts)) == (NOON.replace("12:00", "12:02", 1), "filename", "medium")
    del facts["name"]
    assert answer(resolve(**facts)) == (NOON.replace("12:00", "12:03", 1), "container", "medium")
    facts["held"] = media(60)
    assert answer(resolve(**facts)) == (NOON.replace("12:00", "12:04", 1), "mtime", "low")


def test_a_caller_without_zone_is_refused():
    with pytest.raises(NaiveTime):
        resolve(caller=datetime(2024, 11, 20, 12))  # noqa: DTZ001


def test_a_caller_in_another_zone_is_stored_in_utc_and_cut_to_milliseconds():
    start = resolve(caller=datetime(2024, 11, 20, 13, 0, 0, 123999, tzinfo=BERLIN))
    assert start.started_at == datetime(2024, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)
    assert start.started_at.tzinfo is UTC


ZONED = {"com.apple.quicktime.creationdate": "2024-11-20T13:00:00+0100"}
CONTAINERS = [
    # (duration, tags, mtime, expected start, confidence, a word of the evidence)
    (600, "2024-11-20T12:00:00.000000Z", "2024-11-20T12:10:02Z", "2024-11-20T12:00:00", "medium", "file"),
    (600, "2024-11-20T12:00:00.000000Z", "2024-12-01T00:00:00Z", "2024-11-20T12:00:00", "medium", "file"),
    (600, "2024-11-20T12:10:00.000000Z", "2024-11-20T12:10:02Z", "2024-11-20T12:00:00", "medium", "its end"),
    (
        600,
        "2024-11-20T13:00:00.000000Z",
        "2024-11-20T12:10:02Z",
        "2024-11-20T12:00:00",
        "medium",
        "though it says",
    ),
    (
        600,
        "2024-11-20T13:10:00.000000Z",
        "2024-11-20T12:10:02Z",
        "2024-11-20T12:00:00",
        "medium",
        "its end in",
    ),
    (3, "2024-11-20T12:00:03.000000Z", "2024-11-20T12:00:03Z", "2024-11-20T12:00:03", "medium", "file"),
    (3600, "2024-11-20T13:00:00.000000Z", "2024-11-20T13:00:00Z", "2024-11-20T12:00:00", "medium", "its end"),
    (600, "2024-11-20T17:00:00.000000Z", "2024-11-20T12:10:02Z", "2024-11-20T17:00:00", "low", "later than"),
]


@pytest.mark.parametrize(("duration", "tag", "mtime", "start", "confidence", "word"), CONTAINERS)
def test_a_creation_time_is_checked_against_the_last_write(duration, tag, mtime, start, confidence, word):
    found = resolve(held=media(duration, creation_time=tag), mtime=mtime)
    assert answer(found) == (f"{start}.000+00:00", "container", confidence)
    assert word in found.evidence


def test_a_creation_time_west_of_greenwich_is_corrected_too():
    found = resolve(
        held=media(600, creation_time="2024-11-20T07:00:00.000000Z"),
        mtime="2024-11-20T12:10:01Z",
        zone=ZoneInfo("America/New_York"),
    )
    assert answer(found) == (NOON, "container", "medium")


def test_apples_creationdate_counts_before_creation_time():
    found = resolve(held=media(600, creation_time="2024-11-21T08:00:00.000000Z", **ZONED))
    assert answer(found) == (NOON, "container", "high")


@pytest.mark.parametrize(
    "tags",
    [
        {"creation_time": "1904-01-01T00:00:00.000000Z"},
        {"creation_time": "1970-01-01T00:00:00.000000Z"},
        {"creation_time": "rubbish"},
        {"creation_time": ""},
        {"date": "2024"},
        {"date": "2024-11-20"},
    ],
)
def test_an_unset_container_time_is_passed_over(tags):
    assert answer(resolve(held=media(10, **tags), mtime="2024-11-20T12:00:10Z")) == (NOON, "mtime", "low")


def test_tags_are_found_whatever_their_case():
    held = media(10, DATE_RECORDED="2024-11-20 13:00:00")
    assert answer(resolve(held=held)) == (NOON, "container", "medium")


def test_without_a_duration_the_last_change_stands_and_the_evidence_says_so():
    found = resolve(mtime="2024-11-20T12:00:00Z")
    assert answer(found) == (NOON, "mtime", "low")
    assert "length is unknown" in found.evidence


@pytest.mark.parametrize(
    ("tag", "confidence", "mentioned"),
    [
        ("2024-11-20T12:00:30.000000Z", "medium", False),  # agrees
        ("2024-11-20T12:10:00.000000Z", "medium", False),  # the end
        ("2024-11-20T13:00:00.000000Z", "medium", False),  # local time as UTC
        ("2024-11-20T13:10:00.000000Z", "medium", False),  # both
        ("2024-11-20T11:45:00.000000Z", "medium", True),  # not quite
        ("2024-11-20T18:00:00.000000Z", "low", True),
        ("2024-11-25T12:00:00.000000Z", "low", True),
    ],
)
def test_a_name_that_the_container_contradicts_is_less_sure(tag, confidence, mentioned):
    found = resolve("2024-11-20_13-00-00.mp4", held=media(600, creation_time=tag))
    assert answer(found) == (NOON, "filename", confidence)
    assert ("but creation_time" in found.evidence) == mentioned


def test_a_sidecar_that_the_name_contradicts_is_less_sure():
    found = resolve("2024-11-22.mp4", sidecars={"a.json": '{"start": "2024-11-20T12:00:00Z"}'})
    assert answer(found) == (NOON, "sidecar", "medium")
    assert "but the name says 2024-11-22" in found.evidence


def test_a_date_alone_is_local_midnight():
    found = resolve("2024-11-20 Party.mp4")
    assert answer(found) == ("2024-11-19T23:00:00.000+00:00", "filename", "low")


def test_a_date_alone_yields_to_a_time_within_that_day():
    held = media(600, creation_time="2024-11-20T12:00:00.000000Z")
    assert answer(resolve("2024-11-20 Party.mp4", held=held)) == (NOON, "container", "medium")
    found = resolve("2024-11-20 Party.mp4", held=media(600), mtime="2024-11-20T12:10:00Z")
    assert answer(found) == (NOON, "mtime", "low")
    assert "on the day that the name says 2024-11-20" in found.evidence


def test_a_date_alone_stands_against_another_day():
    held = media(600, creation_time="2024-11-22T12:00:00.000000Z")
    found = resolve("2024-11-20 Party.mp4", held=held)
    assert answer(found) == ("2024-11-19T23:00:00.000+00:00", "filename", "low")
    assert "but creation_time" in found.evidence


@pytest.mark.parametrize(
    ("name", "word"), [("2024-03-31_02-30-00.mp4", "skipped"), ("2024-10-27_02-30-00.mp4", "twice")]
)
def test_a_time_when_clocks_changed_is_doubted(name, word):
    found = resolve(name)
    assert found.confidence == "low"
    assert word in found.evidence


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=80))
def test_no_text_anywhere_breaks_it(name, tag, text):
    found = resolve(
        name, held=media(1, creation_time=tag, date=text), sidecars={"a.json": text, "a.xml": text}
    )
    assert found.started_at.tzinfo is UTC
    assert found.evidence.endswith(".")
