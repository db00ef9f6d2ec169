"""Where a list of moments goes on: made by one answer, given back with the next question.

Hits are merged a window at a time. A cursor says where its window begins, and the last moment of it
that was shown. It fits only the question that it was made for.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from mem.errors import BadCursor

FURTHEST = 100_000  # hits; nobody pages beyond, and each window costs as much as all before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in the list."""

    offset: int = 0  # hits before the window
    bound: int | None = None  # or, sorted by time: it holds hits that start before this; ms since 1970
    after: tuple[float, ...] | None = None  # the key of the last moment shown


def encode(position: Position, question: object) -> str:
    """The cursor for a position in the answer to `question`."""
    fields = [_digest(question), position.offset, position.bound, position.after]
    text = json.dumps(fields, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, question: object) -> Position:
    """The position that a cursor stands for. Raises BadCursor when it was not made for `question`."""
    try:
        text = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        digest, offset, bound, after = json.loads(text)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise BadCursor from None
    if digest != _digest(question):
        raise BadCursor("The cursor belongs to another search.")
    if not (type(offset) is int and 0 <= offset <= FURTHEST and (bound is None or type(bound) is int)):
        raise BadCursor
    if bound is not None and abs(bound) > 253_402_300_799_999:  # the year 9999
        raise BadCursor
    if after is not None and not (isinstance(after, list) and len(after) == 4 and all(map(_number, after))):
        raise BadCursor
    return Position(offset=offset, bound=bound, after=None if after is None else tuple(after))


def _number(value: object) -> bool:
    return type(value) in (int, float)


def _digest(question: object) -> str:
    return hashlib.sha256(repr(question).encode("utf-8", "backslashreplace")).hexdigest()[:16]
