"""`mem jobs`: the work in the background."""

from pathlib import Path
from typing import Annotated

import typer

from mem import types
from mem.cli import choices, following, local, options, pace, render, server, summary, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest

app = typer.Typer(help="The work in the background.")

STATE_STYLES = {"failed": "failure", "partial": "match", "running": "match", "cancelled": "quiet"}
Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The job's number.")]
MaybeNumber = Annotated[int | None, typer.Argument(metavar="[ID]", min=1, help="The job's number.")]
Level = Annotated[int, typer.Argument(metavar="LEVEL", min=0, max=9, help="0 to 9, higher first.")]
Skip = Annotated[
    bool, typer.Option("--skip", help="Go on without the stretch at which it was killed too often.")
]
Failed = Annotated[
    bool, typer.Option("--failed", help="Every job that failed for a reason that may have passed.")
]
State = Annotated[types.JobState | None, typer.Option("--state", help="Only jobs in this state.")]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """The work in the background; without a command: `mem jobs list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


def show_list(settings: Settings, state: State = None, limit: choices.Limit = 20) -> None:
    """List the jobs, the newest first."""
    with server.connected(settings) as client:
        rows, cursor = client.pages("/api/jobs", "jobs", limit, state=state)
    if settings.json:
        render.data({"jobs": rows, "cursor": cursor})
    elif not rows:
        what = (
            f"No job is {state}." if state else f"There are no jobs yet: {settings.command('capture FILE')}"
        )
        render.say(what)
    else:
        _table(rows)
        if cursor:
            render.say("There are more: --limit shows them.", "quiet")


app.command("list")(options.everywhere(show_list))


def _table(rows: list[Json]) -> None:
    zone = local.zone()
    created = [local.instant(row["created_at"]) for row in rows]
    columns = (
        Column("Id", right=True),
        Column(render.zoned("Given", local.zone_name(created, zone))),
        Column("State"),
        Column("Prio", right=True),
        Column("Done", right=True),
        Column("Took", right=True),
        Column("Source", right=True),
        Column("What", wide=True),
    )
    render.table(columns, [_row(row) for row in rows])


def _row(row: Json) -> list[Cell | str | int | None]:
    state = row["state"]
    if state == "running" and row["cancel_requested"]:
        state = "running, to be cancelled"
    what = name(row)
    if row["error_code"]:
        what += f": {row['error_code']}, {row['error_detail'] or ''}"
    elif row["state"] == "running":
        what += f": {pace.stage(row)}"
    return [
        row["id"],
        local.full(local.instant(row["created_at"]), local.zone()),
        Cell(state, STATE_STYLES.get(row["state"], "")),
        row["priority"],
        words.share(row["progress"]),
        _took(row),
        row["source_id"],
        what,
    ]


def name(job: Json) -> str:
    """What a person calls the job: the file that it takes in."""
    params = job["params"]
    return str(params.get("name") or Path(str(params.get("path") or f"job {job['id']}")).name)


def _took(job: Json) -> str:
    if not job["started_at"]:
        return ""
    end = local.instant(job["finished_at"]) if job["finished_at"] else types.now()
    return words.duration(max((end - local.instant(job["started_at"])).total_seconds(), 0))


@app.command()
@options.everywhere
def show(settings: Settings, job: Number) -> None:
    """Show all about one job."""
    with server.connected(settings) as client:
        row = client.get(f"/api/jobs/{job}")
    if settings.json:
        render.data(row)
    else:
        _facts(row)


def _facts(row: Json) -> None:
    zone = local.zone()

    def moment(key: str) -> str | None:
        return local.exact(local.instant(row[key]), zone) if row[key] else None

    known = bool((row["result"] or {}).get("known"))
    error = f"{row['error_code']}: {row['error_detail'] or ''}" if row["error_code"] else None
    result = row["result"] or {}
    render.facts(
        f"Job {row['id']}: {row['kind']} {name(row)}",
        [
            ("State", Cell(row["state"], STATE_STYLES.get(row["state"], ""))),
            ("Note", "its file was known already" if known else None),
            ("Problem", Cell(error, "failure") if error else None),
            ("Stage", pace.stage(row) if row["state"] in types.ACTIVE_JOB_STATES else None),
            ("Done", words.share(row["progress"])),
            ("Looked at", pace.parts(row)),
            ("Priority", row["priority"]),
            ("Attempt", f"{row['attempt']} of {row['max_attempts']}"),
            ("Deaths", f"{row['deaths']} at {_place(row)}" if row["deaths"] else None),
            ("Source", row["source_id"]),
            ("File", str(row["params"].get("path") or "") or None),
            ("Given", moment("created_at")),
            ("Started", moment("started_at")),
            ("Ended", moment("finished_at")),
            ("Took", _took(row) or None),
            *(
                (key.replace("_", " ").capitalize(), _plain(value))
                for key, value in result.items()
                if key not in ("source_id", "known")
            ),
        ],
    )


def _place(row: Json) -> str:
    place = row["place"]
    return types.Place(**place).spoken if place else "its place"


def _plain(value: object) -> str | None:
    if isinstance(value, list):
        return (
            "; ".join(" ".join(one.values()) if isinstance(one, dict) else str(one) for one in value) or None
        )
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@app.command()
@options.everywhere
def follow(settings: Settings, job: Number) -> int | None:
    """Watch a job until it ends, and say what came of it. Without a server: do the work.

    Exit status 1 when it failed or was cancelled; 0 when it is done, or done in part, which is said.
    """
    with server.connected(settings, worker=True) as client:
        row = client.get(f"/api/jobs/{job}")
        try:
            with following.watching(client, name(row), quiet=settings.json) as moved:
                row = following.follow(client, row, moved)
        except KeyboardInterrupt:
            render.remark("No longer watching; the job is kept and goes on while a server runs.")
            return options.INTERRUPTED
        outcome = summary.ended(client, Path(name(row)), row)
        if settings.json:
            render.data(row)
        else:
            summary.panel(settings, client, outcome)
    return 1 if outcome.failed else 0


@app.command()
@options.everywhere
def cancel(settings: Settings, job: Number) -> None:
    """Stop a job; what it has done so far is kept."""
    _change(settings, job, "cancel", "is stopped as soon as it can be")


@app.command()
@options.everywhere
def retry(settings: Settings, job: MaybeNumber = None, skip: Skip = False, failed: Failed = False) -> None:
    """Try a job again that failed, was cancelled or ended in part; with --failed all that may now go well."""
    if (job is None) != failed or (skip and failed):
        raise BadRequest("Name one job, or give --failed for all.", hint="--skip is for one job.")
    if job is not None:
        _change(settings, job, "retry", "is queued again", {"skip": skip})
        return
    with server.connected(settings) as client:
        queued = client.send("POST", "/api/jobs/retry")["queued"]
    if settings.json:
        render.data({"queued": queued})
    else:
        render.say(f"{words.count(len(queued), 'job')} queued again.")


@app.command()
@options.everywhere
def priority(settings: Settings, job: Number, level: Level) -> None:
    """Say how soon a waiting job is wanted: 0 to 9, higher first."""
    _change(settings, job, "priority", f"waits with priority {level}", {"priority": level})


def _change(settings: Settings, job: int, verb: str, said: str, body: Json | None = None) -> None:
    with server.connected(settings) as client:
        row = client.send("POST", f"/api/jobs/{job}/{verb}", body)
        _tell(settings, client, row, said)


def _tell(settings: Settings, client: Client, row: Json, said: str) -> None:
    if settings.json:
        render.data(row)
        return
    over = row["state"] in types.ENDED_JOB_STATES
    render.say(f"Job {row['id']} ({name(row)}) {'is ' + row['state'] if over else said}.")
    if client.own and not over:
        command = settings.command(f"jobs follow {row['id']}")
        render.say(f"No server runs: {command} does the work.")
