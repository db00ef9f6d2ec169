"""`mem sources`: the recordings that Mem knows."""

from typing import Annotated

import typer

from mem.cli import choices, deleting, local, options, render, rerunning, server, summary, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest

app = typer.Typer(help="The recordings that Mem knows.")

STATE_STYLES = {"failed": "failure", "partial": "match", "processing": "speech", "new": "quiet"}
Which = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's number or its name.")]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """The recordings that Mem knows; without a command: `mem sources list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


def show_list(settings: Settings, limit: choices.Limit = 50) -> None:
    """List the recordings, the latest first."""
    with server.connected(settings) as client:
        rows, cursor = client.pages("/api/sources", "sources", limit)
    if settings.json:
        render.data({"sources": rows, "cursor": cursor})
    elif not rows:
        render.say(f"Nothing has been captured yet: {settings.command('capture FILE')}")
    else:
        _table(rows)
        if cursor:
            render.say("There are more: --limit shows them.", "quiet")


app.command("list")(options.everywhere(show_list))


def _table(rows: list[Json]) -> None:
    zone = local.zone()
    starts = [local.instant(row["started_at"]) for row in rows]
    columns = (
        Column("Id", right=True),
        Column(render.zoned("Recorded", local.zone_name(starts, zone))),
        Column("Lasts", right=True),
        Column("State"),
        Column("Size", right=True),
        Column("Where"),
        Column("Name", wide=True),
    )
    render.table(columns, [_row(row) for row in rows])
    if any(row["time_confidence"] == "low" for row in rows):
        render.say("? The time is not sure: mem sources edit ID --started-at TIME", "match")


def _row(row: Json) -> list[Cell | str | int | None]:
    doubtful = row["time_confidence"] == "low"
    recorded = local.full(local.instant(row["started_at"]), local.zone())
    return [
        row["id"],
        Cell(recorded + (" ?" if doubtful else ""), "match" if doubtful else ""),
        _lasts(row),
        Cell(row["state"], STATE_STYLES.get(row["state"], "")),
        words.size(row["size"]),
        words.first(", ".join(one for one in (row["location"], row["device"]) if one), 24),
        row["name"],
    ]


def _lasts(row: Json) -> str:
    if not row["ended_at"]:
        return ""
    return words.duration((local.instant(row["ended_at"]) - local.instant(row["started_at"])).total_seconds())


@app.command()
@options.everywhere
def show(settings: Settings, source: Which) -> None:
    """Show all about one recording."""
    with server.connected(settings) as client:
        row = client.get(f"/api/sources/{choices.source_id(client, source)}")
    if settings.json:
        render.data(row)
    else:
        _facts(settings, row)


def _facts(settings: Settings, row: Json) -> None:
    media = row["media"] or {}
    video, audio = media.get("video"), media.get("audio")
    render.facts(
        f"Source {row['id']}: {row['name']}",
        [
            ("Recorded", summary.recorded(row)),
            ("Lasts", _lasts(row) or None),
            ("State", Cell(row["state"], STATE_STYLES.get(row["state"], ""))),
            ("Where", row["location"]),
            ("Device", row["device"]),
            ("File", row["path"] or (f"{row['original']} in its folder" if row["original"] else None)),
            ("Size", words.size(row["size"])),
            ("Container", media.get("container")),
            ("Picture", _picture(video) if video else "none"),
            ("Sound", _sound(audio) if audio else "none"),
            ("Hotwords", row["hotwords"]),
            ("Prompt", row["prompt"]),
            ("Folder", str(settings.folder / row["folder"])),
            ("SHA-256", row["content_hash"]),
            ("Taken in", local.exact(local.instant(row["added_at"]), local.zone())),
        ],
    )


def _sound(audio: Json) -> str:
    return f"{audio['codec']}, {audio['rate']} Hz, {words.count(audio['channels'], 'channel')}"


def _picture(video: Json) -> str:
    rate = f", {video['fps']:.3g} a second" if video.get("fps") else ""
    return f"{video['codec']}, {video['width']} x {video['height']}{rate}"


@app.command()
@options.everywhere
def edit(
    settings: Settings,
    source: Which,
    started_at: Annotated[
        str | None, typer.Option("--started-at", metavar="TIME", help="When it began; moves all its times.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call it.")] = None,
    location: Annotated[str | None, typer.Option("--location", help="Where it was recorded.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="What recorded it.")] = None,
    hotwords: Annotated[
        str | None, typer.Option("--hotwords", help="Names and rare words to listen for; '' for none.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", help="A phrase taken as said before; '' for none.")
    ] = None,
) -> None:
    """Change when a recording began, its name, its labels, or what it is listened to with.

    Hotwords and a prompt hold when it is listened to again: mem sources rerun SOURCE --stage speech
    """
    start = choices.moment(started_at, local.zone())
    wanted = {"started_at": local.iso(start) if start else None, "name": name}
    wanted |= {"location": location, "device": device, "hotwords": hotwords, "prompt": prompt}
    changes = {key: value for key, value in wanted.items() if value is not None}
    if not changes:
        raise BadRequest(
            "Nothing is to be changed.",
            hint="Give --started-at, --name, --location, --device, --hotwords or --prompt.",
        )
    with server.connected(settings) as client:
        row = client.send("PATCH", f"/api/sources/{choices.source_id(client, source)}", changes)
    if settings.json:
        render.data(row)
    else:
        moment = local.exact(local.instant(row["started_at"]), local.zone())
        render.say(f"Source {row['id']} {row['name']}: recorded {moment}.")


@app.command()
@options.everywhere
def delete(settings: Settings, source: Which, yes: choices.Yes = False) -> None:
    """Delete a recording: its frames, words, notes, kept original and its place in the search index."""
    with server.connected(settings) as client:
        row = client.get(f"/api/sources/{choices.source_id(client, source)}")
        choices.confirm(f"Delete source {row['id']} {row['name']} and all that was kept of it?", yes)
        receipt = client.send("DELETE", f"/api/sources/{row['id']}")
    if settings.json:
        render.data(receipt)
        return
    render.say(
        f"Deleted source {row['id']} {row['name']}: {words.removed(receipt['removed'])}; "
        f"{words.size(receipt['freed_bytes'])} freed."
    )
    deleting.say_rows(receipt)


rerunning.add_to(app)
