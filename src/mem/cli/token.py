"""`mem token`: leave to use the server, and who used it."""

from datetime import datetime
from typing import Annotated

import typer

from mem import types
from mem.cli import choices, local, options, render, server, when, words
from mem.cli.client import Json
from mem.cli.options import Settings
from mem.cli.render import Cell, Column
from mem.errors import BadRequest

app = typer.Typer(help="Leave to use the server, and who used it.")

_SCOPES = ("read", "write", "capture", "admin", "metrics")
_DAY_SECONDS = 86_400

Which = Annotated[str, typer.Argument(metavar="TOKEN", help="The token's id or name.")]
Name = Annotated[str, typer.Option("--name", help="What to call it.")]
Scope = Annotated[
    str,
    typer.Option("--scope", help="What it may, separated by commas: read, write, capture, admin, metrics."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source", "-s", metavar="SOURCE", help="Only this source, number or name; can be repeated."
    ),
]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="TIME", help="How long it works, for example 30d or 12h.")
]
Grace = Annotated[
    str | None, typer.Option("--grace", metavar="TIME", help="How long the old one works on, for example 1h.")
]


@app.callback(invoke_without_command=True)
@options.everywhere
def default(settings: Settings, context: typer.Context) -> None:
    """Leave to use the server; without a command: `mem token list`."""
    if context.invoked_subcommand is None:
        show_list(settings)


@app.command()
@options.everywhere
def create(
    settings: Settings,
    name: Name,
    scope: Scope = "read",
    source: Sources = None,
    from_: choices.From = None,
    to: choices.To = None,
    expires: Expires = None,
) -> None:
    """Make a token and print it, this once. With the first, callers on this machine need one too.

    The command line itself needs none: it reads the owner's key in the data directory.
    """
    zone = local.zone()
    with server.connected(settings) as client:
        body = {
            "name": name,
            "scopes": _scopes(scope),
            "source_ids": [choices.source_id(client, text) for text in source] if source else None,
            "start": _written(choices.moment(from_, zone)),
            "end": _written(choices.moment(to, zone)),
            "expires_days": _seconds(expires) / _DAY_SECONDS if expires else None,
        }
        _tell(settings, client.send("POST", "/api/tokens", body))


def show_list(settings: Settings) -> None:
    """List the tokens and the browsers that are signed in, the newest first."""
    with server.connected(settings) as client:
        rows = client.get("/api/tokens")["tokens"]
    if settings.json:
        render.data({"tokens": rows})
    elif not rows:
        command = settings.command("token create --name NAME --scope read")
        render.say(f"There are no tokens; whoever is on this machine is answered. {command} makes one.")
    else:
        _table(rows)


app.command("list")(options.everywhere(show_list))


@app.command()
@options.everywhere
def rotate(settings: Settings, token: Which, grace: Grace = None) -> None:
    """Make a token that does the same, in place of the old one, which ends at once or after --grace."""
    body = {"grace_seconds": _seconds(grace) if grace else 0}
    with server.connected(settings) as client:
        _tell(settings, client.send("POST", f"/api/tokens/{token}/rotate", body))


@app.command()
@options.everywhere
def revoke(settings: Settings, token: Which) -> None:
    """End a token or the session of a browser at once."""
    with server.connected(settings) as client:
        row = client.send("DELETE", f"/api/tokens/{token}")
    if settings.json:
        render.data(row)
    else:
        render.say(f"{row['kind'].capitalize()} {row['id']} ({row['name']}) is revoked.")


@app.command()
@options.everywhere
def forget(settings: Settings) -> None:
    """Drop the tokens that no longer work.

    When none is left, whoever is on this machine is answered without one again.
    """
    with server.connected(settings) as client:
        number = client.send("POST", "/api/tokens/forget")["forgotten"]
        left = [row for row in client.get("/api/tokens")["tokens"] if row["kind"] == "token"]
    if settings.json:
        render.data({"forgotten": number, "left": len(left)})
        return
    render.say(f"{words.count(number, 'token')} forgotten.")
    if not left:
        render.say("No token is left: whoever is on this machine is answered without one.")


@app.command()
@options.everywhere
def audit(
    settings: Settings,
    token: Annotated[
        str | None, typer.Option("--token", help="Only by this token (id or name), or owner, or local.")
    ] = None,
    limit: choices.Limit = 50,
) -> None:
    """Show who read, wrote and deleted what, the last first; nothing of what was read is in it."""
    with server.connected(settings) as client:
        rows = client.get("/api/audit", limit=limit, token=token)["entries"]
    if settings.json:
        render.data({"entries": rows})
    elif not rows:
        render.say("Nothing was asked yet.")
    else:
        _audit_table(rows)


def _tell(settings: Settings, made: Json) -> None:
    if settings.json:
        render.data(made)
        return
    token = made["token"]
    render.say(made["secret"], "strong")
    render.remark(f"Token {token['id']} ({token['name']}): {_allowed(token)}. It is not shown again.")


def _table(rows: list[Json]) -> None:
    zone = local.zone()
    now = types.now()
    columns = (
        Column("Id"),
        Column("Name"),
        Column("State"),
        Column("May", wide=True),
        Column(
            render.zoned("Made", local.zone_name([local.instant(row["created_at"]) for row in rows], zone))
        ),
        Column("Ends"),
        Column("Last used"),
    )

    def moment(row: Json, key: str) -> str:
        return local.full(local.instant(row[key]), zone) if row[key] else ""

    render.table(
        columns,
        [
            (
                row["id"],
                row["name"],
                _state(row, now),
                _allowed(row),
                moment(row, "created_at"),
                moment(row, "expires_at"),
                moment(row, "last_used_at"),
            )
            for row in rows
        ],
    )


def _audit_table(rows: list[Json]) -> None:
    zone = local.zone()
    moments = [local.instant(row["at"]) for row in rows]
    columns = (
        Column(render.zoned("When", local.zone_name(moments, zone))),
        Column("Who"),
        Column("From"),
        Column("Status", right=True),
        Column("What", wide=True),
    )
    lines = [
        (
            local.full(moment, zone),
            row["caller"] + (f" ({row['token']})" if row["token"] else ""),
            row["address"],
            Cell(str(row["status"]), "failure" if row["status"] >= 400 else ""),
            f"{row['method']} {_filled(row)}",
        )
        for moment, row in zip(moments, rows, strict=True)
    ]
    render.table(columns, lines)


def _filled(row: Json) -> str:
    route = str(row["route"])
    for name, value in row["target"].items():
        route = route.replace(f"{{{name}}}", str(value)).replace(f"{{{name}:path}}", str(value))
    return route


def _state(row: Json, now: datetime) -> Cell:
    if row["revoked_at"]:
        return Cell("revoked", "quiet")
    if row["expires_at"] and local.instant(row["expires_at"]) <= now:
        return Cell("expired", "quiet")
    return Cell("signed in" if row["kind"] == "session" else "in force")


def _allowed(row: Json) -> str:
    limits, zone = row["limits"], local.zone()
    told = ", ".join(row["scopes"])
    if limits is None:
        return told
    if limits["source_ids"] is not None:
        told += f"; of source {', '.join(map(str, limits['source_ids']))}"
    if limits["start"]:
        told += f"; from {local.exact(local.instant(limits['start']), zone)}"
    if limits["end"]:
        told += f"; until {local.exact(local.instant(limits['end']), zone)}"
    return told


def _scopes(text: str) -> list[str]:
    found = [word.strip() for word in text.split(",") if word.strip()]
    for word in found:
        if word not in _SCOPES:
            raise BadRequest(f"{word!r} is no scope.", hint=f"The scopes are {', '.join(_SCOPES)}.")
    return found


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else local.iso(moment)


def _seconds(text: str) -> float:
    """Seconds of a length of time such as 30d."""
    now = types.now()
    return (now - when.parse(f"-{text.strip()}", now=now, zone=local.zone())).total_seconds()
