"""`mem search`: one question over everything said, shown and noted."""

import enum
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Literal

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column


class Kind(enum.StrEnum):
    """The kinds of text; an enumeration, since a repeated option takes no Literal."""

    SPEECH = "speech"
    SCREEN = "screen"
    NOTE = "note"


Words = Annotated[
    list[str],
    typer.Argument(
        metavar="WORDS",
        help="What to look for: all the words; '\"two words\"' together, invoi* as a beginning, one OR two; "
        "behind -- also what to leave out: mem search -- tax -invoice",
    ),
]
Kinds = Annotated[
    list[Kind] | None,
    typer.Option("--kind", "-k", help="Only what was said, shown or noted; can be repeated."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", metavar="SOURCE", help="Only this source, by number or name; repeatable."),
]
Sort = Annotated[
    Literal["relevance", "time"], typer.Option("--sort", help="The best first, or the newest first.")
]

Suspect = Annotated[
    bool, typer.Option("--suspect", help="Also speech that is doubted: loops, phantoms and guesses.")
]

Meaning = Annotated[
    bool,
    typer.Option("--meaning", help="Also what is alike in meaning, without the words (search.semantic)."),
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("search")(options.everywhere(search))


def search(
    settings: Settings,
    query: Words,
    start: choices.From = None,
    end: choices.To = None,
    source: Sources = None,
    kind: Kinds = None,
    limit: choices.Limit = 20,
    sort: Sort = "relevance",
    suspect: Suspect = False,
    meaning: Meaning = False,
) -> None:
    """Find the moments at which words were said, shown or noted.

    Filters can stand among the words: kind:speech, source:3, lang:en, tag:home, location:hall,
    after:2026-11-20, before:2026-11-21.
    """
    zone = local.zone()
    text = " ".join(query)
    with server.connected(settings) as client:
        asked = {
            "q": text,
            "from_": choices.moment(start, zone),
            "to": choices.moment(end, zone),
            "source": [choices.source_id(client, name) for name in source or []],
            "kind": kind,
            "sort": sort,
            "suspect": suspect or None,
            "meaning": meaning or None,
        }
        answer = _ask(client, asked, limit)
        empty = not answer["moments"] and not settings.json
        captured = client.get("/api/sources", limit=1)["sources"] if empty else True
    if settings.json:
        render.data(answer)
    elif answer["moments"]:
        _show(settings, answer, text, zone)
    else:
        _nothing(settings, answer, text, bool(captured))


def _ask(client: Client, asked: Json, limit: int) -> Json:
    """The answer with up to `limit` moments, asked for page by page."""
    answer = client.get("/api/search", limit=min(limit, 200), **asked)
    while answer["cursor"] and len(answer["moments"]) < limit:
        rest = limit - len(answer["moments"])
        more = client.get("/api/search", limit=min(rest, 200), cursor=answer["cursor"], **asked)
        if not more["moments"]:
            break
        answer = {**answer, "moments": answer["moments"] + more["moments"], "cursor": more["cursor"]}
    return answer


def _show(settings: Settings, answer: Json, text: str, zone: tzinfo) -> None:
    moments = answer["moments"]
    starts = [local.instant(moment["hits"][0]["start"]) for moment in moments]
    columns = (
        Column(render.zoned("Time", local.zone_name(starts, zone))),
        Column("Source"),
        Column("Kind"),
        Column("Frame", right=True),
        Column("What", wide=True),
    )
    render.table(columns, [_row(moment, at, zone) for moment, at in zip(moments, starts, strict=True)])
    render.say(_footer(answer), "quiet")
    _say_reading(answer, text)
    framed = next((moment for moment in moments if moment["frame_id"]), None)
    if framed is not None and render.is_terminal():
        command = settings.command(f"frame {framed['frame_id']} -o frame.jpg")
        render.say(f"See it: {command}", "quiet")


def _row(moment: Json, start: datetime, zone: tzinfo) -> Sequence[Cell | str | int | None]:
    best = moment["hits"][0]
    others = int(moment["hit_count"]) - 1
    text = str(best["text"]) + (f"  (+{others} close by)" if others > 0 else "")
    marks = tuple((int(begin), int(end)) for begin, end in best["highlights"])
    return (
        local.full(start, zone),
        words.first(moment["source_name"] or "", 28),
        Cell(best["kind"], best["kind"]),
        moment["frame_id"],
        Cell(text, marks=marks),
    )


def _footer(answer: Json) -> str:
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in answer["counts_by_kind"].items() if number)
    parts = [
        words.count(len(answer["moments"]), "moment"),
        f"{words.count(answer['total'], 'hit')} ({kinds})",
    ]
    if answer["outside_range"]:
        parts.append(f"{answer['outside_range']:,} more outside the time range")
    if answer["cursor"]:
        parts.append("--limit shows more")
    return "; ".join(parts) + "."


def _say_reading(answer: Json, text: str) -> None:
    """How the words were read, where that is not plain; and sources that are called so themselves."""
    if answer["read_as"].replace(" AND ", " ") != " ".join(text.split()):
        render.say(f"Read as: {answer['read_as']}", "quiet")
    if answer["sources"]:
        names = ", ".join(f"{number} {name}" for number, name in answer["sources"].items())
        render.say(f"Sources called so: {names}", "quiet")


def _nothing(settings: Settings, answer: Json, text: str, captured: bool) -> None:
    if not captured:
        render.say(f"Nothing has been captured yet: {settings.command('capture FILE')}")
        return
    render.say(f"Nothing found for: {text}")
    _say_reading(answer, text)
    if answer["outside_range"]:
        hits = words.count(int(answer["outside_range"]), "hit")
        render.say(f"{hits} outside the time range: leave out --from and --to.")
    else:
        render.say("Fewer words find more; a beginning with a star does too: invoi*")
