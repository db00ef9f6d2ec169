"""Options that several commands share, and how their words become what the API takes."""

import sys
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

import typer

from mem import types
from mem.cli import when
from mem.cli.client import Client, Json
from mem.errors import BadRequest, NotFound

From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From this time on, for example 'yesterday 14:00' or -2h."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Until just before this time.")]
SourceChoice = Annotated[
    str | None,
    typer.Option("--source", "-s", metavar="SOURCE", help="Only this source: its number or its name."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Rows at most.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def moment(text: str | None, zone: tzinfo) -> datetime | None:
    """The instant that a time on the command line means; a local one is read in `zone`."""
    return None if text is None else instant(text, zone)


def instant(text: str, zone: tzinfo) -> datetime:
    """The instant that a time on the command line means; a local one is read in `zone`."""
    return when.parse(text, now=types.now(), zone=zone)


def source_id(client: Client, text: str | None) -> int | None:
    """The source that a number or a name means. Raises NotFound, or BadRequest when several fit."""
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    rows, _ = client.pages("/api/sources", "sources", 10_000)
    same = [row for row in rows if row["name"] == text]
    near = same or [row for row in rows if text.casefold() in str(row["name"]).casefold()]
    if not near:
        raise NotFound(f"There is no source named {text!r}.", hint="`mem sources` lists them.")
    if len(near) > 1:
        names = ", ".join(f"{row['id']} {row['name']}" for row in near[:5])
        raise BadRequest(f"{len(near)} sources fit {text!r}: {names}.", hint="Use the number.")
    return int(near[0]["id"])


def sources_by_id(client: Client, ids: set[int]) -> dict[int, Json]:
    """The sources of those numbers."""
    return {number: client.get(f"/api/sources/{number}") for number in sorted(ids)}


def soon(start: datetime, seconds: float) -> datetime:
    """The instant `seconds` after `start`."""
    return start + timedelta(seconds=seconds)


def confirm(question: str, yes: bool) -> None:
    """Go on only if a person says so, or `yes` did already. Raises BadRequest where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadRequest("Nobody can be asked here.", hint="Add --yes to do it without a question.")
    typer.confirm(question, abort=True, err=True)
