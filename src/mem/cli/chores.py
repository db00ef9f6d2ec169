"""Waiting for a long piece of upkeep that the server does, and saying how far it is."""

import sys
from pathlib import Path

from mem.cli import render, words
from mem.cli.client import Client, Json, Refused
from mem.cli.options import Settings

_WAIT_SECONDS = 2.0
_STATUS = {"disk_full": 507, "conflict": 409}


def done(client: Client, settings: Settings, path: str, body: object = None) -> Json:
    """What the chore that is begun at `path` gives, once it is done. Raises Refused when it failed."""
    chore = client.send("POST", path, body)
    said = ""
    while chore["state"] == "running":
        chore = client.get(f"/api/chores/{chore['id']}", wait=_WAIT_SECONDS)
        doing = f"{chore['doing']}, {words.share(float(chore['progress']))}" if chore["doing"] else ""
        if doing != said and not settings.json and render.is_terminal(sys.stderr):
            said = doing
            render.remark(doing, "quiet")
    if chore["state"] == "failed":
        failure = chore["failure"]
        raise Refused(_STATUS.get(failure["code"], 500), failure)
    result: Json = chore["result"]
    return result


def tell(settings: Settings) -> "Teller":
    """What says how far a piece of work is that this process does itself."""
    return Teller(shown=not settings.json and render.is_terminal(sys.stderr))


class Teller:
    """Says a line when something else is begun."""

    def __init__(self, *, shown: bool) -> None:
        self._shown, self._said = shown, ""

    def __call__(self, share: float, what: str) -> None:
        """That much (0 to 1) is done, and this is done now."""
        if self._shown and what != self._said:
            self._said = what
            render.remark(f"{what}, {words.share(share)}", "quiet")


def absolute(folder: Path | None) -> str | None:
    """A folder as the server, which runs elsewhere, must be told."""
    return None if folder is None else str(folder.expanduser().absolute())
