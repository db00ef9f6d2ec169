"""Rules about what is not kept: which recordings they are about, and what of those is hidden.

A rule with neither hours, region nor text is about whole recordings: they are refused. Hours hide what
was shown and said in them, a region what stood in that part of the picture: a black picture or a coarse
mosaic takes its place before anything is stored. Text is known only once a picture was read, so what it
stood on is redacted right after that.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from mem.config import Config
from mem.config.guarding import Exclusion
from mem.errors import Excluded
from mem.types import ScreenText, Source, milliseconds

Interval = tuple[int, int]  # offsets in ms
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def about(
    rules: Iterable[Exclusion], name: str | None, location: str | None, device: str | None
) -> list[Exclusion]:
    """The rules that a recording of this name, location and device falls under."""
    return [
        rule
        for rule in rules
        if _fits(rule.name, name) and _fits(rule.location, location) and _fits(rule.device, device)
    ]


def refuse(rules: Iterable[Exclusion], name: str | None, location: str | None, device: str | None) -> None:
    """Raise Excluded for a recording that is not to be kept at all."""
    for rule in about(rules, name, location, device):
        if rule.hours is None and rule.region is None and rule.text is None:
            raise Excluded(f"{name} is not to be kept by a rule of privacy.exclude.")


def of_source(rules: Iterable[Exclusion], source: Source) -> list[Exclusion]:
    """The rules that a source falls under."""
    return about(rules, source.name, source.location, source.device)


def hidden(rules: Iterable[Exclusion], start: datetime, longest: timedelta, zone: ZoneInfo) -> list[Interval]:
    """The parts of a recording that began at `start` which lie in excluded hours, in order, merged."""
    found = sorted(
        (max(0, milliseconds(begin - start)), milliseconds(end - start))
        for rule in rules
        if rule.hours is not None
        for begin, end in _times(rule, start, start + longest, zone)
    )
    return merged(found)


def hours(config: Config, rules: Iterable[Exclusion], source: Source) -> list[Interval]:
    """The same for a source, as long as one may be."""
    longest = timedelta(seconds=config.media.max_duration_seconds)
    return hidden(rules, source.started_at, longest, config.zone)


def regions(rules: Iterable[Exclusion]) -> list[tuple[float, float, float, float]]:
    """The parts of the picture that are hidden: left, top, width and height, as shares of it."""
    return [rule.region for rule in rules if rule.region is not None]


def original_goes(config: Config, source: Source) -> bool:
    """Whether the recording itself holds what was hidden, so that it cannot be kept either."""
    rules = of_source(config.privacy.exclude, source)
    if regions(rules):
        return True
    end = source.ended_at or source.started_at
    return bool(hidden(rules, source.started_at, end - source.started_at, config.zone))


def overlaps(intervals: Iterable[Interval], start_ms: int, end_ms: int) -> bool:
    """Whether ``[start_ms, end_ms)`` touches one of them."""
    return any(begin < end_ms and start_ms < end for begin, end in intervals)


def told(rules: Iterable[Exclusion], lines: Iterable[ScreenText]) -> list[tuple[datetime, datetime]]:
    """When a line stood on screen that holds the text of a rule, merged and in order."""
    texts = [rule.text.casefold() for rule in rules if rule.text is not None]
    found: list[tuple[datetime, datetime]] = []
    shown = [(line.start, line.end) for line in lines if any(text in line.text.casefold() for text in texts)]
    for start, end in sorted(shown):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals in order; those that touch are one, and what is empty is left out."""
    found: list[Interval] = []
    for begin, end in intervals:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif begin < end:
            found.append((begin, end))
    return found


def _fits(pattern: str | None, value: str | None) -> bool:
    return pattern is None or fnmatchcase((value or "").casefold(), pattern.casefold())


def _times(
    rule: Exclusion, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """When the rule holds between two instants; hours that end before they begin go over midnight."""
    first, last = (time.fromisoformat(text) for text in str(rule.hours).split("-"))
    day = start.astimezone(zone).date() - timedelta(days=1)
    while (begin := datetime.combine(day, first, zone).astimezone(UTC)) < end:
        until = datetime.combine(day + timedelta(days=int(last <= first)), last, zone).astimezone(UTC)
        if until > start and (not rule.days or _DAYS[day.weekday()] in rule.days):
            yield begin, until
        day += timedelta(days=1)
