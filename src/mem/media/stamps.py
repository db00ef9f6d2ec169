"""Time stamps found in names and files: how they are read, and which instant a local one means."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from mem.types import Confidence

FIRST_YEAR = 1990  # older stamps are unset clocks (1904, 1970, 1980), not recordings

_LENGTH = 64  # characters of a field that holds a time
_EXIF = re.compile(r"(\d{4}):(\d\d):(\d\d)(?=[ T])")
_ZONE_WORD = re.compile(r"\s*(?:UTC|GMT|Z)$")
_SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time that was read somewhere: an instant if it is aware, a local time if it is naive."""

    time: datetime
    text: str  # as it was written
    confidence: Confidence
    precision: Literal["second", "minute", "day"] = "second"
    doubt: str | None = None  # why it may be read wrongly


def plausible(time: datetime, last_year: int) -> bool:
    """Whether a recording may have begun then: in 1990 or later, in `last_year` at the latest."""
    return FIRST_YEAR <= time.year <= last_year


def read(text: str, last_year: int) -> Stamp | None:
    """The time in a field that holds nothing else: ISO 8601, EXIF's form, or seconds since 1970."""
    text = text.strip()
    if len(text) > _LENGTH:
        return None
    if re.fullmatch(r"\d{9,10}(?:\.\d+)?|\d{12,13}", text):
        return since_epoch(text, last_year)
    plain = _SPACED_OFFSET.sub("", _ZONE_WORD.sub("+00:00", _EXIF.sub(r"\1-\2-\3", text)))
    try:
        time = datetime.fromisoformat(plain)
        time = time if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not plausible(time, last_year):
        return None
    if len(plain) <= len("2026-11-20"):
        return Stamp(time=time, text=text, confidence="low", precision="day")
    return Stamp(time=time, text=text, confidence="medium" if time.tzinfo is None else "high")


def since_epoch(text: str, last_year: int) -> Stamp | None:
    """The instant that a number of seconds or milliseconds since 1970 means."""
    whole, _, fraction = text.partition(".")
    milliseconds = int(whole) if len(whole) >= 12 else int(whole) * 1000 + int(f"{fraction}000"[:3])
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return Stamp(time=time, text=text, confidence="high") if plausible(time, last_year) else None


def place(local: datetime, zone: ZoneInfo) -> tuple[datetime, str | None]:
    """The instant of a local time in `zone`, UTC, and the doubt where the clocks were changed.

    A time that the clocks skipped is moved forward by what they skipped; of a time that came twice
    the earlier one is taken.
    """
    early = local.replace(tzinfo=zone, fold=0)
    late = local.replace(tzinfo=zone, fold=1)
    instant = early.astimezone(UTC)
    if early.utcoffset() == late.utcoffset():
        return instant, None
    shown = instant.astimezone(zone).replace(tzinfo=None)
    if shown != local:
        return instant, f"the clocks skipped that time, so it was taken as {shown:%H:%M:%S}"
    return instant, "the clocks showed that time twice, and the earlier one was taken"


def offset(text: str) -> timezone | None:
    """The zone that an offset such as +01:00, -0530 or +1 means."""
    match = re.fullmatch(r"([+-])(\d{1,2})(?:[:-]?(\d\d))?", text)
    if match is None or int(match[2]) > 14 or int(match[3] or 0) % 15 or int(match[3] or 0) >= 60:
        return None
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-span if match[1] == "-" else span)
