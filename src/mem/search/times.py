"""Times in a query: before:2026-11-20, after:yesterday, after:2h."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


def moment(text: str, *, zone: tzinfo, now: datetime) -> datetime | None:
    """The instant that `text` names, UTC: the first one of a day, month or year; None if it names none.

    A number with m, h, d or w is that long before `now`. Times without zone are in `zone`.
    """
    text = text.strip()
    try:
        found = _relative(text, zone, now) or _calendar(text, zone) or _absolute(text, zone)
    except (ValueError, OverflowError):
        return None
    try:
        return found.astimezone(UTC)
    except OverflowError:  # the first hours of year 1 or the last of year 9999
        return _LAST if found.year == _LAST.year else datetime.min.replace(tzinfo=UTC)


def written(instant: datetime) -> str:
    """An instant as an answer shows it."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _relative(text: str, zone: tzinfo, now: datetime) -> datetime | None:
    if text.lower() in _DAYS:
        day = now.astimezone(zone).date() + timedelta(days=_DAYS[text.lower()])
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    if match := re.fullmatch(r"-?(\d{1,6})([mhdw])", text, re.ASCII | re.IGNORECASE):
        return now - int(match[1]) * _UNITS[match[2].lower()]
    return None


def _calendar(text: str, zone: tzinfo) -> datetime | None:
    if match := re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text, re.ASCII):
        day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    return None


def _absolute(text: str, zone: tzinfo) -> datetime:
    instant = datetime.fromisoformat(text)
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
