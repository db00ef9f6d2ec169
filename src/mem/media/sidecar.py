"""The start time in a small file beside a recording: JSON or XML, under any of the usual names."""

import json
import re
from collections.abc import Iterator
from typing import Any

from mem.media import stamps
from mem.media.stamps import Stamp

_DEPTH = 4  # objects within objects

# From certain to doubtful, written without separators and namespaces. In a Google Takeout file
# `photoTakenTime` is the recording and `creationTime` the upload.
_KEYS = (
    "phototakentime", "startedat", "starttime", "recordingstart", "recordingstartedat", "recordingstarttime",
    "recordedat", "startdate", "start", "datetimeoriginal", "creationdate", "creationtime", "createdate",
    "daterecorded", "recordeddate", "captureddate", "datetime", "timestamp", "date",
)  # fmt: skip

# Every repetition is bounded, so that no text takes long.
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]{1,99})\s{0,9}=\s{0,9}(?:"([^"<]{4,64})"|'([^'<]{4,64})')""")
_ELEMENT = re.compile(r"""<([\w:.-]{1,99})(?:\s[^<>]{0,500})?>([^<>]{4,199})</""")
_VALUE = re.compile(r"""<([\w:.-]{1,99})\s(?:[^<>]{0,500}\s)?value\s{0,9}=\s{0,9}["']([^"'<]{4,64})["']""")


def read(name: str, text: str, last_year: int) -> Stamp | None:
    """The start time in the sidecar `name`, None where it has none; no later than in `last_year`."""
    found = _in_xml(text) if name.lower().endswith(".xml") else _in_json(text)
    pairs = [(_plain(key), value) for key, value in found]
    for wanted in _KEYS:
        for key, value in pairs:
            if key == wanted and (stamp := stamps.read(value, last_year)):
                return stamp
    return None


def _in_json(text: str) -> Iterator[tuple[str, str]]:
    try:
        tree = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return
    yield from _pairs(tree, "", _DEPTH)


def _pairs(tree: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Every text and number under its key; a lone `timestamp` or `value` goes by its parent's key."""
    if isinstance(tree, str | int | float) and not isinstance(tree, bool):
        yield name, str(tree)
    elif isinstance(tree, dict) and depth:
        for key, value in tree.items():
            inner = name if name and _plain(key) in ("timestamp", "value") else key
            yield from _pairs(value, inner, depth - 1)
    elif isinstance(tree, list) and depth and len(tree) == 1:
        yield from _pairs(tree[0], name, depth)


def _in_xml(text: str) -> Iterator[tuple[str, str]]:
    """Elements and attributes, found by their form: a parser would expand what entities a stranger wrote."""
    for match in _VALUE.finditer(text):  # Sony: <CreationDate value="…"/>
        yield match[1], match[2]
    for match in _ELEMENT.finditer(text):
        yield match[1], match[2]
    for match in _ATTRIBUTE.finditer(text):
        yield match[1], match[2] or match[3]


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.split(r"[:.]", key)[-1].lower())
