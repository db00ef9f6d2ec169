"""Instants as their reader's clock shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfoNotFoundError

import tzlocal

from mem import types
from mem.cli import when


def zone() -> tzinfo:
    """The zone of this machine's user; UTC where none is set up."""
    try:
        return tzlocal.get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def instant(text: str) -> datetime:
    """An instant from the API's JSON, aware and UTC."""
    return datetime.fromisoformat(text)


def iso(moment: datetime) -> str:
    """An instant as the API and every command read it: UTC, to the millisecond."""
    return types.written(moment).replace(".000Z", "Z")


def day(moment: datetime, where: tzinfo) -> str:
    """The date, for example "Fri 2026-11-20"."""
    return moment.astimezone(where).strftime("%a %Y-%m-%d")


def time(moment: datetime, where: tzinfo) -> str:
    """The time of day to the second, for example "14:00:05"."""
    return moment.astimezone(where).strftime("%H:%M:%S")


def full(moment: datetime, where: tzinfo) -> str:
    """Date and time to the second without the zone, for example "2026-11-20 14:00:05"."""
    return moment.astimezone(where).strftime("%Y-%m-%d %H:%M:%S")


def exact(moment: datetime, where: tzinfo) -> str:
    """Date, time and zone, so that the text says one instant wherever it is read."""
    return f"{when.show(moment, where)} {zone_name([moment], where)}"


def zone_name(moments: Sequence[datetime], where: tzinfo) -> str:
    """The zone's name and its offset at the moments, for example "Europe/Berlin, UTC+01:00"."""
    offsets = sorted({_offset(moment, where) for moment in moments})
    name = str(getattr(where, "key", None) or where.tzname(None) or "local time")
    if name in ("UTC", "Etc/UTC"):
        return "UTC"
    return f"{name}, {' and '.join(offsets)}" if offsets else name


def _offset(moment: datetime, where: tzinfo) -> str:
    text = moment.astimezone(where).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"
