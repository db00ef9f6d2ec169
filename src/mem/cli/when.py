"""Times as a person writes them on the command line, and as tables show them."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from mem.errors import BadTime

_LENGTH = 100  # characters
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"w": "w", "week": "w", "d": "d", "day": "d", "h": "h", "hr": "h", "hour": "h"}
_UNITS |= {"m": "m", "min": "m", "minute": "m", "": "s", "sec": "s", "second": "s"}
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,6}))?)?"
_DAY = re.compile(rf"(?P<day>today|yesterday|[a-z]{{3,9}})?(?:(?:^| (?:at )?){_CLOCK})?")
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ]\d.*)?", re.IGNORECASE)
_AMOUNT = r"(\d{1,9}(?:\.\d{1,6})?) ?(w|d|h|m|s)"
_BACK = re.compile(rf"-(?:{_AMOUNT} ?)+")
_AGO = re.compile(r"((?:(?:and )?(?:\d{1,9}(?:\.\d{1,6})?|an?) ?[a-z]+ )+)ago")
_PART = re.compile(r"(\d+(?:\.\d+)?|an?) ?([a-z]+) ")


def parse(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The instant that `text` means, UTC, cut to milliseconds; a local time is read in `zone`.

    `now` is aware. A weekday is the last one, up to now; days and weeks back are 24 and 168 hours.
    Raises BadTime.
    """
    plain = " ".join(text.split()).lower()
    try:
        if len(plain) > _LENGTH:
            raise ValueError(plain)
        if plain == "now":
            moment = now
        elif _BACK.fullmatch(plain):
            moment = now - _span(re.findall(_AMOUNT, plain))
        elif ago := _AGO.fullmatch(plain):
            moment = now - _ago(ago[1])
        elif _ISO.fullmatch(plain):
            moment = _iso(plain, zone)
        else:
            moment = _on_a_day(plain, now.astimezone(zone), zone)
        moment = moment.astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        raise BadTime(f"{text[:80]!r} is not a time.") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def show(moment: datetime, zone: tzinfo) -> str:
    """A moment on the clock of `zone`, with milliseconds only where it has some."""
    local = moment.astimezone(zone)
    milliseconds = f".{local.microsecond // 1000:03}" if local.microsecond >= 1000 else ""
    return f"{local:%Y-%m-%d %H:%M:%S}{milliseconds}"


def _iso(plain: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(re.sub(r" (?=z$|[+-]\d)", "", plain).upper())
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment


def _on_a_day(plain: str, now: datetime, zone: tzinfo) -> datetime:
    """A day's name, a time of day, or both. `now` is local."""
    match = _DAY.fullmatch(plain)
    if match is None or not plain:
        raise ValueError(plain)
    clock = _time_of_day(match)
    day = match["day"]
    if day in (None, "today"):
        back = 0
    elif day == "yesterday":
        back = 1
    else:
        back = (now.weekday() - _weekday(day)) % 7
        if datetime.combine(now.date() - timedelta(back), clock, zone) > now:
            back += 7
    return datetime.combine(now.date() - timedelta(back), clock, zone)


def _time_of_day(match: re.Match[str]) -> time:
    fraction = int((match["fraction"] or "0").ljust(6, "0"))
    return time(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0), fraction)


def _weekday(name: str) -> int:
    for number, weekday in enumerate(_WEEKDAYS):
        if weekday.startswith(name):
            return number
    raise ValueError(name)


def _ago(words: str) -> timedelta:
    parts = _PART.findall(words.replace("and ", ""))
    return _span(
        [("1" if count.startswith("a") else count, _UNITS[unit.rstrip("s")]) for count, unit in parts]
    )


def _span(amounts: list[tuple[str, str]]) -> timedelta:
    return sum((timedelta(seconds=float(count) * _SECONDS[unit]) for count, unit in amounts), timedelta())
