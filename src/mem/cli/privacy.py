"""`mem pause`, `mem resume` and `mem redact`: what is not to be taken in, and not to be seen any more."""

import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from mem import types
from mem.cli import choices, deleting, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.deleting import DryRun, End, Start
from mem.cli.options import Settings
from mem.errors import BadRequest

_UNITS = {"m": 60, "h": 3600, "d": 86_400}

For = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="How long, such as 30m, 2h or 1d; else until resumed."),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="LEFT,TOP,WIDTH,HEIGHT",
        help="Only this part of the picture, as shares of it: 0.5,0,0.5,1 is the right half.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Make them commands of `app`."""
    app.command("pause")(options.everywhere(pause))
    app.command("resume")(options.everywhere(resume))
    app.command("redact")(options.everywhere(redact))


def pause(settings: Settings, length: For = None) -> None:
    """Take no recording in until `mem resume`, or for a while; what was accepted before is finished."""
    until = None if length is None else _until(length)
    with server.connected(settings) as client:
        asked = {"until": None if until is None else local.iso(until)}
        _say(settings, client.send("POST", "/api/privacy/pause", asked))


def resume(settings: Settings) -> None:
    """Take recordings in again."""
    with server.connected(settings) as client:
        _say(settings, client.send("POST", "/api/privacy/resume"))


def redact(
    settings: Settings,
    start: Start,
    end: End,
    source: choices.SourceChoice = None,
    region: Region = None,
    dry_run: DryRun = False,
    yes: choices.Yes = False,
) -> None:
    """Make pictures of an interval unrecognisable, or a region of them, for good.

    What was said then and to be read there goes too, and so does the recording, which shows it as well; a
    file that was captured by path stays where it is. Backups that were made before still hold what they hold.
    """
    zone = local.zone()
    first, last = choices.instant(start, zone), choices.instant(end, zone)
    with server.connected(settings) as client:
        asked: Json = {
            "from": local.iso(first),
            "to": local.iso(last),
            "source": choices.source_id(client, source),
            "region": None if region is None else _region(region),
        }
        plan = client.send("POST", "/api/redact", asked | {"dry_run": True})
        if dry_run:
            receipt = None
        else:
            when = f"{local.exact(first, zone)} to {local.exact(last, zone)}"
            choices.confirm(f"Make {_counted(plan)} unrecognisable, {when}?", yes)
            receipt = deleting.ended(client, client.send("POST", "/api/redact", asked))
    if settings.json:
        render.data(plan if receipt is None else receipt)
    elif receipt is None:
        render.say(f"Would make {_counted(plan)} unrecognisable.")
    else:
        render.say(f"Redacted {words.removed(receipt['removed'])}. Receipt {receipt['id']}.")


def _counted(plan: Json) -> str:
    told = words.count(plan["pictures"], "picture")
    if plan["originals"]:
        told += f" (and remove {words.count(plan['originals'], 'original')})"
    return told


def _region(text: str) -> list[float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    return shares


def _until(text: str) -> datetime:
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)\s?([mhd])", text.strip())
    if found is None or not float(found[1]):
        raise BadRequest(f"{text!r} is no length of time.", hint="Write for example 30m, 2h or 1d.")
    return types.now() + timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _say(settings: Settings, state: Json) -> None:
    if settings.json:
        render.data(state)
    elif not state["paused"]:
        render.say("Recordings are taken in.")
    elif state["until"]:
        until = local.exact(local.instant(state["until"]), local.zone())
        render.say(f"Nothing is taken in until {until}; `mem resume` ends that.")
    else:
        render.say("Nothing is taken in until `mem resume`.")
