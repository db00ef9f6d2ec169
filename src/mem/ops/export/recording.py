"""The recording's own part of a range: the file where all of it is asked for, else a copy of its packets."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem import kept, recordings
from mem.capture.look import child_limits
from mem.errors import DecoderCrashed
from mem.media import sandbox
from mem.media.wire import Message
from mem.memory import Memory
from mem.types import Source, after, milliseconds

_CHUNK = 2**20
_SUFFIX = {"mp4": ".mp4", "matroska": ".mkv"}


@dataclass
class Part:
    """A file that is about to be read, and the instant that is its time 0, known when it has been."""

    suffix: str
    pieces: Iterator[bytes]
    size: int | None
    whole: bool
    zero: datetime


def find(memory: Memory, source: Source, start: datetime, end: datetime, stack: ExitStack) -> Part:
    """The part of a source's recording in ``[start, end)``; the stack ends the process that makes it.

    Raises NotFound when the recording is not kept, and a MediaError when it cannot be cut.
    """
    named, _ = recordings.find(memory, source.id)
    path = kept.file(memory, named)
    if start <= source.started_at and source.ended_at is not None and source.ended_at <= end:
        pieces = _read(path)
        return Part(named.suffix, pieces, source.size, whole=True, zero=source.started_at)
    media = source.media
    streams = (media.video, media.audio) if media is not None else ()
    request = {
        "start_ms": max(0, milliseconds(start - source.started_at)),
        "end_ms": milliseconds(end - source.started_at),
        "indexes": [stream.index for stream in streams if stream is not None],
    }
    messages = stack.enter_context(
        sandbox.run("mem.media.cutting", "part", path, request, limits=child_limits(memory))
    )
    first = next(messages)
    if first.kind != "begin" or first.fields.get("format") not in _SUFFIX:
        raise DecoderCrashed("The process that cuts the recording did not begin as it should.")
    part = Part(_SUFFIX[first.fields["format"]], iter(()), None, whole=False, zero=start)
    part.pieces = _received(part, source, messages)
    return part


def _received(part: Part, source: Source, messages: Iterator[Message]) -> Iterator[bytes]:
    for message in messages:
        if message.kind == "piece":
            yield message.body
        elif message.kind == "end" and message.fields.get("zero_ms") is not None:
            part.zero = after(source.started_at, int(message.fields["zero_ms"]))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
