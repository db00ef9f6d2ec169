"""From dataclasses to JSON: field names as they stand, instants in UTC to the millisecond with Z."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from starlette.responses import Response

from mem import types


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as a JSON response."""
    return Response(encode(value), status, headers, media_type="application/json")


def encode(value: object) -> bytes:
    """`value` as JSON in UTF-8.

    A lone surrogate, which file names may hold, cannot be UTF-8; it leaves as its JSON escape.
    """
    text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> object:
    kind: type = type(value)
    if dataclasses.is_dataclass(kind):
        # A field called after a Python keyword ends in an underscore, which JSON does not show.
        return {
            shown: types.written(each) if type(each := getattr(value, name)) is datetime else each
            for name, shown in _names(kind)
        }
    if isinstance(value, datetime):
        return types.written(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


@lru_cache
def _names(record: type) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass, as they are called in it and in JSON."""
    return tuple((field.name, field.name.rstrip("_")) for field in dataclasses.fields(record))
