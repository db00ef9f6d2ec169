"""`mem sources rerun`: stages of a recording, done again."""

from pathlib import Path
from typing import Annotated

import typer

from mem import types
from mem.cli import choices, following, local, options, render, server, summary
from mem.cli.options import Settings

Which = Annotated[str, typer.Argument(metavar="SOURCE", help="The source: its number or its name.")]
Stages = Annotated[
    list[str], typer.Option("--stage", help="frames, speech, screen or index; may be given several times.")
]
Model = Annotated[str | None, typer.Option("--model", help="Speech model to listen with, such as small.")]
Language = Annotated[str | None, typer.Option("--language", help="Language spoken, such as en; or auto.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Only queue it; do not wait for the work.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("rerun")(options.everywhere(rerun))


def rerun(
    settings: Settings,
    source: Which,
    stage: Stages,
    model: Model = None,
    language: Language = None,
    start: choices.From = None,
    end: choices.To = None,
    no_wait: NoWait = False,
) -> int | None:
    """Do stages of a recording again; what they made before stays until the new can take its place at once.

    With --from and --to only what was said then is listened to again.

    Exit status 1 when it failed or was cancelled.
    """
    zone = local.zone()
    begin, until = choices.moment(start, zone), choices.moment(end, zone)
    body = {"stages": stage, "model": model, "language": language}
    body |= {"from": local.iso(begin) if begin else None, "to": local.iso(until) if until else None}
    with server.connected(settings, worker=not no_wait) as client:
        number = choices.source_id(client, source)
        row = client.send(
            "POST", f"/api/sources/{number}/rerun", {k: v for k, v in body.items() if v is not None}
        )
        name = str(row["params"].get("name") or f"source {number}")
        if not no_wait:
            with following.watching(client, name, quiet=settings.json) as moved:
                row = following.follow(client, row, moved)
        if settings.json:
            render.data(row)
        elif row["state"] not in types.ENDED_JOB_STATES:
            follow = settings.command(f"jobs follow {row['id']}")
            render.say(f"Job {row['id']} is {row['state']}: {follow}")
        else:
            summary.panel(settings, client, summary.ended(client, Path(name), row))
    return 1 if row["state"] in ("failed", "cancelled") else 0
