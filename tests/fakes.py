"""Stand-ins for what is slow or far away."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
KEY = "the-key"


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Json
    headers: dict[str, str]


@dataclass
class FakeApi:
    """An HTTP server that answers what it was told to, and remembers what it was asked.

    `answers` maps "GET /api/jobs" to a JSON value, to bytes, to (status, value), or to a function of the
    request that gives one of these. `streams` maps a path to the events of a stream.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, list[tuple[str, Json]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self, asked: Asked) -> tuple[int, bytes, str]:
        """Status, body and type for a request."""
        found = self.answers.get(f"{asked.method} {asked.path}")
        value = found(asked) if isinstance(found, Callable) else found
        if value is None:
            problem = {"title": "Not found", "status": 404, "detail": "No such thing.", "code": "not_found"}
            return 404, json.dumps(problem).encode(), "application/problem+json"
        status, value = value if isinstance(value, tuple) else (200, value)
        if isinstance(value, bytes):
            return status, value, "application/octet-stream"
        return status, json.dumps(value).encode(), "application/json"

    def requests(self, method: str, path: str) -> list[Asked]:
        """What was asked of one route."""
        return [one for one in self.asked if (one.method, one.path) == (method, path)]


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi

    def _any(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/healthz":  # how a client finds out that a server is there
            self._alive()
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        asked = Asked(self.command, parts.path, parse_qs(parts.query), body, dict(self.headers))
        self.api.asked.append(asked)
        if parts.path in self.api.streams:
            self._stream(self.api.streams[parts.path])
            return
        status, data, kind = self.api.answer(asked)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815

    def _alive(self) -> None:
        self.send_response(200)
        self.send_header("X-Request-Id", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self, events: list[tuple[str, Json]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": hello\n\n")
        for number, (kind, data) in enumerate(events, 1):
            event = json.dumps({"id": number, "job_id": 1, "type": kind, "data": data})
            self.wfile.write(f"id: {number}\nevent: {kind}\ndata: {event}\n\n".encode())
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path | None = None) -> Iterator[FakeApi]:
    """The fake on a free port; with `folder`, as the server that runs on that data directory."""
    api = FakeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"pid": os.getpid(), "url": api.url, "key": KEY}
        (folder / "server.json").write_text(json.dumps(facts))
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
