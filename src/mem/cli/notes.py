"""`mem notes`: what people and programs wrote about an interval."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, get_args

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest
from mem.types import NoteType

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
Kind = Annotated[
    NoteType | None,
    typer.Option("--type", help=f"What kind of note it is: {', '.join(get_args(NoteType))}.", metavar="TYPE"),
]
Meta = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="KEY=VALUE", help="Data to keep with it, JSON or text; can be repeated."),
]
OnlyTag = Annotated[str | None, typer.Option("--tag", "-t", help="Only notes that have this tag.")]
OnlyAuthor = Annotated[str | None, typer.Option("--author", help="Only notes by this author.")]
IfMatch = Annotated[
    str | None, typer.Option("--if-match", metavar="ETAG", help="Only if `mem notes show` says this still.")
]


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
    tag: OnlyTag = None,
    kind: Kind = None,
    author: OnlyAuthor = None,
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
            tag=tag,
            type=kind,
            author=author,
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
        Column("Type"),
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
        row["type"],
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
    kind: Kind = None,
    meta: Meta = None,
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
            "metadata": _metadata(meta),
        }
        more = {"author": author, "type": kind}
        given = {key: value for key, value in more.items() if value is not None}
        row = client.send("POST", "/api/notes", body | given)
    _said(settings, row, "Noted")


@app.command()
@options.everywhere
def show(settings: Settings, note: Number) -> None:
    """Show one note, with the ETag that `edit` and `delete` take."""
    with server.connected(settings) as client:
        row, tag = client.tagged("GET", f"/api/notes/{note}")
    if settings.json:
        render.data({**row, "etag": tag})
        return
    zone = local.zone()
    render.facts(
        f"Note {row['id']}",
        [
            ("From", local.exact(local.instant(row["start"]), zone)),
            ("To", local.exact(local.instant(row["end"]), zone)),
            ("Source", row["source_id"]),
            ("Author", row["author"]),
            ("Type", row["type"]),
            ("Tags", " ".join(row["tags"]) or None),
            ("Text", Cell(row["text"], "note")),
            ("Data", json.dumps(row["metadata"], ensure_ascii=False) if row["metadata"] else None),
            ("Changed", local.exact(local.instant(row["updated_at"]), zone)),
            ("ETag", tag),
        ],
    )


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
    kind: Kind = None,
    meta: Meta = None,
    if_match: IfMatch = None,
) -> None:
    """Change a note."""
    zone = local.zone()
    start, end = choices.moment(at, zone), choices.moment(until, zone)
    wanted: Json = {"text": text, "tags": tags or None, "type": kind}
    wanted["metadata"] = _metadata(meta) if meta else None
    wanted |= {"start": local.iso(start) if start else None, "end": local.iso(end) if end else None}
    changes = {key: value for key, value in wanted.items() if value is not None}
    if not changes:
        raise BadRequest(
            "Nothing is to be changed.", hint="Give --text, --at, --to, --tag, --type or --meta."
        )
    with server.connected(settings) as client:
        row, _ = client.tagged("PATCH", f"/api/notes/{note}", changes, if_match)
    _said(settings, row, "Changed")


@app.command()
@options.everywhere
def delete(settings: Settings, note: Number, yes: choices.Yes = False, if_match: IfMatch = None) -> None:
    """Delete a note."""
    with server.connected(settings) as client:
        row = client.get(f"/api/notes/{note}")
        choices.confirm(f"Delete note {note}: {words.first(row['text'])}?", yes)
        client.tagged("DELETE", f"/api/notes/{note}", tag=if_match)
    _said(settings, row, "Deleted")


def _metadata(pairs: Sequence[str] | None) -> dict[str, Any]:
    """The data of KEY=VALUE texts: each value as the JSON that it is, else as text. Raises BadRequest."""
    found: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise BadRequest(f"{pair!r} is not KEY=VALUE.", hint="Write for example --meta score=0.9.")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


def _said(settings: Settings, row: Json, verb: str) -> None:
    if settings.json:
        render.data(row)
    else:
        moment = local.exact(local.instant(row["start"]), local.zone())
        render.say(f"{verb}: note {row['id']} at {moment}: {words.first(row['text'])}")
