"""Where what a stage makes is put: into the rows at once, or aside until all of it is there.

A first capture fills the rows stretch by stretch. A stage that is run again writes beside them, a line of
JSON for each stretch, so that the old rows stay until one transaction puts the new ones in their place.
"""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from mem import folders, packs, types
from mem.capture import progress
from mem.memory import Memory
from mem.store import checkpoints, frames, texts
from mem.store.database import Writer
from mem.store.frames import NewFrame
from mem.store.texts import NewSegment
from mem.types import Checkpoint, Source, Span, Stage, Word

_NUMBERS = 1_000_000  # ordinals and stretches for one part
PACK_MS = 3_600_000  # a new pack for each hour of the recording


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a long recording, in offsets of ms."""

    number: int
    begin_ms: int
    end_ms: int | None  # None: to the end of the recording

    @property
    def first(self) -> int:
        """The number of its first frame and of its first stretch; no other part has as many."""
        return self.number * _NUMBERS


class Shelf(Protocol):
    """Takes what a stage makes. The methods with a writer are called in one transaction for a stretch."""

    @property
    def folder(self) -> Path:
        """Where packs and the stage's own state lie."""

    @property
    def job(self) -> int | None:
        """The re-run that this is for; None: the recording's first capture."""

    @property
    def part(self) -> Part | None:
        """The part of the recording that this is for; None: all of it."""

    def checkpoint(self, stage: Stage) -> Checkpoint | None:
        """How far the stage is."""

    def pack_name(self, until_ms: int) -> str:
        """The pack that a stretch beginning at this offset goes to."""

    def add_frames(self, w: Writer, made: Mapping[int, NewFrame]) -> list[int]:
        """Put frames there, by their ordinals; gives what spans call them."""

    def extend_span(self, w: Writer, span: Span) -> None:
        """Give the span that begins there its new end and samples."""

    def add_spans(self, w: Writer, spans: Sequence[Span]) -> None:
        """Put spans there."""

    def add_segments(self, w: Writer, segments: Sequence[NewSegment]) -> None:
        """Put segments there."""

    def put(self, w: Writer, checkpoint: Checkpoint, *, expected: int | None) -> None:
        """Say how far the stage is now; the end of the stretch."""

    def lengthen(self, w: Writer, ended_at: datetime) -> None:
        """Say that the recording lasts until then."""


class Rows:
    """The tables themselves."""

    job: int | None = None
    part: Part | None = None

    def __init__(self, memory: Memory, source: Source) -> None:
        self._memory, self._source = memory, source
        self.folder = folders.of(memory, source)

    def checkpoint(self, stage: Stage) -> Checkpoint | None:
        """How far the stage is."""
        return checkpoints.get(self._memory.db, self._source.id, stage)

    def pack_name(self, until_ms: int) -> str:
        """One pack for each hour."""
        return packs.name(until_ms // PACK_MS + 1)

    def add_frames(self, w: Writer, made: Mapping[int, NewFrame]) -> list[int]:
        """Add rows; gives their ids."""
        return frames.add_many(w, self._source.id, list(made.values()))

    def extend_span(self, w: Writer, span: Span) -> None:
        """Change the row."""
        frames.extend_span(w, self._source.id, span.start, span.end, span.samples)

    def add_spans(self, w: Writer, spans: Sequence[Span]) -> None:
        """Add rows."""
        frames.add_spans(w, spans)

    def add_segments(self, w: Writer, segments: Sequence[NewSegment]) -> None:
        """Add rows."""
        texts.add_many(w, self._source.id, segments)

    def put(self, w: Writer, checkpoint: Checkpoint, *, expected: int | None) -> None:
        """Store it by compare-and-set."""
        checkpoints.put(w, checkpoint, expected=expected)

    def lengthen(self, w: Writer, ended_at: datetime) -> None:
        """Note it on the source."""
        progress.lengthen(w, self._source.id, ended_at)


class Aside:
    """A folder with a log of stretches, and packs under names that the source's folder does not have."""

    part: Part | None = None

    def __init__(self, folder: Path, log: str, job: int | None, first_pack: int) -> None:
        self.folder, self.job = folder, job
        self._log, self._first = folder / log, first_pack
        self._line: dict[str, Any] = {}
        self._last: dict[str, Any] | None = None
        self._frames = 0
        self._mend()

    def checkpoint(self, stage: Stage) -> Checkpoint | None:  # noqa: ARG002 - there is one
        """How far the stage is."""
        return Checkpoint(**self._last["checkpoint"]) if self._last else None

    def pack_name(self, until_ms: int) -> str:
        """One pack for each hour."""
        return packs.name(self._first + until_ms // PACK_MS)

    def add_frames(self, w: Writer, made: Mapping[int, NewFrame]) -> list[int]:  # noqa: ARG002
        """Note them; spans call them by their number, from 0 on."""
        self._line["frames"] = [_plain(frame) for frame in made.values()]
        self._line["ordinals"] = list(made)
        return list(range(self._frames, self._frames + len(made)))

    def extend_span(self, w: Writer, span: Span) -> None:  # noqa: ARG002
        """Note it."""
        self._line["extended"] = _plain(span)

    def add_spans(self, w: Writer, spans: Sequence[Span]) -> None:  # noqa: ARG002
        """Note them."""
        self._line["spans"] = [_plain(span) for span in spans]

    def add_segments(self, w: Writer, segments: Sequence[NewSegment]) -> None:  # noqa: ARG002
        """Note them."""
        self._line["segments"] = [_plain(segment) for segment in segments]

    def put(self, w: Writer, checkpoint: Checkpoint, *, expected: int | None) -> None:  # noqa: ARG002
        """Bring the line to the disk; the transaction around it holds off another worker."""
        line = {**self._line, "checkpoint": _plain(checkpoint)}
        with self._log.open("ab") as file:
            file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            file.flush()
            os.fdatasync(file.fileno())
        self._frames += len(line.get("frames", ()))
        self._line, self._last = {}, line

    def lengthen(self, w: Writer, ended_at: datetime) -> None:  # noqa: ARG002
        """Note it."""
        self._line["ended_at"] = types.written(ended_at)

    def seen(self) -> tuple[list[NewFrame], list[Span]]:
        """All frames, and the spans with the numbers of their frames."""
        made: list[NewFrame] = []
        spans: list[Span] = []
        for line in self._lines():
            made += [_built(NewFrame, fields) for fields in line.get("frames", ())]
            if "extended" in line:
                spans[-1] = _built(Span, line["extended"])
            spans += [_built(Span, fields) for fields in line.get("spans", ())]
        return made, spans

    def ordinals(self) -> list[int]:
        """Those of all frames."""
        return [ordinal for line in self._lines() for ordinal in line.get("ordinals", ())]

    def heard(self) -> list[NewSegment]:
        """All segments."""
        return [_segment(fields) for line in self._lines() for fields in line.get("segments", ())]

    @property
    def ended_at(self) -> datetime | None:
        """How long the stage found the recording to last, once it has ended."""
        text = self._last and self._last.get("ended_at")
        return datetime.fromisoformat(text) if text else None

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self._log.exists():
            with self._log.open(encoding="utf-8") as file:
                yield from map(json.loads, file)

    def _mend(self) -> None:
        """Find how far an earlier try came; a line that was cut off is cut away."""
        if not self._log.exists():
            return
        whole = 0
        with self._log.open("rb+") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                self._last = json.loads(line)
                self._frames += len(self._last.get("frames", ()))
            file.truncate(whole)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return types.written(value)
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _built(record: Any, fields: dict[str, Any]) -> Any:
    moments = ("first_seen", "start", "end")
    return record(**{k: datetime.fromisoformat(v) if k in moments else v for k, v in fields.items()})


def _segment(fields: dict[str, Any]) -> NewSegment:
    spoken = tuple(_built(Word, word) for word in fields["words"])
    return NewSegment(**{**dataclasses.asdict(_built(NewSegment, {**fields, "words": ()})), "words": spoken})
