"""What a pack says of its stretches, so that rows could be made again from it; and that after a deletion.

A record lists the frames that a stretch kept, by their ordinal within the recording, and the spans for
which each stood: ``[ordinal, start_ms, end_ms, samples]``, offsets in milliseconds. A deletion takes out
of it what it takes out of the rows, or a folder would still tell.
"""

import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SUFFIX = ".stretch.json"
_LONGEST = 16 * 2**20  # bytes of a record; an hour at ten looks a second has 2 MiB


@dataclass(frozen=True, slots=True)
class Record:
    """One stretch's record, and where it lies in its pack."""

    name: str
    offset: int
    data: bytes
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a deletion does to a recording, in offsets of milliseconds."""

    cut: tuple[int, int] | None = None  # nothing stands there any more
    gone: Mapping[int, int | None] = field(default_factory=dict)  # frame -> the one told instead, by offset


def read(pack: Path) -> list[Record]:
    """The records in a pack, as far as it can be read; none where there is no pack."""
    try:
        with tarfile.open(pack, "r:") as archive:
            return list(_records(archive))
    except (FileNotFoundError, tarfile.TarError):
        return []


def ordinals(records: Sequence[Record]) -> dict[int, int]:
    """Where each frame was taken, in milliseconds, by its ordinal."""
    return {
        int(ordinal): int(facts["offset_ms"])
        for record in records
        for ordinal, facts in record.body["frames"].items()
    }


def changed(record: Record, change: Change, taken: Mapping[int, int]) -> bytes | None:
    """The record after the change; None where it says the same. `taken` is that of all its recording."""
    named = {offset: ordinal for ordinal, offset in taken.items()}
    frames = {
        ordinal: facts
        for ordinal, facts in record.body["frames"].items()
        if not _gone(int(facts["offset_ms"]), change)
    }
    spans: list[list[int]] = []
    for ordinal, start, end, samples in record.body["spans"]:
        told = _told(int(ordinal), change, taken, named)
        if told is None:
            continue
        for begin, until in _outside(int(start), int(end), change.cut):
            share = (until - begin) / (end - start) if end > start else 1
            spans.append([told, begin, until, max(1, round(samples * share))])
    body = {**record.body, "frames": frames, "spans": _merged(spans)}
    if body == record.body:
        return None
    return json.dumps(body, sort_keys=True).encode()


def redrawn(data: bytes, facts: Mapping[int, Mapping[str, object]]) -> bytes:
    """The bytes of a record once it says `facts` of the frames at those offsets."""
    if not facts:
        return data
    body = json.loads(data)
    for frame in body["frames"].values():
        frame.update(facts.get(int(frame["offset_ms"]), {}))
    return json.dumps(body, sort_keys=True).encode()


def _records(archive: tarfile.TarFile) -> Iterator[Record]:
    try:
        for member in archive:
            if member.name.endswith(SUFFIX) and member.isfile() and member.size <= _LONGEST:
                file = archive.extractfile(member)
                data = file.read() if file is not None else b""
                body = json.loads(data)
                if isinstance(body, dict) and "frames" in body and "spans" in body:
                    yield Record(member.name, member.offset_data, data, body)
    except (tarfile.TarError, ValueError):  # what lies behind the last whole stretch may be cut off
        return


def _gone(offset: int, change: Change) -> bool:
    inside = change.cut is not None and change.cut[0] <= offset < change.cut[1]
    return inside or offset in change.gone


def _told(ordinal: int, change: Change, taken: Mapping[int, int], named: Mapping[int, int]) -> int | None:
    offset = taken.get(ordinal)
    if offset is None or not _gone(offset, change):
        return ordinal
    instead = change.gone.get(offset)
    return None if instead is None else named.get(instead)


def _outside(start: int, end: int, cut: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
    if cut is None:
        yield start, end
        return
    for begin, until in ((start, min(end, cut[0])), (max(start, cut[1]), end)):
        if begin < until:
            yield begin, until


def _merged(spans: Sequence[Sequence[int]]) -> list[list[int]]:
    found: list[list[int]] = []
    for ordinal, start, end, samples in spans:
        last = found[-1] if found else None
        if last is not None and last[0] == ordinal and last[2] == start:
            last[2], last[3] = end, last[3] + samples
        else:
            found.append([ordinal, start, end, samples])
    return found
