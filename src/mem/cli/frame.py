"""`mem frame`: one picture, by its number or by the instant at which it stood."""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import choices, local, options, render, server, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest, NotFound, Unwritable

FORMATS: Mapping[str, str] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".webp": "webp",
    ".avif": "avif",
    ".bmp": "bmp",
    ".tif": "tiff",
    ".tiff": "tiff",
}
QUALITY = 90  # of a converted picture: high, since it is a second loss

Which = Annotated[str, typer.Argument(metavar="ID|TIME", help="The frame's number, or an instant.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the picture; the suffix chooses the format; - is stdout.",
    ),
]
Text = Annotated[bool, typer.Option("--text", help="What was read on it: each line, its place, its time.")]
Width = Annotated[int | None, typer.Option("--width", min=16, max=4096, help="Pixels; scaled down to it.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("frame")(options.everywhere(frame))


def frame(
    settings: Settings,
    which: Which,
    output: Output = None,
    source: choices.SourceChoice = None,
    width: Width = None,
    text: Text = False,
) -> None:
    """Show what a frame is and where it lies, what is to be read on it, or write its picture to a file."""
    _refuse_suffix(output)
    with server.connected(settings) as client:
        found = _find(client, which, source)
        sources = choices.sources_by_id(client, {one["frame"]["source_id"] for one in found})
        if output is not None:
            chosen = _only(found, sources)
            data = client.raw(f"/api/frames/{chosen['id']}/image", width=width)
            _write(settings, chosen, data, output)
            return
        if text:
            found = [{**one, **client.get(f"/api/frames/{one['frame']['id']}/text")} for one in found]
    described = [{**one, "source": sources[one["frame"]["source_id"]]} for one in found]
    if settings.json:
        render.data({"frames": [_with_place(settings, one) for one in described]})
        return
    for one in described:
        _show(settings, one)
        if text:
            _read(one["lines"])


def _find(client: Client, which: str, source: str | None) -> list[Json]:
    """Each frame that is meant, with the span (or spans) it stands for."""
    if which.isdecimal():
        answer = client.get(f"/api/frames/{which}")
        return [{"frame": answer["frame"], "spans": answer["spans"]}]
    moment = choices.moment(which, local.zone())
    answer = client.get("/api/frames", at=moment, source=choices.source_id(client, source))
    found = [{"frame": one["frame"], "spans": [one["span"]]} for one in answer["frames"]]
    if not found and moment is not None:
        at = local.exact(moment, local.zone())
        raise NotFound(
            f"No recording shows anything at {at}.",
            hint="`mem timeline` and `mem sources` say what there is.",
        )
    return found


def _only(found: list[Json], sources: Mapping[int, Json]) -> Json:
    """The one frame to write. Raises BadRequest when several sources show something then."""
    if len(found) > 1:
        names = ", ".join(f"{number} ({source['name']})" for number, source in sources.items())
        raise BadRequest(f"Several sources show something then: {names}.", hint="Choose one with --source.")
    chosen: Json = found[0]["frame"]
    return chosen


def _refuse_suffix(output: Path | None) -> None:
    if output is None or str(output) == "-" or output.is_dir() or output.suffix.lower() in FORMATS:
        return
    names = ", ".join(sorted(FORMATS))
    raise BadRequest(f"{output.name} names no picture format.", hint=f"Use one of {names}.")


def _write(settings: Settings, frame: Json, data: bytes, output: Path) -> None:
    if str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    file = output / f"frame-{frame['id']}.{_suffix(frame['format'])}" if output.is_dir() else output
    wanted = FORMATS.get(file.suffix.lower(), frame["format"])
    data = data if wanted == frame["format"] else convert(data, wanted)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise Unwritable(f"{file} cannot be written: {error.strerror}.") from None
    if settings.json:
        render.data({"frame": frame, "file": str(file.absolute()), "bytes": len(data)})
    else:
        seen = local.exact(local.instant(frame["first_seen"]), local.zone())
        render.say(f"Wrote {file}: frame {frame['id']}, first seen {seen}, {words.size(len(data))}.")


def _read(lines: list[Json]) -> None:
    """What was read off a frame, each line with where it stands and since when and how long it stood."""
    if not lines:
        render.say("No text was read off it.", "quiet")
        return
    zone = local.zone()
    columns = (
        Column("From", right=True),
        Column("To", right=True),
        Column("At", right=True),
        Column("Text", wide=True),
    )
    rows: list[list[Cell | str | int | None]] = []
    for line in lines:
        start, end = (local.time(local.instant(line[name]), zone) for name in ("start", "end"))
        rows.append([start, end, f"{line['box']['x']}, {line['box']['y']}", line["text"]])
    render.table(columns, rows)


def _suffix(kind: str) -> str:
    return "jpg" if kind == "jpeg" else kind


def convert(data: bytes, kind: str) -> bytes:
    """The picture in another format."""
    from PIL import Image

    written = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(written, kind, quality=QUALITY)
    return written.getvalue()


def _with_place(settings: Settings, one: Json) -> Json:
    return {**one, "pack": str(_pack(settings, one))}


def _pack(settings: Settings, one: Json) -> Path:
    return settings.folder / str(one["source"]["folder"]) / str(one["frame"]["pack"])


def _show(settings: Settings, one: Json) -> None:
    frame, zone = one["frame"], local.zone()
    spans = [(local.instant(span["start"]), local.instant(span["end"])) for span in one["spans"]]
    stood = "; ".join(f"{local.time(start, zone)} to {local.time(end, zone)}" for start, end in spans[:5])
    samples = sum(int(span["samples"]) for span in one["spans"])
    render.facts(
        f"Frame {frame['id']}",
        [
            ("Source", f"{frame['source_id']} {one['source']['name']}"),
            ("First seen", local.exact(local.instant(frame["first_seen"]), zone)),
            ("Stood", f"{stood} ({words.count(samples, 'look')})" + (" …" if len(spans) > 5 else "")),
            (
                "Picture",
                f"{frame['width']} x {frame['height']} {frame['format']}, {words.size(frame['length'])}",
            ),
            ("Lies in", f"{_pack(settings, one)} at byte {frame['offset']}"),
            ("Write it", settings.command(f"frame {frame['id']} -o frame.{_suffix(frame['format'])}")),
        ],
    )
