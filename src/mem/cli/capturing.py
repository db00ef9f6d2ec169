"""`mem capture`: recordings go in, and what became of each is said."""

from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mem import types
from mem.cli import (
    batching,
    choices,
    folders,
    following,
    local,
    onscreen,
    options,
    overall,
    render,
    server,
    summary,
    words,
)
from mem.cli.batching import Plan
from mem.cli.client import Client, Json, Refused
from mem.cli.options import Settings
from mem.cli.overall import Overall
from mem.cli.summary import Outcome
from mem.errors import BadRequest

AHEAD = 32  # files handed over before the first of them is done

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH", help="Files, or folders whose video and audio files are taken in."),
]
StartedAt = Annotated[
    str | None,
    typer.Option("--started-at", metavar="TIME", help="When the recording began, if you know better."),
]
Location = Annotated[str | None, typer.Option("--location", metavar="WORDS", help="Where it was recorded.")]
Device = Annotated[str | None, typer.Option("--device", metavar="WORDS", help="What recorded it.")]
Priority = Annotated[
    int | None,
    typer.Option("--priority", min=0, max=9, help="How soon it is wanted: 0 to 9, higher first; usually 5."),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Only hand the files over; do not wait for the work.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be taken in, and how much that is.")
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a capture beyond its file."""

    started_at: str | None
    location: str | None
    device: str | None
    priority: int | None
    wait: bool

    def body(self, file: Path) -> Json:
        """The request that captures `file`."""
        facts: Json = {"started_at": self.started_at, "location": self.location, "device": self.device}
        facts["priority"] = self.priority
        return {"path": str(file)} | {key: value for key, value in facts.items() if value is not None}


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("capture")(options.everywhere(capture))


def capture(
    settings: Settings,
    paths: Paths,
    started_at: StartedAt = None,
    location: Location = None,
    device: Device = None,
    priority: Priority = None,
    no_wait: NoWait = False,
    dry_run: DryRun = False,
) -> int | None:
    """Take recordings in, and say what was kept of them.

    Through the running server if there is one, else by itself. Of several recordings it is said first how
    many are new and how long they are; one that lies where it was taken in, unchanged since, is not read
    again. Exit status 1 when a recording failed; one that could be read only in part is kept, is warned
    about, and counts as done (0).
    """
    found = folders.expand(paths)
    wish = Wish(_start(started_at, len(found.files)), location, device, priority, wait=not no_wait)
    _say_passed_over(found)
    with server.connected(settings, worker=wish.wait and not dry_run) as client:
        planned = batching.plan(client, found.files) if dry_run or len(found.files) > 1 else None
        if planned is not None and not settings.json:
            batching.say(planned)
        if dry_run:
            _say_planned(settings, planned)
            return None
        outcomes: list[Outcome] = []
        try:
            for outcome in take_in(client, found.files, wish, planned, quiet=settings.json):
                outcomes.append(outcome)
                if planned and not outcome.unread and not settings.json:
                    summary.line(outcome)
            if client.own and wish.wait:  # no server goes on with it
                onscreen.finish(settings, client, outcomes)
        except KeyboardInterrupt:
            _say_interrupted(settings, client)
            return options.INTERRUPTED
        _say_outcomes(settings, client, outcomes, found, wish)
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def _start(started_at: str | None, files: int) -> str | None:
    """When the one recording began, as the API takes it. Raises BadRequest where there are several."""
    start = choices.moment(started_at, local.zone())
    if start is not None and files > 1:
        raise BadRequest(
            f"--started-at says when one recording began, and these are {files}.",
            hint="Capture them one by one.",
        )
    return local.iso(start) if start else None


def take_in(
    client: Client, files: tuple[Path, ...], wish: Wish, planned: Plan | None, *, quiet: bool
) -> Iterator[Outcome]:
    """What became of each file, in order; a few are handed over ahead of the one that is waited for.

    Those that the plan knows come first: nothing is done with them.
    """
    new = [path for path in files if planned is None or planned.known(path) is None]
    if planned is not None:
        yield from (_unread(client, path, number, quiet) for path in files if (number := planned.known(path)))
    with overall.showing(len(new), planned.size) if planned else nullcontext() as total:
        waiting: deque[Outcome] = deque()
        for path in new:
            waiting.append(_hand_over(client, path, wish))
            if len(waiting) >= AHEAD:
                yield _wait(client, waiting.popleft(), wish, planned, total, quiet)
        for outcome in waiting:
            yield _wait(client, outcome, wish, planned, total, quiet)


def _unread(client: Client, path: Path, source_id: int, quiet: bool) -> Outcome:
    source = client.get(f"/api/sources/{source_id}") if quiet else {"id": source_id}
    return Outcome(path, source=source, unread=True)


def _hand_over(client: Client, file: Path, wish: Wish) -> Outcome:
    try:
        return Outcome(file, client.send("POST", "/api/capture", wish.body(file)))
    except Refused as refusal:
        if refusal.status >= 500:
            raise
        return Outcome(file, error=(refusal.code, refusal.detail, refusal.hint))


def _wait(
    client: Client, outcome: Outcome, wish: Wish, planned: Plan | None, total: Overall | None, quiet: bool
) -> Outcome:
    if outcome.job is None or not wish.wait:
        return outcome
    if planned and total:
        total.begin(planned.size_of(outcome.path))
    with following.watching(client, outcome.path.name, quiet=quiet, overall=total) as show:
        job = following.follow(client, outcome.job, show)
    if total:
        total.ended()
    return summary.ended(client, outcome.path, job)


def _say_planned(settings: Settings, planned: Plan | None) -> None:
    if settings.json and planned:
        render.data(planned.as_json())


def _say_passed_over(found: folders.Found) -> None:
    parts = []
    if found.others:
        names = ", ".join(file.name for file in found.others[:3]) + (", …" if len(found.others) > 3 else "")
        parts.append(f"{words.count(len(found.others), 'file')} that no recording is named like ({names})")
    if found.hidden:
        parts.append(words.count(found.hidden, "hidden file or folder", "hidden files or folders"))
    if parts:
        render.remark(f"Passed over {' and '.join(parts)}.")


def _say_interrupted(settings: Settings, client: Client) -> None:
    if client.own:
        again = f"`{settings.command('serve')}` or the same command again"
        render.remark(f"Stopped. What is done is kept, and the rest is resumed by {again}.")
    else:
        render.remark(
            f"No longer waiting; the server goes on. `{settings.command('jobs')}` shows how far it is."
        )


def _say_outcomes(
    settings: Settings, client: Client, outcomes: list[Outcome], found: folders.Found, wish: Wish
) -> None:
    if settings.json:
        passed_over = {"hidden": found.hidden, "others": [str(file) for file in found.others]}
        render.data({"captures": [outcome.as_json() for outcome in outcomes], "passed_over": passed_over})
    elif not wish.wait:
        _say_handed_over(settings, client, outcomes)
    elif len(outcomes) == 1:
        summary.panel(settings, client, outcomes[0])
    else:
        summary.totals(settings, client, outcomes)


def _say_handed_over(settings: Settings, client: Client, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.job is None:
            summary.problem(outcome)
        elif len(outcomes) == 1:
            render.say(f"{outcome.path.name}: job {outcome.job['id']}, {outcome.job['state']}.")
    if client.own:
        render.say(f"No server runs: `{settings.command('serve')}` or the next capture does the work.")
        return
    active = [o.job["id"] for o in outcomes if o.job and o.job["state"] in types.ACTIVE_JOB_STATES]
    if active:
        render.say(f"Follow it: {settings.command(f'jobs follow {active[-1]}')}")
