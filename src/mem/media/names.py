"""The time in a file's name, as recorders, phones, cameras and people write it.

A name is searched from certain to doubtful: a date and a time to the second, seconds since 1970, a
time to the minute, a date alone. Digits that belong to a longer number, and dates that no calendar
has, are passed over.
"""

import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from mem.media import stamps
from mem.media.stamps import Stamp

_LENGTH = 1000  # characters of a path that are looked at
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>(?i:{'|'.join(_MONTHS)})[a-z]*)\.?"

_SPLIT = r"(?<!\d)(?P<y>\d{4})(?P<ds>[-._: /])(?P<m>\d{1,2})(?P=ds)(?P<d>\d{1,2})"
_SOLID = r"(?<!\d)(?P<y>\d{4})_?(?P<m>\d\d)(?P<d>\d\d)"
_CHINESE = r"(?<!\d)(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"
_YEAR_LAST = r"(?<!\d)(?P<a>\d{1,2})(?P<ds>[-._])(?P<b>\d{1,2})(?P=ds)(?P<y>\d{4})"
_DAY_MONTH = rf"(?<!\d)(?P<d>\d{{1,2}})[-_ .]+{_MONTH}[-_ ,]+(?P<y>\d{{4}})"
_MONTH_DAY = rf"(?<![^\W_]){_MONTH}[-_ ]+(?P<d>\d{{1,2}})[-_ ,]+(?P<y>\d{{4}})"
_DATES = (_SPLIT, _SOLID, _CHINESE, _YEAR_LAST, _DAY_MONTH, _MONTH_DAY)

_BETWEEN = r"(?P<between>T|[ _,-]+|\.|[ _][^\W\d_]{1,4}\.?(?: las)?[ _])"  # a word: at, um, à, a las
_NOON = r" ?(?P<noon>[AaPp])\.?[Mm]\b"
_SPLIT_TIME = (
    r"(?P<H>\d{1,2})(?P<ts>[-._: ])(?P<M>\d\d)(?P=ts)(?P<S>\d\d)"
    rf"(?:(?P<f>[.,]\d{{3}}|-\d{{3}}(?!\d))\d{{0,3}})?(?!\d)(?:{_NOON})?"
)
_VLC_TIME = r"(?P<H>\d\d)h(?P<M>\d\d)m(?P<S>\d\d)s"
_SOLID_TIME = (
    r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?:[.,]?(?P<f>\d{3})\d{0,3}(?!\d)|\d\d(?=-[0-9A-F]{32}))?(?!\d)"
)
_MINUTES = rf"(?:(?P<H>\d\d)[-._:h](?P<M>\d\d)(?!\d)|(?P<H12>\d{{1,2}})[-._:](?P<M12>\d\d){_NOON})"
_SOLID_MINUTES = r"(?P<H>\d\d)(?P<M>\d\d)(?!\d)"

_NEXTBASE = r"^(?P<y2>\d\d)(?P<m>\d\d)(?P<d>\d\d)_(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)_\d{3}_[A-Z]{2}\b"
_FRIGATE = r"(?P<y>\d{4})-(?P<m>\d\d)[-/](?P<d>\d\d)/(?P<H>\d\d)/[^/]+/(?P<M>\d\d)\.(?P<S>\d\d)\.[^./]+$"
_EPOCH = re.compile(
    r"(?<![\d.])(\d{10}\.\d{3,6}|\d{13}|(?:(?<![^\W_])|(?<=Final))\d{10})(?![.]?\d)(?![^\W_])"
)


def _joined(dates: tuple[str, ...], times: tuple[str, ...], end: str = "") -> list[re.Pattern[str]]:
    return [re.compile(f"{date}{_BETWEEN}{time}{end}") for time, date in itertools.product(times, dates)]


_TO_THE_SECOND = [
    re.compile(_FRIGATE),
    re.compile(_SOLID + _SOLID_TIME),
    *_joined(_DATES, (_SPLIT_TIME, _VLC_TIME, _SOLID_TIME)),
    re.compile(_NEXTBASE),
]
_TO_THE_MINUTE = [*_joined(_DATES, (_MINUTES, _SOLID_MINUTES)), re.compile(_SOLID + _SOLID_MINUTES)]
_DAYS = [
    re.compile(rf"(?<![^\W_]){date}(?![^\W_])(?![.]\d)")
    for date in (_SPLIT.replace("{1,2}", "{2}"), _SOLID, _CHINESE, _YEAR_LAST, _DAY_MONTH, _MONTH_DAY)
]

_OFFSET = re.compile(r"(?P<word> ?(?:UTC|GMT))? ?(?P<offset>[+-]\d{1,2}(?:[:-]?\d\d)?)(?![^\W_])")
_ABBREVIATION = re.compile(r"(?:Z| ?(?P<name>[A-Z]{3,4}))(?![^\W_])")
# What means one offset wherever it is written, in hours. CST, IST and BST do not.
_HOURS = {
    "UTC": 0, "GMT": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "EST": -5, "EDT": -4, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13,
}  # fmt: skip
_WRITTEN_IN_UTC = re.compile(r"^(?:PXL_|GMT\d)")  # Pixel phones, Zoom


def read(name: str, last_year: int) -> Stamp | None:
    """The time in a file's name or path, None when there is none; no later than in `last_year`."""
    name = name[-_LENGTH:]
    name = " ".join(unicodedata.normalize("NFC", name).split())  # macOS writes a narrow space before PM
    return (
        next(_found(_TO_THE_SECOND, name, last_year), None)
        or next(_epochs(name, last_year), None)
        or next(_found(_TO_THE_MINUTE, name, last_year), None)
        or next(_found(_DAYS, name, last_year), None)
    )


def _found(patterns: list[re.Pattern[str]], name: str, last_year: int) -> Iterator[Stamp]:
    for pattern in patterns:
        for match in _matches(pattern, name):
            time, doubt = _time(match)
            if time is not None and stamps.plausible(time, last_year):
                stamp = _stamp(match, time, doubt)
                if stamp is not None:
                    yield stamp


def _matches(pattern: re.Pattern[str], name: str) -> Iterator[re.Match[str]]:
    """All that match, those too that begin within another: in T8113_20260301 the date is the second."""
    match = pattern.search(name)
    while match:
        yield match
        match = pattern.search(name, match.start() + 1)


def _time(match: re.Match[str]) -> tuple[datetime | None, str | None]:
    """The local time that one match writes, None when no calendar or clock has it; and a doubt."""
    parts = match.groupdict()
    year, month, day, doubt = _date(parts, match.string)
    minute = int(parts.get("M") or parts.get("M12") or 0)
    second, thousandths = int(parts.get("S") or 0), int((parts.get("f") or "0").lstrip(".,-"))
    try:
        return datetime(year, month, day, _hour(parts), minute, second, thousandths * 1000), doubt  # noqa: DTZ001
    except ValueError:
        return None, None


def _stamp(match: re.Match[str], time: datetime, doubt: str | None) -> Stamp | None:
    """What one match says, None when more digits or letters belong to it."""
    parts = match.groupdict()
    text = match[0].strip(" _-")
    if "M" not in parts:
        return Stamp(time=time, text=text, confidence="low", precision="day", doubt=doubt)
    zone, end = _zone(match, parts)
    if "S" not in parts:
        if match.string[end : end + 1].isalnum():
            return None
        doubt = doubt or _counter(parts)
    text = match.string[match.start() : end].strip(" _-")
    stamp = Stamp(
        time=time,
        text=text,
        confidence="low" if doubt else "medium",
        precision="second" if "S" in parts else "minute",
        doubt=doubt,
    )
    if zone is None:
        return stamp
    time = time.replace(tzinfo=zone).astimezone(UTC)
    return dataclasses.replace(stamp, time=time, confidence="low" if doubt else "high")


def _date(parts: dict[str, str | None], name: str) -> tuple[int, int, int, str | None]:
    """Year, month and day, and the doubt where day and month might be the other way round."""
    year = int(parts.get("y") or f"20{parts.get('y2')}")
    if month := parts.get("month"):
        return year, _MONTHS.index(month[:3].lower()) + 1, int(parts["d"] or 0), None
    if "a" not in parts:
        return year, int(parts["m"] or 0), int(parts["d"] or 0), None
    first, second = int(parts["a"] or 0), int(parts["b"] or 0)
    day_first = parts["ds"] == "." or first > 12
    if second > 12:
        day_first = False
    sure = (
        parts["ds"] == "."
        or first == second
        or max(first, second) > 12
        or name.startswith("ScreenRecording_")
    )
    doubt = None if sure else "day and month could be the other way round"
    return (year, second, first, doubt) if day_first else (year, first, second, doubt)


def _hour(parts: dict[str, str | None]) -> int:
    hour = int(parts.get("H") or parts.get("H12") or 0)
    noon = parts.get("noon")
    if noon is None:
        return hour
    if not 1 <= hour <= 12:
        return 99  # which no day has
    return hour % 12 + (12 if noon in "Pp" else 0)


def _counter(parts: dict[str, str | None]) -> str | None:
    """Four digits after a date may count files as well as tell the time."""
    is_split = parts.get("H12") is not None or "noon" in parts
    return None if is_split or parts.get("between") in ("T", " ") else "its last digits may be a counter"


def _zone(match: re.Match[str], parts: dict[str, str | None]) -> tuple[timezone | None, int]:
    """The zone that is written after a time, or known from who writes such names; and where it ends."""
    name, end = match.string, match.end()
    if offset := _OFFSET.match(name, end):
        text, word = offset["offset"], offset["word"]
        after_t = parts.get("between") == "T"
        is_zone = word or (len(text) >= 3 and (text[0] == "+" or (after_t and len(text) >= 5)))
        if is_zone and (zone := stamps.offset(text)):
            return zone, offset.end()
    if (short := _ABBREVIATION.match(name, end)) and (short["name"] is None or short["name"] in _HOURS):
        return timezone(timedelta(hours=_HOURS[short["name"] or "UTC"])), short.end()
    is_utc = _WRITTEN_IN_UTC.match(name) or match.re.pattern == _FRIGATE
    return (UTC if is_utc else None), end


def _epochs(name: str, last_year: int) -> Iterator[Stamp]:
    """Seconds or milliseconds since 1970; of several long numbers in a name none is believed to be one."""
    alone = len(re.findall(r"\d{8,}", name)) == 1
    for match in _EPOCH.finditer(name):
        stamp = stamps.since_epoch(match[0], last_year)
        if stamp is not None and (alone or "." in match[0]):
            yield stamp if "." in match[0] else dataclasses.replace(stamp, confidence="medium")
