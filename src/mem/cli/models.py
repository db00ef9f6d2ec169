"""`mem models`: the models that write speech down."""

from typing import Annotated

import typer

from mem.cli import chores, options, render, server, words
from mem.cli.options import Settings
from mem.cli.render import Cell, Column

app = typer.Typer(help="The models that write speech down.")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The model, such as base; `mem models` lists them.")
]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """The models that write speech down; without a command: `mem models list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


def show_list(settings: Settings) -> None:
    """List the models with their size, licence, and about how fast each is on this machine."""
    with server.connected(settings) as client:
        answer = client.get("/api/models")
    if settings.json:
        render.data(answer)
        return
    columns = (
        Column("Model"),
        Column("Size", right=True),
        Column("Languages"),
        Column("Licence"),
        Column("An hour of speech", right=True),
        Column("Here", wide=True),
    )
    rows = [
        (
            Cell(row["name"], "speech" if row["name"] == answer["used"] else ""),
            words.size(row["megabytes"] * 1_000_000),
            row["languages"],
            row["licence"],
            f"about {words.duration(row['seconds_per_hour'])} of one processor",
            row["here"] or "",
        )
        for row in answer["models"]
    ]
    render.table(columns, rows)
    used = answer["used"]
    render.say(f"Used: {used or 'none is here yet, so one is fetched'}; on: {answer['device']}.", "quiet")
    if used is None or used.endswith(".en"):
        render.say(
            f"Other languages than English need another: {settings.command('models pull base')}", "quiet"
        )


app.command("list")(options.everywhere(show_list))


@app.command()
@options.everywhere
def pull(settings: Settings, name: Name) -> None:
    """Fetch a model, going on where an earlier try broke off, and check it against the hub's own sum."""
    with server.connected(settings) as client:
        pulled = chores.done(client, settings, "/api/models/pull", {"name": name})
    if settings.json:
        render.data(pulled)
        return
    sure = "as the hub says it should be" if pulled["checked"] else "the hub told no sum to compare"
    render.say(f"{pulled['name']}: {words.size(pulled['bytes'])} in {pulled['path']}, {sure}.")
