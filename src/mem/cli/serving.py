"""`mem serve`: the server."""

from typing import Annotated

import typer

from mem.cli import options, server
from mem.cli.options import Settings
from mem.errors import Locked

Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on (default: 127.0.0.1).", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", "-p", min=0, max=65535, help="Port; 0 takes a free one (default: 8000).", show_default=False
    ),
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("serve")(options.everywhere(serve))


def serve(settings: Settings, host: Host = None, port: Port = None) -> None:
    """Run the server: page, API and worker in one process, until it is stopped."""
    config = settings.config(api__host=host, api__port=port)
    running = server.find(settings.folder)
    if running is not None and config.database.url is None:
        raise Locked(
            f"A server runs on {settings.folder} already: {running.url} (process {running.pid}).",
            hint="Use it, or stop it first.",
        )
    from mem.api import app

    app.serve(config, beside=running is not None)
