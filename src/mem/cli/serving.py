"""`mem serve` and `mem open`: the server, and where its page is."""

from typing import Annotated

import typer

from mem.cli import options, render, server
from mem.cli.options import Settings
from mem.errors import Locked, NotFound

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
    """Make them commands of `app`."""
    app.command("serve")(options.everywhere(serve))
    app.command("open")(options.everywhere(page))


def serve(settings: Settings, host: Host = None, port: Port = None) -> None:
    """Run the server: page, API and worker in one process, until it is stopped."""
    config = settings.config(api__host=host, api__port=port)
    running = server.find(settings.folder)
    if running is not None:
        raise Locked(
            f"A server runs on {settings.folder} already: {running.url} (process {running.pid}).",
            hint="Use it, or stop it first.",
        )
    from mem.api import app

    app.serve(config)


def page(settings: Settings) -> None:
    """Print the address of the running server's page."""
    running = server.find(settings.folder)
    if running is None:
        raise NotFound(
            f"No server runs on {settings.folder}.", hint=f"Start one: {settings.command('serve')}"
        )
    if settings.json:
        render.data({"url": running.url, "pid": running.pid})
    else:
        render.say(running.url)
