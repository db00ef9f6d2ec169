"""`mem export`: a range as one ZIP."""

import json
import os
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.errors import ServerGone, Unwritable

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The ZIP to write.")]
_QUIET_SECONDS = 150.0  # that cutting a recording may say nothing for: longer than media.stall_seconds


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("export")(options.everywhere(export))


def export(
    settings: Settings,
    output: Output,
    start: choices.From = None,
    end: choices.To = None,
    source: choices.SourceChoice = None,
) -> None:
    """Write a range as a ZIP: recordings, frames, transcripts, notes, a contact sheet and a manifest.

    Without a range: the last days.
    """
    zone = local.zone()
    part = output.with_name(f".{output.name}.part")
    try:
        with server.connected(settings) as client, part.open("wb") as out:
            client.patient(_QUIET_SECONDS)
            client.download(
                "/api/export",
                out,
                from_=choices.moment(start, zone),
                to=choices.moment(end, zone),
                source=choices.source_id(client, source),
            )
            out.flush()
            os.fsync(out.fileno())
        manifest = _manifest(part)
        part.replace(output)
    except OSError as error:
        raise Unwritable(f"{output} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    if settings.json:
        render.data({"file": str(output.absolute()), "manifest": manifest})
    else:
        _say(output, manifest)


def _manifest(file: Path) -> Json:
    """What the archive says of itself. Raises ServerGone for one that does not end as it should."""
    try:
        with zipfile.ZipFile(file) as archive:
            found: Json = json.loads(archive.read("manifest.json"))
            return found
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise ServerGone("The export broke off, so nothing was written.", hint="Try it again.") from None


def _say(output: Path, manifest: Json) -> None:
    zone = local.zone()
    which = "the last days, " if manifest["range_defaulted"] else ""
    first, last = (local.exact(local.instant(manifest[end]), zone) for end in ("from", "to"))
    counts = manifest["counts"]
    many = f"{words.count(counts['files'], 'file')} of {words.count(counts['sources'], 'source')}"
    render.say(f"Wrote {output}: {many}, {words.size(manifest['bytes'])}, {which}{first} to {last}.")
    for one in manifest["omitted"][:20]:
        render.remark(f"Left out, source {one['source']}, {one['what']}: {one['why']}", "match")
