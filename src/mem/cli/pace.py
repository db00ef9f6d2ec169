"""How far a job is and how fast it moves: in words, and as a bar."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from mem import types
from mem.cli import local, render, words
from mem.cli.client import Json

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_SECONDS = 5.0  # between two plain lines
STAGES = {
    "look": "looking it over",
    "see": "looking at the pictures",
    "hear": "listening",
    "index": "making it findable",
    "screen": "reading the screen",
}
Show = Callable[[Json], None]  # is called with a job whenever it moved


@dataclass
class Pace:
    """How fast a job moves, seen from when this began to look."""

    media_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    _first: tuple[float, float] | None = field(default=None, init=False)
    _now: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def note(self, progress: float) -> None:
        """Take in how far the job is."""
        self._now = (self.clock(), progress)
        if self._first is None and progress > 0:
            self._first = self._now

    @property
    def share(self) -> float:
        """How far it is, 0 to 1."""
        return self._now[1]

    def remaining(self) -> float | None:
        """Seconds until the end at this pace; None while that cannot be said."""
        done, spent = self._since()
        rest = 1 - self._now[1]
        return spent / done * rest if done > 0 and rest > 0 and spent >= 1 else None

    def factor(self) -> float | None:
        """Times faster than real time; None while that cannot be said."""
        done, spent = self._since()
        return done * self.media_seconds / spent if self.media_seconds and done > 0 and spent >= 1 else None

    def _since(self) -> tuple[float, float]:
        if self._first is None:
            return 0.0, 0.0
        return self._now[1] - self._first[1], self._now[0] - self._first[0]

    def words(self) -> str:
        """For example "38x real time, done about 14:32:10"."""
        factor, remaining = self.factor(), self.remaining()
        parts = [f"{words.times(factor)} real time"] if factor else []
        if remaining is not None:
            end = types.now() + timedelta(seconds=remaining)
            parts.append(f"done about {local.time(end, local.zone())}")
        return ", ".join(parts)


def stage(job: Json) -> str:
    """What the job does, in words."""
    if job["state"] in ("queued", "retrying"):
        return "waiting" if job["state"] == "queued" else "waiting to try again"
    said = STAGES.get(job.get("stage") or "", job.get("stage") or "starting")
    return f"{said}, {parts(job)}" if job.get("parts") and job["stage"] == "see" else said


def parts(job: Json) -> str | None:
    """How many parts of a recording are done, for one that is looked at in parts."""
    return "{done} of {of} parts".format(**job["parts"]) if job.get("parts") else None


def new_bar() -> "Progress":
    """A drawing of bars on stderr, gone when it ends."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24, complete_style="#d9962b", finished_style="#d9962b"),
        TaskProgressColumn(),
        TextColumn("{task.fields[stage]}", style="mem.quiet", markup=False),
        TextColumn("{task.fields[pace]}", markup=False),
        console=render.console(sys.stderr),
        transient=True,
        redirect_stdout=render.is_terminal(),  # else lines for a file would go to the terminal
    )
