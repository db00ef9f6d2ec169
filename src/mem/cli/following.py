"""Watching a job until it ends: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from mem import types
from mem.cli import render, words
from mem.cli.client import Client, Event, Json, Refused
from mem.cli.overall import Overall
from mem.cli.pace import LINE_SECONDS, Pace, Show, new_bar, stage
from mem.errors import ServerGone

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PAUSE_SECONDS = 0.5  # before a broken stream is opened again
ENDED_SECONDS = 0.02  # after a stream that was closed, as it is when the job has ended


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
    known = {key: data[key] for key in ("stage", "source_id", "parts") if data.get(key) is not None}
    return {**job, **known, "state": "running", "progress": progress}


def media_seconds(client: Client, source_id: int) -> float | None:
    """How long the recording is, where its file says so."""
    media = client.get(f"/api/sources/{source_id}").get("media") or {}
    return media["duration_ms"] / 1000 if media.get("duration_ms") else None


@contextmanager
def watching(
    client: Client, name: str, *, quiet: bool = False, overall: Overall | None = None
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
