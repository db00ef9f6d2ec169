"""`mem maintenance` and `mem support-bundle`: looking after the memory."""

from pathlib import Path
from typing import Annotated

import typer

from mem.cli import options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import Unwritable

app = typer.Typer(
    help="Look after the memory: what has to be done each day, week and month.", no_args_is_help=True
)
STYLES = {"good": "", "doubtful": "match", "broken": "failure"}
_PATIENCE = 3600.0  # seconds; checking a large database takes its time

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="The file to write.", metavar="FILE", show_default=False)
]


def add_to(root: typer.Typer) -> None:
    """Make them commands of `root`."""
    root.add_typer(app, name="maintenance")
    root.command("support-bundle")(options.everywhere(support_bundle))


@app.command()
@options.everywhere
def daily(settings: Settings) -> int:
    """Disk, errors in the logs, deliveries, jobs, backup, leftovers; exit status 1: a person is needed."""
    return _run(settings, "daily")


@app.command()
@options.everywhere
def weekly(settings: Settings) -> int:
    """All of `daily`, and the database: statistics, and compaction where it is worth it."""
    return _run(settings, "weekly")


@app.command()
@options.everywhere
def monthly(settings: Settings) -> int:
    """All of `weekly`, and the speed and growth of the last month."""
    return _run(settings, "monthly")


@app.command()
@options.everywhere
def capacity(settings: Settings) -> None:
    """How fast the memory grows, and when its disk will be full."""
    with server.connected(settings) as client:
        found = client.get("/api/capacity")
    if settings.json:
        render.data(found)
    else:
        _growth(found)


def support_bundle(settings: Settings, output: Output = None) -> None:
    """Write a ZIP for somebody who helps: versions, settings, status, metrics, log lines; no content."""
    file = output or Path("mem-support.zip")
    with server.connected(settings) as client:
        body = client.raw("/api/support")
    try:
        file.write_bytes(body)
    except OSError as error:
        raise Unwritable(f"{file} cannot be written: {error.strerror}.") from None
    if settings.json:
        render.data({"file": str(file), "bytes": len(body)})
    else:
        render.say(f"{file} ({words.size(len(body))}). Look into it before you send it.")


def _run(settings: Settings, period: str) -> int:
    with server.connected(settings) as client:
        client.patient(_PATIENCE)
        done = client.send("POST", "/api/maintenance", {"period": period})
    if settings.json:
        render.data(done)
        return 0 if done["ok"] else 1
    rows = [
        (step["name"], Cell(step["state"], STYLES[step["state"]]), step["detail"]) for step in done["steps"]
    ]
    render.table((Column("What"), Column("State"), Column("Found", wide=True)), rows)
    for step in done["steps"]:
        if step["fix"]:
            render.say(f"{step['name']}: {step['fix']}", STYLES[step["state"]])
    if period == "monthly":
        _growth(done["capacity"])
    needed = sum(step["state"] != "good" for step in done["steps"])
    if needed:
        render.say(f"{words.count(needed, 'thing needs', 'things need')} a person.", "match")
    else:
        render.say("Everything is as it should be.")
    return 1 if needed else 0


def _growth(found: Json) -> None:
    left = found["days_left"]
    render.facts(
        "Growth",
        [
            ("looked at", f"{found['looked_days']:g} days"),
            ("recordings", f"{found['recordings_per_day']:g} a day, {found['hours_per_day']:.3g} hours"),
            ("frames", f"{words.size(found['image_bytes_per_day'])} a day"),
            ("originals", f"{words.size(found['original_bytes_per_day'])} a day"),
            ("database", f"{words.size(found['database_bytes_per_day'])} a day"),
            ("room", words.size(found["free_bytes"])),
            ("full", "not in sight" if left is None else f"in {left:,.0f} days ({found['full_at'][:10]})"),
        ],
    )
