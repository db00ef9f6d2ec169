"""`mem mcp`: what is in the memory, for an assistant that starts this command and speaks with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from mem import assistant
from mem.cli import options, server
from mem.cli.client import Client, Json, Refused
from mem.cli.options import Settings
from mem.errors import ServerGone, Unreadable

T = TypeVar("T")

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="Ask with the token in this file, as `mem token create` printed it, and see what it may.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("mcp")(options.everywhere(serve))


def serve(settings: Settings, token_file: TokenFile = None) -> None:
    """Answer an assistant by the Model Context Protocol over stdin and stdout, until it hangs up.

    It can search and see what is in the memory and change nothing. An assistant is told to run this
    command; one that speaks HTTP can use the address of the server with /mcp instead.
    """
    token = None if token_file is None else _text(token_file)
    with server.connected(settings) as client:
        asker = _Asker(settings, client, token)
        protocol = assistant.server(lambda _: asker)
        protocol.run("stdio")


class _Asker:
    """Asks the running server; one that was started anew meanwhile is found again."""

    def __init__(self, settings: Settings, client: Client, token: str | None) -> None:
        self._settings, self._own, self._token = settings, client.own, token
        self._client = client if token is None else Client(client.url, token, own=client.own)

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._client.url

    def get(self, path: str, **query: object) -> Json:
        """The JSON object at `path`."""
        return self._again(lambda: self._client.get(path, **query))

    def raw(self, path: str, **query: object) -> bytes:
        """The bytes at `path`."""
        return self._again(lambda: self._client.raw(path, **query))

    def _again(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (ServerGone, Refused) as error:
            if not isinstance(error, ServerGone) and error.code != "bad_key":
                raise
            running = None if self._own else server.find(self._settings.folder)
            if running is None:
                raise
            self._client = Client(running.url, self._token or running.key, own=False)
            return ask()


def _text(file: Path) -> str:
    """The token in a file. Raises Unreadable."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file} cannot be read: {error}.") from None
