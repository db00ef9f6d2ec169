"""The outermost layer: every request gets an id, a log line, its time measured and safe headers.

Whatever was not foreseen ends here as a problem with that id, and its traceback in the log.
"""

import logging
import re
import secrets
import sys
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mem import observe
from mem.api import problems
from mem.api.access_peers import Peer
from mem.errors import MemError

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/web")
_CLIENT_GONE = 499
_LONGEST_PATH = 500  # characters of it that are logged
_LONGEST_METHOD = 20
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

# Nothing but this server's own files and answers; frames and previews may be made in the page.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Edge:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await _started(self._app, scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        scope["mem.request_id"] = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        answer = _Answer(scope, receive, send)
        began = time.perf_counter()
        with observe.context(request=scope["mem.request_id"]):
            try:
                await self._app(scope, receive, answer.send)
            except ClientDisconnect:
                answer.status = _CLIENT_GONE
            except Exception as error:
                log.exception(
                    "request failed",
                    extra={"action": "request_failed", "path": scope["path"][:_LONGEST_PATH]},
                )
                if not answer.started:
                    await problems.unforeseen(scope, error)(scope, receive, answer.send)
            finally:
                _note(scope, answer.status, time.perf_counter() - began)


async def _started(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Start and stop the application; what keeps it from starting is said in a sentence."""
    reason: list[str] = []

    async def said(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed" and (error := _cause()) is not None:
            message = {**message, "message": f"{error.detail} {error.hint}".strip()}
            reason.append(error.code)
        await send(message)

    try:
        await app(scope, receive, said)
    except MemError as error:
        if not reason:
            raise
        log.debug("not started", extra={"action": "not_started", "code": error.code})


def _cause() -> MemError | None:
    error = sys.exc_info()[1]
    return error if isinstance(error, MemError) else None


class _Answer:
    """What is sent back: with the headers that every answer has, and no plain-text errors."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.status = 500
        self.started = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._replaced = False

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
            headers["x-request-id"] = self._scope["mem.request_id"]
            peer: Peer | None = self._scope.get("mem.peer")
            if peer is not None and peer.https:
                headers.setdefault("strict-transport-security", "max-age=31536000")
            if self.status >= 400 and headers.get("content-type", "text/plain").startswith("text/plain"):
                await self._replace(headers)
                return
        await self._send(message)

    async def _replace(self, headers: MutableHeaders) -> None:
        """Some errors, such as a range beyond the end, come in plain text or with nothing at all."""
        self._replaced = True
        kept = {k: v for k, v in headers.items() if k not in ("content-type", "content-length")}
        response = problems.of_status(self._scope, self.status, headers=kept)
        await response(self._scope, self._receive, self._send)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "") or "none"
    method = scope["method"] if scope["method"] in _METHODS else "other"  # a stranger may invent more
    observe.HTTP_SECONDS.labels(method, route, f"{status // 100}xx").observe(seconds)
    facts = {
        "action": "answered",
        "method": scope["method"][:_LONGEST_METHOD],
        "path": scope["path"][:_LONGEST_PATH],
        "status": status,
    }
    level = logging.DEBUG if scope["path"].startswith(_QUIET) else logging.INFO
    log.log(level, "answered", extra={**facts, "milliseconds": round(seconds * 1000, 1)})
