"""`mem transcript`: what was said in a recording, as text or subtitles."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mem.cli import choices, options, render, server
from mem.cli.options import Settings
from mem.errors import Unwritable

SourceName = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's number or its name.")]
Format = Annotated[
    Literal["txt", "srt", "vtt", "json"], typer.Option("--format", "-f", help="The form to print.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a file instead.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("transcript")(options.everywhere(transcript))


def transcript(settings: Settings, source: SourceName, form: Format = "txt", output: Output = None) -> None:
    """Print what was said in a recording."""
    with server.connected(settings) as client:
        number = choices.source_id(client, source)
        data = client.raw(f"/api/sources/{number}/transcript.{'json' if settings.json else form}")
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
