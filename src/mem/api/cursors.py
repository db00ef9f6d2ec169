"""Cursors: where a list goes on, as opaque text that is checked when it comes back."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime

from mem import types
from mem.errors import BadCursor

_MAX_LENGTH = 512  # characters
_MAX_NUMBER = 2**63 - 1

Value = int | None


def encode(name: str, values: Sequence[Value]) -> str:
    """A cursor into the list `name` that holds `values`."""
    text = json.dumps([name, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(name: str, cursor: str, length: int) -> list[Value]:
    """The values of a cursor that `encode` made for the list `name`. Raises BadCursor."""
    if len(cursor) > _MAX_LENGTH:
        raise BadCursor
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise BadCursor from None
    if not isinstance(found, list) or len(found) != length + 1 or found[0] != name:
        raise BadCursor
    values = found[1:]
    for value in values:
        if value is not None and (type(value) is not int or abs(value) > _MAX_NUMBER):
            raise BadCursor
    return values


def to_instant(value: Value) -> datetime:
    """The instant of a cursor's milliseconds since 1970. Raises BadCursor."""
    if value is None:
        raise BadCursor
    try:
        return types.from_epoch(value)
    except OverflowError:
        raise BadCursor from None


def to_key(moment: Value, number: Value) -> tuple[datetime, int] | None:
    """A keyset position (instant, id); None when the cursor holds none. Raises BadCursor."""
    if moment is None and number is None:
        return None
    if number is None:
        raise BadCursor
    return to_instant(moment), number


def from_key(key: tuple[datetime, int] | None) -> tuple[Value, Value]:
    """A keyset position as a cursor holds it."""
    return (None, None) if key is None else (types.since_epoch(key[0]), key[1])
