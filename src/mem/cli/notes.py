"""`mem notes`: what people and programs wrote about an interval."""

from datetime import UTC, datetime, tzinfo
from typing import Annotated

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest

app = typer.Typer(help="What people and programs wrote about an interval.")

ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC))
Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The note's number.")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="What to note.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="A tag; can be repeated.")]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="When it begins (default: now).", show_default=False)
]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="When it ends; none: that second.")]
Author = Annotated[str | None, typer.Option("--author", help="Who says so.")]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """What people and programs wrote about an interval; without a command: `mem notes list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


def show_list(
    settings: Settings,
    start: choices.From = None,
    end: choices.To = None,
    source: choices.SourceChoice = None,
    limit: choices.Limit = 100,
) -> None:
    """List the notes in the order of time."""
    zone = local.zone()
    with server.connected(settings) as client:
        rows, cursor = client.pages(
            "/api/notes",
            "notes",
            limit,
            from_=choices.moment(start, zone) or ALWAYS[0],
            to=choices.moment(end, zone) or ALWAYS[1],
            source=choices.source_id(client, source),
        )
    if settings.json:
        render.data({"notes": rows, "cursor": cursor})
    elif not rows:
        add = settings.command("notes add 'Doorbell' --at 'yesterday 14:05'")
        render.say(f"There are no notes{' then' if start or end else ' yet'}: {add}")
    else:
        _table(rows, zone)
        if cursor:
            render.say("There are more: --limit shows them.", "quiet")


app.command("list")(options.everywhere(show_list))


def _table(rows: list[Json], zone: tzinfo) -> None:
    starts = [local.instant(row["start"]) for row in rows]
    columns = (
        Column("Id", right=True),
        Column(render.zoned("Time", local.zone_name(starts, zone))),
        Column("Lasts", right=True),
        Column("Source", right=True),
        Column("Author"),
        Column("Tags"),
        Column("Note", wide=True),
    )
    render.table(columns, [_row(row, at, zone) for row, at in zip(rows, starts, strict=True)])


def _row(row: Json, start: datetime, zone: tzinfo) -> list[Cell | str | int | None]:
    lasts = words.duration((local.instant(row["end"]) - start).total_seconds())
    tags = " ".join(f"#{tag}" for tag in row["tags"])
    return [
        row["id"],
        local.full(start, zone),
        lasts,
        row["source_id"],
        row["author"],
        tags,
        Cell(row["text"], "note"),
    ]


@app.command()
@options.everywhere
def add(
    settings: Settings,
    text: Text,
    at: At = "now",
    until: Until = None,
    source: choices.SourceChoice = None,
    tags: Tags = None,
    author: Author = None,
) -> None:
    """Write a note about an instant or an interval."""
    zone = local.zone()
    start = choices.instant(at, zone)
    end = choices.moment(until, zone) or choices.soon(start, 1)
    with server.connected(settings) as client:
        body = {
            "text": text,
            "start": local.iso(start),
            "end": local.iso(end),
            "source_id": choices.source_id(client, source),
            "tags": tags or [],
        }
        row = client.send("POST", "/api/notes", body | ({"author": author} if author else {}))
    _said(settings, row, "Noted")


@app.command()
@options.everywhere
def edit(
    settings: Settings,
    note: Number,
    text: Annotated[str | None, typer.Option("--text", help="What to note instead.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="When it begins.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="When it ends.")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="The tags it has from now on.")
    ] = None,
) -> None:
    """Change a note."""
    zone = local.zone()
    start, end = choices.moment(at, zone), choices.moment(until, zone)
    wanted = {"text": text, "tags": tags or None}
    wanted |= {"start": local.iso(start) if start else None, "end": local.iso(end) if end else None}
    changes = {key: value for key, value in wanted.items() if value is not None}
    if not changes:
        raise BadRequest("Nothing is to be changed.", hint="Give --text, --at, --to or --tag.")
    with server.connected(settings) as client:
        row = client.send("PATCH", f"/api/notes/{note}", changes)
    _said(settings, row, "Changed")


@app.command()
@options.everywhere
def delete(settings: Settings, note: Number, yes: choices.Yes = False) -> None:
    """Delete a note."""
    with server.connected(settings) as client:
        row = client.get(f"/api/notes/{note}")
        choices.confirm(f"Delete note {note}: {words.first(row['text'])}?", yes)
        client.send("DELETE", f"/api/notes/{note}")
    _said(settings, row, "Deleted")


def _said(settings: Settings, row: Json, verb: str) -> None:
    if settings.json:
        render.data(row)
    else:
        moment = local.exact(local.instant(row["start"]), local.zone())
        render.say(f"{verb}: note {row['id']} at {moment}: {words.first(row['text'])}")
