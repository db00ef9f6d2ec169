"""`mem delete`: everything in an interval, after showing what that is."""

import time
from typing import Annotated

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings

_LOOK_SECONDS = 0.5  # between looks at a deletion that goes on

Start = Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on.")]
End = Annotated[str, typer.Option("--to", metavar="TIME", help="Until just before this time.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("delete")(options.everywhere(delete))


def delete(
    settings: Settings,
    start: Start,
    end: End,
    source: choices.SourceChoice = None,
    dry_run: DryRun = False,
    yes: choices.Yes = False,
) -> None:
    """Delete all that was shown, said and noted in an interval, for good.

    A recording that reaches into it goes as a file; a file that was captured by path stays where it is, and
    Mem forgets it. Backups that were made before still hold what they hold.
    """
    zone = local.zone()
    first, last = choices.instant(start, zone), choices.instant(end, zone)
    with server.connected(settings) as client:
        number = choices.source_id(client, source)
        asked: Json = {"from": local.iso(first), "to": local.iso(last), "source": number}
        plan = client.send("POST", "/api/delete", asked | {"dry_run": True})
        if dry_run:
            receipt = None
        else:
            when = f"{local.exact(first, zone)} to {local.exact(last, zone)}"
            choices.confirm(f"Delete {_counted(plan)} from {when}?", yes)
            receipt = ended(client, client.send("POST", "/api/delete", asked))
    if settings.json:
        render.data(plan if receipt is None else receipt)
    elif receipt is None:
        _show(plan)
    else:
        say(receipt)


def ended(client: Client, receipt: Json) -> Json:
    """The receipt of a deletion once that is done."""
    while receipt["state"] != "done":
        time.sleep(_LOOK_SECONDS)
        receipt = client.get(f"/api/receipts/{receipt['id']}")
    return receipt


def say(receipt: Json) -> None:
    """Print what a deletion did, and what of it still lies in the file of the database."""
    freed = words.size(receipt["freed_bytes"])
    render.say(f"Deleted {words.removed(receipt['removed'])}; {freed} freed. Receipt {receipt['id']}.")
    say_rows(receipt)


def say_rows(receipt: Json) -> None:
    """Print that deleted rows lie in the file of the database for a while, where they do."""
    if receipt.get("rows_in_file"):
        render.say("What the deleted rows held lies in the database's file until that is written anew:")
        render.say("within a day while a server runs, or now by `mem db compact`.")


def _counted(plan: Json) -> str:
    extent = plan["extent"]
    size = words.size(extent["original_bytes"] + extent["pack_bytes"])
    counts = {key: value for key, value in extent.items() if not key.endswith(("_bytes", "_ms"))}
    return f"{words.removed(counts)} ({size})"


def _show(plan: Json) -> None:
    render.say(f"Would delete {_counted(plan)}.")
    extent = plan["extent"]
    if extent["uncovered_ms"]:
        lost = words.duration(extent["uncovered_ms"] / 1000)
        render.say(f"{lost} outside lose their picture too, since it was taken inside.", "quiet")
    if extent["originals"]:
        size = words.size(extent["original_bytes"])
        render.say(f"A recording cannot be cut: {size} of them go as a whole.", "match")
    if extent["detached"]:
        files = words.count(extent["detached"], "file")
        render.say(f"{files} captured by path: forgotten, but not removed from where they are.", "match")
