"""`mem retention`: letting go of what the rules say, and pins that keep intervals."""

from typing import Annotated

import typer

from mem.cli import choices, deleting, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Column

app = typer.Typer(help="Letting go of what is too old or too much, and pins that keep intervals.")

_CLASSES = {
    "everything": "everything of",
    "originals": "the originals of",
    "frames": "all frames of",
    "thin": "frames but one a minute of",
}
Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The pin's number.")]
Reason = Annotated[str, typer.Option("--reason", help="Why it is kept.")]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context, dry_run: deleting.DryRun = False) -> None:
    """Let go of what the rules of the configuration say; the server does so once a day by itself."""
    if context.invoked_subcommand is not None:
        return
    with server.connected(settings) as client:
        plan = client.get("/api/retention")
        receipt = None
        if not dry_run and plan["rules"]:
            receipt = deleting.ended(client, client.send("POST", "/api/retention", {"dry_run": False}))
    if settings.json:
        render.data(plan if receipt is None else receipt)
    elif receipt is not None:
        deleting.say(receipt)
    else:
        _show(plan)


def _show(plan: Json) -> None:
    if not plan["rules"]:
        render.say("No rule lets go of anything: set storage.retention_days, storage.max_bytes or")
        render.say("storage.retention in config.yaml; a server reads them when it starts.")
    for name, total in plan["removed"].items():
        size, many = words.size(total["bytes"]), words.count(total["sources"], "source")
        frames = f", {total['frames']:,} frames" if total["frames"] else ""
        render.say(f"Would remove {_CLASSES[name]} {many}{frames}: {size}.")
    if plan["rules"] and not plan["removed"]:
        render.say("Nothing is beyond the rules.")
    if plan["notes"]:
        render.say(f"And {words.count(plan['notes'], 'note')} about the time itself.")
    if plan["over_bytes"]:
        left = words.size(plan["over_bytes"])
        render.say(f"{left} are beyond a limit and stay: pinned, worked on, or text.", "match")
    if plan["skipped"]:
        many = words.count(len(plan["skipped"]), "source")
        render.say(f"{many} left alone: their folders do not say that they are theirs.", "failure")
    _forecast(plan["forecast"])


def _forecast(forecast: Json) -> None:
    used, left = words.size(forecast["used_bytes"]), words.size(forecast["left_bytes"])
    render.say(f"Originals and frames take {used}; {left} are left.")
    for pace in forecast["paces"]:
        full = "never full" if pace["full_in_days"] is None else f"full in {pace['full_in_days']:,.0f} days"
        daily = words.size(pace["bytes_per_day"])
        render.say(f"At the pace of the last {pace['days']} days ({daily} a day): {full}.", "quiet")


@app.command()
@options.everywhere
def pin(
    settings: Settings,
    start: deleting.Start,
    end: deleting.End,
    source: choices.SourceChoice = None,
    reason: Reason = "",
) -> None:
    """Keep an interval from retention and deletion."""
    zone = local.zone()
    with server.connected(settings) as client:
        body = {
            "start": local.iso(choices.instant(start, zone)),
            "end": local.iso(choices.instant(end, zone)),
            "source_id": choices.source_id(client, source),
            "reason": reason,
        }
        row = client.send("POST", "/api/pins", body)
    if settings.json:
        render.data(row)
    else:
        render.say(f"Pin {row['id']} keeps {_interval(row)}.")


@app.command()
@options.everywhere
def unpin(settings: Settings, number: Number) -> None:
    """Let go of a pin; nothing is deleted by that."""
    with server.connected(settings) as client:
        row = client.get(f"/api/pins/{number}")
        client.send("DELETE", f"/api/pins/{number}")
    if settings.json:
        render.data(row)
    else:
        render.say(f"Pin {number} is gone; {_interval(row)} can be deleted.")


@app.command()
@options.everywhere
def pins(settings: Settings, limit: choices.Limit = 100) -> None:
    """List the pins."""
    with server.connected(settings) as client:
        rows, cursor = client.pages("/api/pins", "pins", limit)
    if settings.json:
        render.data({"pins": rows, "cursor": cursor})
    elif not rows:
        render.say("Nothing is pinned.")
    else:
        columns = (Column("Id", right=True), Column("Source", right=True), Column("Keeps"))
        shown = [(row["id"], row["source_id"], _interval(row), row["reason"]) for row in rows]
        render.table((*columns, Column("Reason", wide=True)), shown)


@app.command()
@options.everywhere
def receipts(settings: Settings, limit: choices.Limit = 20) -> None:
    """List what was deleted, by whom and when, the newest first."""
    zone = local.zone()
    with server.connected(settings) as client:
        rows, cursor = client.pages("/api/receipts", "receipts", limit)
    if settings.json:
        render.data({"receipts": rows, "cursor": cursor})
    elif not rows:
        render.say("Nothing was deleted yet.")
    else:
        columns = (
            Column("Id", right=True),
            Column("Begun"),
            Column("Kind"),
            Column("State"),
            Column("By"),
            Column("Freed", right=True),
            Column("Removed", wide=True),
        )
        shown = [
            (
                row["id"],
                local.full(local.instant(row["begun_at"]), zone),
                row["kind"],
                row["state"],
                row["by"],
                words.size(row["freed_bytes"]),
                words.removed(row["removed"]),
            )
            for row in rows
        ]
        render.table(columns, shown)


def _interval(row: Json) -> str:
    zone = local.zone()
    return (
        f"{local.exact(local.instant(row['start']), zone)} to {local.exact(local.instant(row['end']), zone)}"
    )
