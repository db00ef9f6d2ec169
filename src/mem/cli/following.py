"""Watching a job until it ends: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from mem import types
from mem.cli import local, render, words
from mem.cli.client import Client, Event, Json, Refused
from mem.errors import ServerGone

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from mem.cli.overall import Overall

LINE_SECONDS = 5.0  # between two plain lines
PAUSE_SECONDS = 0.5  # before a broken stream is opened again
ENDED_SECONDS = 0.02  # after a stream that was closed, as it is when the job has ended
STAGES = {
    "look": "looking it over",
    "see": "looking at the pictures",
    "hear": "listening",
    "index": "making it findable",
    "screen": "reading the screen",
}
Show = Callable[[Json], None]


def follow(client: Client, job: Json, show: Show) -> Json:
    """The job once it has ended; `show` is called with it whenever it moved.

    Raises ServerGone when the server stays away.
    """
    last = None
    while True:
        job = client.get(f"/api/jobs/{job['id']}")
        show(job)
        if job["state"] in types.ENDED_JOB_STATES:
            return job
        pause = PAUSE_SECONDS
        # A stream that is silent, broken or one too many: the look at the job says whether it is more.
        with suppress(ServerGone, Refused):
            for event in client.events(f"/api/jobs/{job['id']}/events", last):
                last = event.id or last
                stepped = moved(job, event)
                if stepped is not job:
                    job = stepped
                    show(job)
            pause = ENDED_SECONDS
        time.sleep(pause)


def moved(job: Json, event: Event) -> Json:
    """The job after a step forward; a stream begins with old events, which change nothing."""
    data = event.data.get("data") or {}
    progress = data.get("progress")
    if event.type != "progress" or progress is None or progress < (job.get("progress") or 0.0):
        return job
    known = {key: data[key] for key in ("stage", "source_id") if data.get(key) is not None}
    return {**job, **known, "state": "running", "progress": progress}


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
    return STAGES.get(job.get("stage") or "", job.get("stage") or "starting")


def media_seconds(client: Client, source_id: int) -> float | None:
    """How long the recording is, where its file says so."""
    media = client.get(f"/api/sources/{source_id}").get("media") or {}
    return media["duration_ms"] / 1000 if media.get("duration_ms") else None


@contextmanager
def watching(
    client: Client, name: str, *, quiet: bool = False, overall: "Overall | None" = None
) -> Iterator[Show]:
    """What shows a job as it moves, on stderr; nothing where `quiet` and nobody looks.

    One of many is shown below how far they are `overall`.
    """
    pace = Pace()

    asked = False

    def measure(job: Json) -> None:
        nonlocal asked
        if not asked and job.get("source_id") is not None:
            asked, pace.media_seconds = True, media_seconds(client, int(job["source_id"]))
        pace.note(float(job.get("progress") or 0.0))
        if overall is not None:
            overall.moved(float(job.get("progress") or 0.0))

    if render.is_terminal(sys.stderr):
        with nullcontext(overall.bar) if overall and overall.bar else new_bar() as bar:
            task = bar.add_task(render.clean(words.first(name, 40)), total=1.0, stage="", pace="")

            def show_bar(job: Json) -> None:
                measure(job)
                _move(bar, task, job, pace)

            yield show_bar
            bar.remove_task(task)
    elif overall is not None:
        yield measure if quiet else overall.lines(name, measure)
    else:
        yield measure if quiet else _lines(name, measure, pace)


def _move(bar: "Progress", task: "TaskID", job: Json, pace: Pace) -> None:
    bar.update(
        task, completed=float(job.get("progress") or 0.0), stage=stage(job), pace=pace.words(), refresh=True
    )


def _lines(name: str, measure: Show, pace: Pace) -> Show:
    spoken = -LINE_SECONDS
    said = ""

    def show(job: Json) -> None:
        nonlocal spoken, said
        measure(job)
        if job["state"] in types.ENDED_JOB_STATES or time.monotonic() - spoken < LINE_SECONDS:
            return
        parts = (f"{words.share(float(job.get('progress') or 0.0))}", stage(job), pace.words())
        line = f"{name}: {', '.join(part for part in parts if part)}"
        if line != said:
            render.remark(line)
            spoken, said = time.monotonic(), line

    return show


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
