"""`mem backup` and `mem restore`: keeping the memory safe, and bringing it back."""

from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import choices, chores, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import Locked

app = typer.Typer(help="Backups: made while everything goes on.")

To = Annotated[
    str | None,
    typer.Option("--to", metavar="PLACE", help="A folder, or s3://bucket/prefix (default: storage.backups)."),
]
Identity = Annotated[
    Path | None,
    typer.Option("--identity", "-i", metavar="FILE", help="The age key that opens an encrypted backup."),
]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """Backups: made while everything goes on; without a command: `mem backup list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


@app.command()
@options.everywhere
def create(
    settings: Settings,
    to: To = None,
    originals: Annotated[
        bool, typer.Option("--originals", help="Keep the uploaded recordings themselves too.")
    ] = False,
    encrypt: Annotated[
        list[str] | None,
        typer.Option("--encrypt", "-e", metavar="RECIPIENT", help="An age public key; can be repeated."),
    ] = None,
    portable: Annotated[
        bool, typer.Option("--portable", help="Write the rows as Parquet too, for other programs.")
    ] = False,
) -> None:
    """Make a backup: the rows of one instant, and the pictures and words they name."""
    body = {"to": _place(to), "originals": originals, "portable": portable, "encrypt": encrypt or []}
    with server.connected(settings) as client:
        made = chores.done(client, settings, "/api/backups", body)
    if settings.json:
        render.data(made)
        return
    _say_made(made, named=to is not None)


def _say_made(made: Json, *, named: bool) -> None:
    """Print what was made; `named`: the folder was asked for, so that somebody believes it elsewhere."""
    held = f"{words.count(made['sources'], 'recording')}, {words.count(made['frames'], 'frame')}"
    how = "sent" if made["folder"] is None else "copied"
    copied = f"{words.size(made['bytes'])}, {words.size(made['copied_bytes'])} of it {how}"
    sealed = ", encrypted" if made["encrypted"] else ""
    place = made["place"].removesuffix(f"/{made['name']}")
    render.say(f"Backup {made['name']} in {place}: {held}, {copied}{sealed}.")
    if named and made["same_disk"]:
        hint = "It lies on the disk of the memory: it helps against mistakes, not against losing that disk."
        render.remark(f"mem: {hint}")
    for pack in made["damaged"][:10]:
        text = (
            f"mem: {pack} is not what was written; the backup has it as it is, older ones may have it whole."
        )
        render.remark(f"{text} See `mem db check --deep`.", "failure")
    for pack in made["missing"][:10]:
        render.remark(f"mem: {pack} is lost; the backup is without it. See `mem db check`.", "failure")


@app.command()
@options.everywhere
def verify(
    settings: Settings,
    backup: Annotated[
        str | None,
        typer.Argument(metavar="[BACKUP]", help="Its name, folder or s3:// address (default: the newest)."),
    ] = None,
    to: To = None,
    identity: Identity = None,
) -> int:
    """Read every byte of a backup and compare it; exit status 1 when it is not what was written."""
    if identity is None and (backup is None or "/" not in backup):
        with server.connected(settings) as client:
            body = {"name": backup, "to": _place(to)}
            verdict = chores.done(client, settings, "/api/backups/verify", body)
    else:  # a key is for this process alone, and a whole address needs no server
        verdict = _verified(settings, backup, to, identity)
    if settings.json:
        render.data(verdict)
    else:
        _say(verdict)
    return 0 if verdict["good"] else 1


def _verified(settings: Settings, given: str | None, to: str | None, identity: Path | None) -> Json:
    from mem.ops import backup as backups

    config = settings.config()
    whole = backups.split(config, given) if given is not None and "/" in given else None
    place, name = whole or (backups.reading(config, to), given)
    found = backups.verify(
        place,
        backups.find(place, name) if whole is None else whole[1],
        identity=identity,
        programs=config.database.programs,
        tell=chores.tell(settings),
    )
    folder = None if found.folder is None else str(found.folder)
    return asdict(found) | {"folder": folder, "problems": list(found.problems)}


def _place(to: str | None) -> str | None:
    """A place as the server, which runs elsewhere, must be told."""
    return to if to is None or to.startswith("s3:") else chores.absolute(Path(to))


def _say(verdict: Json) -> None:
    for problem in verdict["problems"][:50]:
        render.say(str(problem), "failure")
    size = f"{words.count(verdict['files'], 'file')}, {words.size(verdict['bytes'])}"
    if not verdict["good"]:
        render.say(f"{verdict['name']} is damaged ({size}).", "failure")
    elif verdict["rows"]:
        render.say(f"{verdict['name']} is what was written: {size}, and its rows.")
    else:
        render.say(f"{verdict['name']} is what was written: {size}; --identity would read its rows too.")


def show_list(settings: Settings, to: To = None) -> None:
    """List the backups, the newest first."""
    with server.connected(settings) as client:
        answer = client.get("/api/backups", to=_place(to))
    rows = answer["backups"]
    if settings.json:
        render.data(answer)
    elif not rows:
        render.say(f"There is no backup in {answer['place']}: {settings.command('backup create')}")
    else:
        zone = local.zone()
        columns = (
            Column("Name"),
            Column("Recordings", right=True),
            Column("Frames", right=True),
            Column("Size", right=True),
            Column("Kind"),
            Column("Checked", wide=True),
        )
        render.table(columns, [_row(row, zone) for row in rows])


app.command("list")(options.everywhere(show_list))


def _row(row: Json, zone: tzinfo) -> list[Cell | str | int | None]:
    kinds = [row["engine"], "originals" if row["originals"] else "", "encrypted" if row["encrypted"] else ""]
    checked = "never"
    if row["checked_at"] is not None:
        checked = local.full(local.instant(row["checked_at"]), zone)
    state = Cell(f"{checked}: {row['problem']}", "failure") if row["good"] is False else checked
    return [
        row["name"],
        row["sources"],
        row["frames"],
        words.size(row["bytes"]),
        ", ".join(kind for kind in kinds if kind),
        state,
    ]


@app.command()
@options.everywhere
def prune(
    settings: Settings,
    keep: Annotated[
        int, typer.Option("--keep", min=1, max=10_000, help="How many to keep, the newest first.")
    ],
    to: To = None,
) -> None:
    """Remove old backups; damaged ones do not count as kept."""
    with server.connected(settings) as client:
        answer = client.send("POST", "/api/backups/prune", {"keep": keep, "to": _place(to)})
    if settings.json:
        render.data(answer)
    else:
        names = ", ".join(answer["removed"])
        render.say(f"Removed {names}." if names else "There is nothing to remove.")


def add_to(program: typer.Typer) -> None:
    """Make them commands of `program`."""
    program.add_typer(app, name="backup")
    program.command("restore")(options.everywhere(restore))


def restore(
    settings: Settings,
    backup: Annotated[
        str,
        typer.Argument(metavar="BACKUP", help="Its name, folder or s3:// address, or a file of rows."),
    ],
    identity: Identity = None,
    yes: choices.Yes = False,
) -> None:
    """Put a backup in the place of what is there, which stays beside it; no server may run."""
    running = server.find(settings.folder)
    if running is not None:
        raise Locked(f"Process {running.pid} serves {settings.folder}.", hint="Stop it, then restore.")
    config = settings.config()
    if (settings.folder / "mem.duckdb").exists() or config.database.url is not None:
        choices.confirm(f"Put {backup} in the place of what {settings.folder} holds?", yes)
    from mem.ops import restore as restoring

    restored = restoring.restore(config, backup, identity=identity, tell=chores.tell(settings))
    if settings.json:
        facts = asdict(restored) | {"before": str(restored.before) if restored.before else None}
        made = restored.made_at
        render.data(facts | {"made_at": local.iso(made) if made else None})
        return
    held = f"{words.count(restored.sources, 'recording')}, {words.count(restored.frames, 'frame')}"
    render.say(f"Restored {restored.backup}: {held}.")
    if restored.originals_gone:
        gone = words.count(restored.originals_gone, "kept recording")
        render.say(f"{gone} are not in the backup; their frames and words are.", "match")
    if restored.before:
        render.say(f"What was there before lies in {restored.before}; remove it when all is well.")
