"""Where the worker of a part puts what it makes: beside the recording's rows and packs, until it is joined.

A folder for each part, ``parts/<number>`` in that of the recording. Times lie in it as offsets, told from
the epoch, so that a recording may be dated anew meanwhile.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mem import folders, packs
from mem.capture import progress
from mem.capture.progress import Seen
from mem.capture.shelf import PACK_MS, Aside, Part
from mem.memory import Memory
from mem.store import sources
from mem.store.database import Writer
from mem.store.frames import NewFrame
from mem.types import Checkpoint, Source, Span, Stage

_FOLDER = "parts"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Apart(Aside):
    """What one part makes. Its checkpoint is never None: a part begins with what says where."""

    def __init__(self, memory: Memory, source: Source, part: Part) -> None:
        folder = folders.of(memory, source) / _FOLDER / f"{part.number:06d}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(folder, "frames.jsonl", None, 1)
        self.part: Part = part
        self._source = source.id

    def checkpoint(self, stage: Stage) -> Checkpoint:
        """How far the part is."""
        begun = Seen(next_ordinal=self.part.first)
        first = progress.step(
            self._source, "see", begun, stretch=self.part.first, until_ms=self.part.begin_ms
        )
        return super().checkpoint(stage) or first

    def pack_name(self, until_ms: int) -> str:
        """As the whole recording has them."""
        return packs.name(until_ms // PACK_MS + 1)

    def add_frames(self, w: Writer, made: Mapping[int, NewFrame]) -> list[int]:
        """Note them."""
        before = self._began(w)
        moved = {
            number: replace(frame, first_seen=frame.first_seen - before) for number, frame in made.items()
        }
        return super().add_frames(w, moved)

    def extend_span(self, w: Writer, span: Span) -> None:
        """Note it."""
        super().extend_span(w, _moved(span, -self._began(w)))

    def add_spans(self, w: Writer, spans: Sequence[Span]) -> None:
        """Note them."""
        before = self._began(w)
        super().add_spans(w, [_moved(span, -before) for span in spans])

    def lengthen(self, w: Writer, ended_at: datetime) -> None:
        """Note it."""
        super().lengthen(w, ended_at - self._began(w))

    def made(self, started_at: datetime) -> tuple[dict[int, NewFrame], list[Span]]:
        """All frames by their ordinals, and the spans with the numbers of their frames, in that order."""
        after = started_at - _EPOCH
        made, spans = self.seen()
        placed = [replace(frame, first_seen=frame.first_seen + after) for frame in made]
        numbered = dict(zip(self.ordinals(), placed, strict=True))
        return numbered, [_moved(span, after) for span in spans]

    @property
    def length(self) -> timedelta:
        """How long the recording was found to last, for the part that came to its end."""
        return (self.ended_at or _EPOCH) - _EPOCH

    def _began(self, w: Writer) -> timedelta:
        return sources.get(w, self._source).started_at - _EPOCH


def drop(memory: Memory, source: Source) -> None:
    """Remove what was made apart; all of it is in its place, or of no use."""
    shutil.rmtree(folders.of(memory, source) / _FOLDER, ignore_errors=True)


def _moved(span: Span, by: timedelta) -> Span:
    return replace(span, start=span.start + by, end=span.end + by)
