"""From dataclasses to JSON: field names as they stand, instants in UTC to the millisecond with Z."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
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
    if isinstance(value, datetime):
        return types.written(value)
    if dataclasses.is_dataclass(value):
        # A field called after a Python keyword ends in an underscore, which JSON does not show.
        return {f.name.rstrip("_"): getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
