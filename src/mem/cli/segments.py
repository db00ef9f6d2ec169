"""`mem segments`: what was said, piece by piece, and putting it right."""

from datetime import datetime
from typing import Annotated

import typer

from mem.cli import choices, local, options, render, server
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest

app = typer.Typer(help="What was said, piece by piece, and putting it right.")

Number = Annotated[int, typer.Argument(metavar="ID", min=1, help="The segment's number.")]
Text = Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What was really said.")]
Suspect = Annotated[bool, typer.Option("--suspect", help="Only those whose text is doubted.")]
Revert = Annotated[bool, typer.Option("--revert", help="Take back what was written; show what was heard.")]
IfMatch = Annotated[
    str | None,
    typer.Option("--if-match", metavar="ETAG", help="Only if `mem segments show` says this still."),
]
Model = Annotated[str | None, typer.Option("--model", help="Speech model to listen with, such as small.")]
Language = Annotated[str | None, typer.Option("--language", help="Language spoken, such as en; or auto.")]
Start = Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on.")]
End = Annotated[str, typer.Option("--to", metavar="TIME", help="Until just before this time (default: now).")]


@app.command("list")
@options.everywhere
def show_list(
    settings: Settings,
    source: choices.SourceChoice = None,
    start: choices.From = None,
    end: choices.To = None,
    suspect: Suspect = False,
    limit: choices.Limit = 100,
) -> None:
    """List what was said in the order of time, with the numbers that `edit` takes."""
    zone = local.zone()
    with server.connected(settings) as client:
        number = choices.source_id(client, source)
        begin, until = choices.moment(start, zone), choices.moment(end, zone)
        if number is not None and begin is None:
            begin = local.instant(client.get(f"/api/sources/{number}")["started_at"])
        rows, cursor = client.pages(
            "/api/segments", "segments", limit, from_=begin, to=until, source=number, suspect=suspect
        )
    if settings.json:
        render.data({"segments": rows, "cursor": cursor})
    elif not rows:
        render.say("Nothing was said then.")
    else:
        _table(rows, [local.instant(row["start"]) for row in rows])
        if cursor:
            render.say("There are more: --limit shows them.", "quiet")


def _table(rows: list[Json], starts: list[datetime]) -> None:
    zone = local.zone()
    columns = (
        Column("Id", right=True),
        Column(render.zoned("Time", local.zone_name(starts, zone))),
        Column("Source", right=True),
        Column("Lang"),
        Column("Side"),
        Column("Sure", right=True),
        Column("Mark"),
        Column("Said", wide=True),
    )
    render.table(
        columns,
        [
            (
                row["id"],
                local.full(at, zone),
                row["source_id"],
                row["language"],
                row["channel"],
                f"{row['confidence']:.2f}",
                _mark(row),
                Cell(row["text"], "speech"),
            )
            for row, at in zip(rows, starts, strict=True)
        ],
    )


def _mark(row: Json) -> str:
    return "edited" if row["edited_at"] else str(row["suspect"] or "")


@app.command()
@options.everywhere
def show(settings: Settings, segment: Number) -> None:
    """Show one segment, with what was heard where somebody wrote something else, and its ETag."""
    with server.connected(settings) as client:
        row, tag = client.tagged("GET", f"/api/segments/{segment}")
    if settings.json:
        render.data({**row, "etag": tag})
        return
    zone = local.zone()
    written = row["edited_at"]
    render.facts(
        f"Segment {row['id']} of source {row['source_id']}",
        [
            ("From", local.exact(local.instant(row["start"]), zone)),
            ("To", local.exact(local.instant(row["end"]), zone)),
            ("Text", Cell(row["text"], "speech")),
            ("Heard", row["heard"]),
            (
                "Written",
                f"{local.exact(local.instant(written), zone)} by {row['edited_by']}" if written else None,
            ),
            ("Language", row["language"]),
            ("Side", row["channel"]),
            ("Sure", f"{row['confidence']:.2f}"),
            ("Doubted", row["suspect"]),
            ("Model", row["model"]),
            ("ETag", tag),
        ],
    )


@app.command()
@options.everywhere
def edit(
    settings: Settings, segment: Number, text: Text = None, revert: Revert = False, if_match: IfMatch = None
) -> None:
    """Write what was really said in a segment; listening again never overwrites it, and both are found."""
    if (text is None) != revert:
        raise BadRequest("Give either the text or --revert.")
    with server.connected(settings) as client:
        row, tag = client.tagged("PATCH", f"/api/segments/{segment}", {"text": text}, if_match)
    if settings.json:
        render.data({**row, "etag": tag})
    else:
        render.say(f"Segment {row['id']}: {row['text']}")


@app.command()
@options.everywhere
def rerun(
    settings: Settings,
    start: Start,
    end: End = "now",
    source: choices.SourceChoice = None,
    model: Model = None,
    language: Language = None,
) -> None:
    """Queue listening again to all recordings of a range; what was heard stays until the new replaces it."""
    zone = local.zone()
    body: Json = {
        "from": local.iso(choices.instant(start, zone)),
        "to": local.iso(choices.instant(end, zone)),
    }
    body |= {name: value for name, value in (("model", model), ("language", language)) if value is not None}
    with server.connected(settings) as client:
        number = choices.source_id(client, source)
        answer = client.send(
            "POST", "/api/transcript/rerun", body | ({"sources": [number]} if number else {})
        )
    if settings.json:
        render.data(answer)
        return
    for job in answer["jobs"]:
        follow = settings.command(f"jobs follow {job['id']}")
        render.say(f"Source {job['source_id']}: job {job['id']} is {job['state']}: {follow}")
