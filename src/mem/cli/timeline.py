"""`mem timeline`: what was on screen and what was said, in the order of time."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Any

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column

Line = tuple[datetime, Sequence[Cell | str | int | None]]
Screen = Annotated[bool, typer.Option("--screen", help="Also each line of text read off the screen.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("timeline")(options.everywhere(timeline))


def timeline(
    settings: Settings,
    start: choices.From = None,
    end: choices.To = None,
    source: choices.SourceChoice = None,
    limit: choices.Limit = 200,
    screen: Screen = False,
) -> None:
    """Show frames, speech and notes in the order of time. Without a range: the last days."""
    zone = local.zone()
    with server.connected(settings) as client:
        answer = _ask(
            client,
            limit,
            from_=choices.moment(start, zone),
            to=choices.moment(end, zone),
            source=choices.source_id(client, source),
            screen="true" if screen else None,
            words="true" if settings.json else None,
        )
        empty = not _rows(answer)
        newest = client.get("/api/sources", limit=1)["sources"] if empty and not settings.json else []
    if settings.json:
        render.data(answer)
    elif empty:
        _nothing(settings, answer, newest, zone, defaulted=start is None and end is None)
    else:
        _show(settings, answer, limit, zone)


def _ask(client: Client, limit: int, **asked: Any) -> Json:
    """The range's timeline with about `limit` rows, asked for page by page, each thing once."""
    answer = client.get("/api/timeline", limit=min(limit, 200), **asked)
    # Later pages keep the range of the first: a defaulted one would move on with the clock.
    asked |= {"from_": answer["from"], "to": answer["to"]}
    while answer.get("cursor") and _rows(answer) < limit:
        rest = min(limit - _rows(answer), 200)
        more = client.get("/api/timeline", limit=rest, cursor=answer["cursor"], **asked)
        if not _rows(more):
            break
        answer = {
            **answer,
            "spans": answer["spans"] + more["spans"],
            "segments": _joined(answer["segments"], more["segments"]),
            "notes": _joined(answer["notes"], more["notes"]),
            "screen": _joined(answer["screen"], more["screen"]),
            "sources": {**answer["sources"], **more["sources"]},
            "cursor": more.get("cursor"),
        }
    return answer


def _rows(answer: Json) -> int:
    return sum(len(answer[name]) for name in ("spans", "segments", "notes", "screen"))


def _joined(rows: list[Json], more: list[Json]) -> list[Json]:
    """Both lists; what reaches over the border of two pages is in both and is kept once."""
    return list({row["id"]: row for row in rows + more}.values())


def _show(settings: Settings, answer: Json, limit: int, zone: tzinfo) -> None:
    names = {key: words.first(source["name"], 24) for key, source in answer["sources"].items()}
    lines = sorted(
        [
            *map(_span, answer["spans"]),
            *map(_segment, answer["segments"]),
            *map(_note, answer["notes"]),
            *map(_line, answer["screen"]),
        ],
        key=lambda line: line[0],
    )
    more = answer.get("cursor") is not None or len(lines) > limit
    lines = lines[:limit]
    moments = [at for at, _ in lines]
    one_day = len({local.day(at, zone) for at in moments}) == 1 and render.is_terminal()
    clock = local.time if one_day else local.full
    rows = [(clock(at, zone), names.get(str(row[0]), ""), *row[1:]) for at, row in lines]
    zone_name = local.zone_name(moments, zone)
    if one_day:
        render.say(f"{local.day(moments[0], zone)}, {zone_name}", "strong")
    columns = (
        Column("Time" if one_day else render.zoned("Time", zone_name)),
        Column("Source"),
        Column("Kind"),
        Column("Lasts", right=True),
        Column("What", wide=True),
    )
    render.table(columns, rows)
    if more:
        after = local.iso(moments[-1])
        render.say(f"There is more: --limit, or {settings.command(f'timeline --from {after}')}", "quiet")


def _lasts(row: Json) -> str:
    return words.duration((local.instant(row["end"]) - local.instant(row["start"])).total_seconds())


def _span(span: Json) -> Line:
    looks = words.count(int(span["samples"]), "look")
    what = f"frame {span['frame_id']}, {looks}"
    return local.instant(span["start"]), (span["source_id"], "frame", _lasts(span), what)


def _segment(segment: Json) -> Line:
    text = Cell(segment["text"].strip(), "speech")
    at = local.instant(segment["start"])
    return at, (segment["source_id"], Cell("speech", "speech"), _lasts(segment), text)


def _line(line: Json) -> Line:
    text = Cell(line["text"].strip(), "screen")
    return local.instant(line["start"]), (line["source_id"], Cell("screen", "screen"), _lasts(line), text)


def _note(note: Json) -> Line:
    tags = "".join(f" #{tag}" for tag in note["tags"])
    text = Cell(f"{note['text']}{tags}", "note")
    return local.instant(note["start"]), (note["source_id"], Cell("note", "note"), _lasts(note), text)


def _nothing(settings: Settings, answer: Json, newest: list[Json], zone: tzinfo, *, defaulted: bool) -> None:
    start, end = local.instant(answer["from"]), local.instant(answer["to"])
    which = "the last days, " if defaulted else ""
    zone_name = local.zone_name([start, end], zone)
    render.say(f"Nothing in {which}{local.full(start, zone)} to {local.full(end, zone)} ({zone_name}).")
    if not newest:
        render.say(f"Nothing has been captured yet: {settings.command('capture FILE')}")
        return
    source = newest[0]
    begin = local.instant(source["started_at"])
    until = local.instant(source["ended_at"]) if source.get("ended_at") else choices.soon(begin, 3600)
    command = settings.command(f"timeline --from {local.iso(begin)} --to {local.iso(until)}")
    render.say(f"The newest recording is {source['name']}: {command}")
