"""Instants and ranges as requests give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BeforeValidator

from mem import types
from mem.api import cursors
from mem.errors import BadCursor, BadTime, NaiveTime

_LOST_PLUS = re.compile(r"(T\S+) (\d\d:?\d\d)$")
_YEARS = range(1000, 9000)  # beyond, adding days could leave the calendar
FIRST, LAST = datetime(_YEARS[0], 1, 1, tzinfo=UTC), datetime(_YEARS[-1], 1, 1, tzinfo=UTC)


def instant(value: object) -> object:
    """An aware UTC instant, cut to milliseconds, from ISO 8601 text.

    Raises BadTime, and NaiveTime when the text names no zone.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadTime(f"A time is a text, not a {type(value).__name__}.")
    # A "+" that was not percent-encoded in a query arrives as a space.
    text = _LOST_PLUS.sub(r"\1+\2", value.strip())
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is None:
            raise NaiveTime(moment)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTime(f"{value[:80]!r} is not a time.") from None
    if moment.year not in _YEARS:
        raise BadTime(f"{value[:80]!r} lies outside the years {_YEARS[0]} to {_YEARS[-1]}.")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Instant = Annotated[datetime, BeforeValidator(instant, json_schema_input_type=datetime)]
From = Annotated[Instant | None, Query(alias="from", description="First instant, ISO 8601 with a zone")]
To = Annotated[Instant | None, Query(alias="to", description="Instant after the last, ISO 8601 with a zone")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The half-open interval that is looked at, and whether an end of it was left to the server."""

    start: datetime
    end: datetime
    defaulted: bool


async def asked_range(request: Request, from_: From = None, to: To = None) -> Range:
    """The range of a request; what it leaves open is the last `api.default_time_range_days`.

    Raises BadTime when the range is empty.
    """
    days = timedelta(days=request.app.state.memory.config.api.default_time_range_days)
    end = to or max(types.now(), from_ + days if from_ and from_ > types.now() else types.now())
    return checked(from_ or end - days, end, defaulted=from_ is None or to is None)


def checked(start: datetime, end: datetime, *, defaulted: bool = False) -> Range:
    """A range whose start lies before its end. Raises BadTime."""
    if start >= end:
        raise BadTime(f"The range is empty: {start} does not lie before {end}.", hint="Swap from and to.")
    return Range(start=start, end=end, defaulted=defaulted)


AskedRange = Annotated[Range, Depends(asked_range)]


def to_cursor(span: Range) -> list[cursors.Value]:
    """A range as a cursor holds it, so that the next page looks at the same one."""
    return [types.since_epoch(span.start), types.since_epoch(span.end), int(span.defaulted)]


def from_cursor(values: Sequence[cursors.Value]) -> Range:
    """The range that `to_cursor` wrote. Raises BadCursor."""
    start, end = cursors.to_instant(values[0]), cursors.to_instant(values[1])
    if start >= end:
        raise BadCursor
    return Range(start=start, end=end, defaulted=bool(values[2]))


def cursor(name: str, span: Range, key: tuple[datetime, int]) -> str:
    """A cursor into a list that is ordered by one key within a range."""
    return cursors.encode(name, [*to_cursor(span), *cursors.from_key(key)])


def resumed(name: str, asked: Range, cursor: str | None) -> tuple[Range, tuple[datetime, int] | None]:
    """The range and where in it to go on; a cursor brings its own range, so that `now` stands still."""
    if cursor is None:
        return asked, None
    values = cursors.decode(name, cursor, 5)
    return from_cursor(values[:3]), cursors.to_key(values[3], values[4])
