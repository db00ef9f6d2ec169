"""`mem transcript`: what was said in a recording or a range of time, as text or subtitles."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mem.cli import choices, local, options, render, server
from mem.cli.options import Settings
from mem.errors import BadRequest, Unwritable

SourceName = Annotated[
    str | None, typer.Argument(metavar="[SOURCE]", help="The source's number or its name.")
]
Format = Annotated[
    Literal["txt", "srt", "vtt", "json"], typer.Option("--format", "-f", help="The form to print.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file instead.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("transcript")(options.everywhere(transcript))


def transcript(
    settings: Settings,
    source: SourceName = None,
    form: Format = "txt",
    start: choices.From = None,
    end: choices.To = None,
    output: Output = None,
) -> None:
    """Print what was said in a recording, or with --from and --to in a range, over all recordings."""
    zone = local.zone()
    if source is None and start is None:
        raise BadRequest("Nothing is named.", hint="Name a source, or a range with --from and --to.")
    kind = "json" if settings.json else form
    with server.connected(settings) as client:
        number = choices.source_id(client, source)
        if start is None and end is None:
            data = client.raw(f"/api/sources/{number}/transcript.{kind}")
        else:
            begin = choices.moment(start, zone)
            if begin is None:
                begin = local.instant(client.get(f"/api/sources/{number}")["started_at"])
            until = choices.moment(end, zone)
            data = client.raw(f"/api/transcript.{kind}", from_=begin, to=until, source=number)
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise Unwritable(f"{output} cannot be written: {error.strerror}.") from None
    elif data.strip():
        sys.stdout.write(data.decode())
        if not data.endswith(b"\n"):
            sys.stdout.write("\n")
    else:
        render.remark("Nothing was said in it, or it has not been listened to yet: `mem jobs` says.")
