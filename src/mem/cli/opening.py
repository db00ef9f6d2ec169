"""`mem open`: the page in a browser, signed in by a link that works once."""

import html
import os
import secrets
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import options, render, server
from mem.cli.client import Client
from mem.cli.options import Settings
from mem.errors import NotFound

_LIVES_SECONDS = 60  # a link, as the server has it
_PREFIX = "open-"

NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the link.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("open")(options.everywhere(page))


def page(settings: Settings, no_browser: NoBrowser = False) -> None:
    """Print a link to the running server's page, and open it in a browser where there is one.

    The link signs one browser in, works once and for a minute; do not pass it on.
    """
    running = server.find(settings.folder)
    if running is None:
        raise NotFound(
            f"No server runs on {settings.folder}.", hint=f"Start one: {settings.command('serve')}"
        )
    client = Client(running.url, running.key, own=False)
    link = running.url.rstrip("/") + client.send("POST", "/api/session/link")["path"]
    if settings.json:
        render.data({"url": running.url, "link": link, "pid": running.pid})
        return
    render.say(link)
    if not no_browser and render.is_terminal():
        _show(settings.folder / "tmp", link)


def _show(folder: Path, link: str) -> None:
    """Open the link in a browser with windows; a text browser would take over the terminal.

    By way of a file that only its owner can read: what stands on a command line, every user can.
    """
    _sweep(folder)
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is webbrowser.GenericBrowser:
        return
    file = folder / f"{_PREFIX}{secrets.token_hex(8)}.html"
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        target = html.escape(link, quote=True)
        out.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={target}"><title>Mem</title>')
    browser.open(file.absolute().as_uri())


def _sweep(folder: Path) -> None:
    """Remove the files of links that no longer work."""
    for file in folder.glob(f"{_PREFIX}*.html"):
        if file.stat().st_mtime < time.time() - _LIVES_SECONDS:
            file.unlink(missing_ok=True)
