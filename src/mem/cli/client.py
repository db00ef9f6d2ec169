"""HTTP and JSON to Mem's own API, with the standard library only: start-up time is felt."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from mem import errors
from mem.cli import local
from mem.errors import MemError, ServerGone

Json = dict[str, Any]
_CHUNK = 2**20
QUIET_SECONDS = 30.0  # without a byte for so long the server counts as gone


class Refused(MemError):
    """The server refused the request."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.code = str(problem.get("code") or "error")
        self.status = status
        self.exit_status = _exit_status(self.code)
        self.problem = dict(problem)
        detail = str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")
        super().__init__(detail + _fields(problem, detail), hint=str(problem.get("hint") or ""))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream; `id` is where to go on after a break."""

    id: str
    type: str
    data: Json


class Client:
    """A caller of the API at `url`; `own` where it is the app that this process started."""

    def __init__(self, url: str, key: str | None, *, own: bool, timeout: float = QUIET_SECONDS) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self.own = own
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout

    def patient(self, seconds: float) -> None:
        """Wait longer for the answers that follow: they come when the work is done."""
        self._timeout = seconds

    def get(self, path: str, **query: object) -> Json:
        """The JSON object at `path`."""
        return self.send("GET", path, **query)

    def send(self, method: str, path: str, body: object = None, **query: object) -> Json:
        """The JSON object that the request is answered with; empty when the answer has no body."""
        raw = self._request(method, path, body, query)
        try:
            answer = json.loads(raw) if raw else {}
        except ValueError:
            raise ServerGone(f"What answers at {self.url} is not Mem.") from None
        return answer if isinstance(answer, dict) else {"value": answer}

    def raw(self, path: str, **query: object) -> bytes:
        """The bytes at `path`."""
        return self._request("GET", path, None, query)

    def tagged(self, method: str, path: str, body: object = None, tag: str | None = None) -> tuple[Json, str]:
        """The JSON object of the answer, and its ETag; with `tag` only if that is still the thing's own."""
        headers = {"If-Match": f'"{tag}"'} if tag is not None else {}
        with self._open(method, path, body, {}, headers) as answer:
            raw, found = answer.read(), answer.headers.get("ETag", "")
        return json.loads(raw) if raw else {}, found.strip('"')

    def download(self, path: str, out: BinaryIO, **query: object) -> Mapping[str, str]:
        """Write the bytes at `path` to `out` as they come; gives the headers. Raises ServerGone."""
        with self._open("GET", path, None, query, {}) as answer:
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
            return {name.lower(): value for name, value in answer.headers.items()}

    def pages(self, path: str, name: str, most: int, **query: object) -> tuple[list[Json], str | None]:
        """Up to `most` rows of the list `name`, page by page, and the cursor of what is left."""
        rows: list[Json] = []
        cursor: str | None = None
        while True:
            answer = self.get(path, limit=min(most - len(rows), 200), cursor=cursor, **query)
            rows += answer[name]
            cursor = answer.get("cursor")
            if cursor is None or len(rows) >= most or not answer[name]:
                return rows, cursor

    def events(self, path: str, last: str | None = None) -> Iterator[Event]:
        """The events at `path` after `last`, until the server closes the stream."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        with self._open("GET", path, None, {}, headers) as answer:
            yield from _events(answer)

    def _request(self, method: str, path: str, body: object, query: Mapping[str, object]) -> bytes:
        with self._open(method, path, body, query, {}) as answer:
            return answer.read()

    @contextmanager
    def _open(
        self, method: str, path: str, body: object, query: Mapping[str, object], headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        pairs = [(key.rstrip("_"), value) for key, value in _pairs(query)]
        words = urlencode(pairs, errors="replace")  # what the shell gave need not be text
        target = self._prefix + quote(path) + (f"?{words}" if words else "")
        sent = {**self._headers, **headers}
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)) as connection:
            try:
                connection.request(method, target, payload, sent)
                answer = connection.getresponse()
                if answer.status >= 400:
                    raise Refused(answer.status, _problem(answer.read()))
                yield answer
            except (OSError, http.client.HTTPException) as error:
                raise ServerGone(f"The server at {self.url} stopped answering ({error}).") from None


def _pairs(query: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in query.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, datetime):
                yield key, local.iso(one)
            elif one is not None:
                yield key, str(one)


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _fields(problem: Mapping[str, Any], detail: str) -> str:
    """What the server found wrong with single fields and does not say in the detail, as a tail of it."""
    found = problem.get("errors")
    if not isinstance(found, list):
        return ""
    known = [one for one in found[:5] if isinstance(one, dict) and str(one.get("message")) not in detail]
    lines = [f"{one.get('field')}: {one.get('message')}" for one in known]
    return f" ({'; '.join(lines)})" if lines else ""


def _exit_status(code: str) -> int:
    """What the process answers for the error of that code."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MemError)]
    return next((kind.exit_status for kind in kinds if kind.code == code), 1)


def _events(lines: http.client.HTTPResponse) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value
        elif "data" in fields:
            body = json.loads(fields["data"])
            yield Event(fields.get("id", ""), fields.get("event", "message"), body)
            fields = {}
