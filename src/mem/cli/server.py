"""Where the API is: the server that runs on this data directory, or the app started here."""

import contextlib
import http.client
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mem.cli import render
from mem.cli.client import Client
from mem.cli.options import Settings

CONNECT_SECONDS = 5.0
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


@dataclass(frozen=True, slots=True)
class Server:
    """A server that says it runs on a data directory."""

    pid: int
    url: str
    key: str | None


def written(folder: Path) -> Server | None:
    """What data/server.json says, whether or not that server still lives."""
    try:
        facts = json.loads((folder / "server.json").read_text(encoding="utf-8"))
        return Server(int(facts["pid"]), _reachable(str(facts["url"])), facts.get("key"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find(folder: Path) -> Server | None:
    """The server that runs on the data directory; what a dead one left behind is ignored."""
    server = written(folder)
    return server if server and alive(server.pid) and _answers(server) else None


def alive(pid: int) -> bool:
    """Whether a process of that number exists."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


@contextlib.contextmanager
def connected(settings: Settings, *, worker: bool = False) -> Iterator[Client]:
    """A client of the running server, or of the app run here for the length of the block.

    With `worker`, the app that is started here works on jobs too.
    """
    server = find(settings.folder)
    if server is not None:
        if settings.sets:
            names = ", ".join(key for key, _ in settings.sets)
            render.remark(
                f"mem: the running server keeps its own configuration; {names} has no effect on it."
            )
        yield Client(server.url, server.key, own=False)
        return
    config = settings.config()
    from mem import observe
    from mem.api import app

    # A person reads stderr here, so it carries trouble only, unless more was asked for.
    wants_more = config.logging.dir is not None or "logging.level" in dict(settings.sets)
    observe.start_logging(
        config.logging.level if wants_more else "ERROR", config.logging.format, config.logging.dir
    )
    with app.running(config, worker=worker) as (url, key):
        yield Client(url, key, own=True)


def _reachable(url: str) -> str:
    """The address to call for a server that listens on every address."""
    parts = urlsplit(url)
    host = _EVERY_ADDRESS.get(parts.hostname or "")
    if host is None:
        return url
    name = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{name}:{parts.port}" if parts.port else name))


def _answers(server: Server) -> bool:
    """Whether the server of that key answers there: after a crash its number and port may be another's."""
    try:
        parts = urlsplit(server.url)
        host, port = parts.hostname or "", parts.port or 80
        key = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        with contextlib.closing(
            http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        ) as connection:
            connection.request("GET", "/healthz", headers=key)
            answer = connection.getresponse()
            return answer.status == 200 and "x-request-id" in answer.headers
    except (OSError, ValueError, http.client.HTTPException):
        return False
