"""How far a batch of recordings is, and when it will be done, beside the one at work."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mem import types
from mem.cli import local, render, words
from mem.cli.client import Json
from mem.cli.pace import LINE_SECONDS, Pace, Show, new_bar, stage

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DAY = timedelta(hours=20)  # beyond it a time of day alone would mislead


@dataclass
class Overall:
    """A batch, measured by bytes: recordings differ in length."""

    files: int
    size: int  # bytes of all files
    pace: Pace = field(default_factory=Pace)
    bar: "Progress | None" = None
    _task: "TaskID | None" = None
    _done: int = 0
    _before: int = 0  # bytes of the files that are done
    _current: int = 0
    _spoken: float = -LINE_SECONDS

    def begin(self, size: int) -> None:
        """The next file is waited for."""
        self._current = size

    def moved(self, share: float) -> None:
        """That much (0 to 1) of the present file is done."""
        self.pace.note(min(1.0, (self._before + share * self._current) / max(1, self.size)))
        self._show()

    def ended(self) -> None:
        """The present file is done."""
        self._done, self._before, self._current = self._done + 1, self._before + self._current, 0
        self.moved(0.0)

    def words(self) -> str:
        """For example "12 of 2,000 recordings, 34 %, done about 14:32:10"."""
        parts = (self._count(), words.share(self.pace.share), self._end())
        return ", ".join(part for part in parts if part)

    def lines(self, name: str, measure: Show) -> Show:
        """What says now and then in a line how far all of it and the present file are."""

        def show(job: Json) -> None:
            measure(job)
            if time.monotonic() - self._spoken >= LINE_SECONDS:
                self._spoken = time.monotonic()
                share = words.share(float(job.get("progress") or 0.0))
                render.remark(f"{self.words()}; {name}: {share}, {stage(job)}")

        return show

    def _count(self) -> str:
        return f"{self._done:,} of {words.count(self.files, 'recording')}"

    def _end(self) -> str:
        remaining = self.pace.remaining()
        if remaining is None:
            return ""
        return f"done about {_clock(types.now() + timedelta(seconds=remaining))}"

    def _show(self) -> None:
        if self.bar is None:
            return
        if self._task is None:
            self._task = self.bar.add_task("All", total=1.0, stage="", pace="")
        self.bar.update(self._task, completed=self.pace.share, stage=self._count(), pace=self._end())


@contextmanager
def showing(files: int, size: int) -> Iterator[Overall]:
    """An overall progress, drawn on stderr while the block lasts where a person looks at it."""
    overall = Overall(files, size)
    if not render.is_terminal(sys.stderr):
        yield overall
        return
    with new_bar() as bar:
        overall.bar = bar
        overall.moved(0.0)
        yield overall


def _clock(moment: datetime) -> str:
    zone = local.zone()
    return local.time(moment, zone) if moment - types.now() < _DAY else local.full(moment, zone)
