"""`mem db`: whether all is as it should be, and keeping it so."""

from dataclasses import asdict
from typing import Annotated

import typer

from mem import types
from mem.cli import choices, chores, local, options, render, server, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest, DatabaseFailed, Locked

app = typer.Typer(help="The database: checked, compacted, asked, and made anew.")


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """The database: checked, compacted, asked and made anew; without a command: `mem db stats`."""
    if context.invoked_subcommand is None:
        show_stats(settings)


@app.command()
@options.everywhere
def check(
    settings: Settings,
    quick: Annotated[bool, typer.Option("--quick", help="Rows, and whether files are there.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Every byte of packs and recordings too.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be made again.")] = False,
) -> int:
    """Look whether all is as it should be; exit status 1 when anything is wrong."""
    if quick and deep:
        raise BadRequest("--quick and --deep exclude each other.")
    body = {"depth": "quick" if quick else "deep" if deep else "normal", "repair": repair}
    try:
        with server.connected(settings) as client:
            report = chores.done(client, settings, "/api/database/check", body)
    except DatabaseFailed as error:
        report = _unopened(settings, error)
    if settings.json:
        render.data(report)
    else:
        _say(report)
    return 0 if report["good"] else 1


def _unopened(settings: Settings, error: DatabaseFailed) -> Json:
    from mem.ops import check as checking

    report = asdict(checking.unopened(settings.folder / "mem.duckdb", error))
    return report | {"findings": list(report["findings"])}


def _say(report: Json) -> None:
    rows = [
        [Cell(one["code"], "" if one["repaired"] else "failure"), one["place"], _what(one)]
        for one in report["findings"]
    ]
    if rows:
        render.table((Column("Code"), Column("Where"), Column("What", wide=True)), rows)
    if report["more"]:
        render.say(f"{words.count(report['more'], 'finding')} more are not listed.", "failure")
    looked = [
        words.count(report["rows"], "row"),
        words.count(report["sources"], "recording"),
        words.count(report["frames"], "frame"),
    ]
    if report["blocks"] is not None:
        looked.insert(0, words.count(report["blocks"], "block"))
    if report["bytes"]:
        looked.append(f"{words.size(report['bytes'])} of pictures and recordings")
    render.say(f"Looked at {', '.join(looked)} in {words.duration(report['seconds'])}.", "quiet")
    if report["good"] and not rows:
        render.say("Everything is as it should be.")
    elif report["good"]:
        render.say("All that was wrong is mended.")


def _what(one: Json) -> str:
    return f"{one['detail']}: mended" if one["repaired"] else f"{one['detail']}; {one['fix']}"


@app.command()
@options.everywhere
def compact(settings: Settings) -> None:
    """Give back what the database and the packs hold and nobody needs."""
    with server.connected(settings) as client:
        done = chores.done(client, settings, "/api/database/compact")
    if settings.json:
        render.data(done)
        return
    database = f"{words.size(done['database_before'])} to {words.size(done['database_after'])}"
    packs = f"{words.size(done['packs_before'])} to {words.size(done['packs_after'])}"
    number = words.count(done["packs_written"], "pack")
    render.say(f"Database {database}, packs {packs} ({number} written anew).")


@app.command()
@options.everywhere
def reels(settings: Settings) -> None:
    """Code the pictures of packs older than storage.reel_after_days as AV1, where that saves enough."""
    with server.connected(settings) as client:
        done = chores.done(client, settings, "/api/database/reels")
    if settings.json:
        render.data(done)
        return
    looked, written = words.count(done["looked"], "pack"), words.count(done["written"], "pack")
    sizes = f"{words.size(done['bytes_before'])} to {words.size(done['bytes_after'])}"
    render.say(f"Looked at {looked}; {written} written anew as reels: {sizes}.")


def show_stats(settings: Settings) -> None:
    """Show tables, rows and bytes."""
    with server.connected(settings) as client:
        found = client.get("/api/database")
    if settings.json:
        render.data(found)
        return
    render.facts(
        f"Database: {found['engine']}",
        [
            ("File", words.size(found["file_bytes"])),
            ("Used", words.size(found["used_bytes"])),
            ("Free in it", words.size(found["free_bytes"])),
            ("Schema", f"step {found['steps'][-1]['number']}, {found['steps'][-1]['name']}"),
            *((name, f"{rows:,}") for name, rows in sorted(found["tables"].items())),
        ],
    )


app.command("stats")(options.everywhere(show_stats))


@app.command()
@options.everywhere
def sql(
    settings: Settings,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")],
    read_only: Annotated[  # noqa: ARG001 - the only way there is; named so that a script says what it means
        bool, typer.Option("--read-only", help="Change nothing; it is always so.")
    ] = True,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Rows at most.")] = 1_000,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=25, help="Time at most.")] = 10.0,
) -> None:
    """Ask the database in SQL; nothing can be changed with it. Times are UTC."""
    with server.connected(settings) as client:
        body = {"query": query, "limit": limit, "seconds": seconds}
        answer = client.send("POST", "/api/database/sql", body)
    if settings.json:
        render.data(answer)
        return
    columns = tuple(
        Column(name, wide=at == len(answer["columns"]) - 1) for at, name in enumerate(answer["columns"])
    )
    render.table(columns, [[None if cell is None else str(cell) for cell in row] for row in answer["rows"]])
    if answer["more"]:
        render.remark("mem: There are more rows: --limit shows them.")


@app.command()
@options.everywhere
def migrate(settings: Settings) -> None:
    """Bring the schema up to date, as every start does; what was there is copied to backups before."""
    began = types.now()
    with server.connected(settings) as client:
        steps = client.get("/api/database")["steps"]
    made = [step for step in steps if local.instant(step["applied_at"]) >= began]
    if settings.json:
        render.data({"schema": steps[-1]["number"], "made": made})
    elif made:
        render.say(f"Schema {steps[-1]['number']}: {words.count(len(made), 'step')} made.")
    else:
        render.say(f"Schema {steps[-1]['number']}: there was nothing to do.")


@app.command()
@options.everywhere
def move(
    settings: Settings,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="postgresql://… or duckdb.", show_default=False)
    ],
) -> None:
    """Bring all rows to another database and compare them; no server may run. Cut short, run it again.

    The old database is not changed. Set database.url to the new one afterwards.
    """
    running = server.find(settings.folder)
    if running is not None:
        raise Locked(f"Process {running.pid} serves {settings.folder}.", hint="Stop it, then move.")
    from mem.ops import move as moving

    done = moving.move(settings.config(), to, chores.tell(settings))
    if settings.json:
        render.data(asdict(done) | {"before": str(done.before) if done.before else None})
        return
    moved = f"{words.count(done.rows, 'row')} in {words.count(len(done.tables), 'table')}"
    render.say(f"{moved} moved and compared.")
    if done.before:
        render.say(f"A DuckDB database that was in the way lies in {done.before}.")
    if to == moving.DUCKDB:
        render.say("Take database.url out of the configuration, then start the server.")
    else:
        render.say("Set database.url (MEM_DATABASE__URL) to it, then start the server; the old file stays.")


@app.command()
@options.everywhere
def rebuild(settings: Settings, yes: choices.Yes = False) -> int:
    """Make a lost database anew from the folders of the recordings; no server may run.

    Recordings, frames, spans, words and notes come back; jobs, tokens, pins and receipts do not.
    """
    running = server.find(settings.folder)
    if running is not None:
        raise Locked(f"Process {running.pid} serves {settings.folder}.", hint="Stop it, then rebuild.")
    if (settings.folder / "mem.duckdb").exists():
        choices.confirm(f"Put a database made anew in the place of {settings.folder / 'mem.duckdb'}?", yes)
    from mem.ops import rebuild as rebuilding

    found = rebuilding.rebuild(settings.config(), chores.tell(settings))
    if settings.json:
        render.data(asdict(found) | {"before": str(found.before) if found.before else None})
        return 1 if found.damaged else 0
    held = (("recording", found.sources), ("frame", found.frames), ("span", found.spans))
    words_too = (*held, ("segment", found.segments), ("note", found.notes))
    render.say(f"Made anew: {', '.join(words.count(number, noun) for noun, number in words_too)}.")
    for folder in found.unfinished:
        render.say(f"{folder} was not finished; capture its file again to go on.", "match")
    for why in found.damaged:
        render.say(why, "failure")
    if found.before:
        render.say(f"The old database lies in {found.before}; remove it when all is well.")
    return 1 if found.damaged else 0
