"""Instants on the reader's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mem.cli import local

BERLIN = ZoneInfo("Europe/Berlin")
WINTER = datetime(2026, 11, 20, 23, 30, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def test_the_date_is_that_of_the_zone():
    assert local.full(WINTER, BERLIN) == "2026-11-21 00:30:05"
    assert local.day(WINTER, BERLIN) == "Sat 2026-11-21"


def test_the_zone_is_named_with_every_offset_that_occurs():
    assert local.zone_name([WINTER], BERLIN) == "Europe/Berlin, UTC+01:00"
    assert local.zone_name([WINTER, SUMMER], BERLIN) == "Europe/Berlin, UTC+01:00 and UTC+02:00"
    assert local.zone_name([WINTER], ZoneInfo("Etc/UTC")) == "UTC"


def test_what_is_copied_from_the_screen_is_the_same_instant():
    moment = WINTER.replace(microsecond=7000)
    assert local.instant(local.iso(moment)) == moment
    assert local.iso(WINTER) == "2026-11-20T23:30:05Z"


def test_a_zone_that_does_not_exist_means_utc(monkeypatch):
    monkeypatch.setenv("TZ", "Nowhere/Atall")
    monkeypatch.setattr("tzlocal.unix._cache_tz", None)
    assert local.zone() is UTC
