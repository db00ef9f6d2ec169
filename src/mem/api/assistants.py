"""Assistants: the Model Context Protocol over HTTP, at /mcp.

Every tool asks this server's own API, as one more request with the headers of its caller. So the scopes of
a token, its limits to sources and times, and every rate hold here as they do elsewhere.
"""

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import anyio
import anyio.from_thread
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mem import assistant, types
from mem.api.access_peers import Peer
from mem.assistant import Json
from mem.errors import MemError

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

router = APIRouter(include_in_schema=False)
# Of the request that carries a call, and not of the one that a tool makes.
_CARRIERS = (
    b"content-", b"accept", b"transfer-encoding", b"mcp-", b"x-request-id", b"connection", b"if-", b"range",
)  # fmt: skip
_OUTER = ("route", "endpoint", "path_params", "mem.caller", "mem.found", "state")


class Assistants:
    """The protocol's server, begun with the first call: loading it takes most of a second."""

    def __init__(self) -> None:
        self._began: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._task: asyncio.Task[None] | None = None

    async def manager(self) -> "StreamableHTTPSessionManager":
        """What answers calls. Raises NoAssistants where the extra is missing."""
        if self._began is None or self._task is None or self._task.done():
            self._began = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._serve(self._began))
        return await asyncio.shield(self._began)

    def close(self) -> None:
        """End the calls that are under way."""
        if self._task is not None:
            self._task.cancel()

    async def _serve(self, began: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            server = await asyncio.to_thread(assistant.server, _asker)
        except MemError as error:
            began.set_exception(error)  # and the next call tries again
            return
        # Nothing is kept between calls, so any of several servers can answer the next one.
        server.streamable_http_app(stateless_http=True, json_response=True)
        async with server.session_manager.run():
            began.set_result(server.session_manager)
            await asyncio.Event().wait()


class Inner:
    """Asks the API in the name of the caller of a request."""

    def __init__(self, request: Request) -> None:
        self._scope = request.scope

    @property
    def url(self) -> str:
        """Where the caller reaches this server."""
        peer: Peer = self._scope["mem.peer"]
        host = dict(self._scope["headers"]).get(b"host", b"").decode("latin-1")
        return f"{'https' if peer.https else 'http'}://{host}"

    def get(self, path: str, **query: object) -> Json:
        """The JSON object at `path`. Raises MemError for what is refused."""
        answer: Json = json.loads(self.raw(path, **query))
        return answer

    def raw(self, path: str, **query: object) -> bytes:
        """The bytes at `path`. Raises MemError for what is refused. For threads that the server started."""
        return anyio.from_thread.run(self._ask, path, _encoded(query))

    async def _ask(self, path: str, query: bytes) -> bytes:
        answer = _Answer()
        await self._scope["app"](self._inner(path, query), answer.receive, answer.send)
        if answer.status >= 400:
            raise _refusal(bytes(answer.body))
        return bytes(answer.body)

    def _inner(self, path: str, query: bytes) -> Scope:
        headers = [pair for pair in self._scope["headers"] if not pair[0].lower().startswith(_CARRIERS)]
        number = self._scope.get("mem.request_id", "")
        return {
            **{name: value for name, value in self._scope.items() if name not in _OUTER},
            "method": "GET",
            "path": path,
            "raw_path": quote(path).encode(),
            "query_string": query,
            "headers": [*headers, (b"x-request-id", number.encode())],
        }


class _Answer:
    """Takes what is sent to it."""

    def __init__(self) -> None:
        self.status = 500
        self.body = bytearray()
        self._asked = False

    async def receive(self) -> Message:
        if self._asked:
            await anyio.sleep_forever()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")


class _Carrier(Response):
    """The answer to a call, which the protocol's server sends itself."""

    def __init__(self, manager: "StreamableHTTPSessionManager") -> None:
        self._manager = manager
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


@router.post("/mcp")
async def call(request: Request) -> Response:
    """One message of the Model Context Protocol."""
    assistants: Assistants = request.app.state.assistants
    return _Carrier(await assistants.manager())


def _asker(context: Any) -> Inner:
    return Inner(context.request_context.request)


def _encoded(query: dict[str, object]) -> bytes:
    pairs = [
        (name.rstrip("_"), types.written(one) if isinstance(one, datetime) else str(one))
        for name, value in query.items()
        for one in (value if isinstance(value, (list, tuple)) else [value])
        if one is not None
    ]
    return urlencode(pairs, errors="replace").encode()


def _refusal(body: bytes) -> MemError:
    """The error that an answer tells of."""
    problem = json.loads(body)
    error = MemError(problem["detail"], hint=problem.get("hint") or "")
    error.code = problem["code"]
    return error
