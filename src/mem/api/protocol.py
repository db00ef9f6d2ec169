"""HTTP/1.1 as uvicorn speaks it, without patience for senders that never come to the point.

uvicorn waits for the head of a request as long as the sender likes, and for whoever reads an answer too.
Here the head must be whole within `api.header_timeout_seconds`, and something of an answer be taken within
`api.answer_timeout_seconds`; what cannot be understood is answered as a problem too; connections beyond
`api.max_connections` are sent away; and who goes on sending after the answer is heard out for a little, so
that the answer is read and the connection serves on, and then cut off.
"""

import asyncio
import secrets
import sys
from http import HTTPStatus
from typing import Any

import h11
from h11._readers import ContentLengthReader
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.h11_impl import H11Protocol

from mem.api import render
from mem.config import ApiConfig

_LINGER_SECONDS = 2.0  # for a sender to hear the answer that came before it had sent everything
_READ_BYTES = 2**20  # taken from the socket at once
_LEFTOVER_BYTES = 256 * 1024  # of a body that still come after its answer, for the connection to serve on


class Bounded(H11Protocol):
    """One connection."""

    head_seconds: float
    answer_seconds: float
    most: int
    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None  # runs while nothing of an answer is taken
    _left: int | None = None  # bytes that may still come of a body whose answer has gone out
    _ending = False  # what still comes is not listened to

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        self.app = self._announcing(self.app)
        transport.max_size = _READ_BYTES  # type: ignore[attr-defined]
        if len(self.connections) > self.most:
            self._refuse(503, "too_busy", "This server has more connections than it serves.")
        else:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting, and let go of what leads back here, or each connection lasts until a collection."""
        self._rest()
        self.resume_writing()
        super().connection_lost(exc)
        self.app = self.config.loaded_app
        if self.cycle is not None:
            self.cycle.transport = self.transport

    def data_received(self, data: bytes) -> None:
        """Read on; the head of a request must be whole in time."""
        if self._ending or self._passed_on(data):
            return
        super().data_received(data)
        if self._left is not None:
            self._left -= len(data)
            if self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY:
                if self._left < 0:
                    self._end()
                return
            self._left = None
            self._rest()
        if self.transport.is_closing() or self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._timer is None:
            self._expect()

    def _passed_on(self, data: bytes) -> bool:
        """Hand on what is all within a body of declared length; h11 would copy it three times before."""
        reader, cycle = self.conn._reader, self.cycle  # noqa: SLF001 - it has no way in for this
        if (
            not isinstance(reader, ContentLengthReader)
            or self._left is not None
            or self.conn.they_are_waiting_for_100_continue
            or self.conn.their_state is not h11.SEND_BODY
            or self.conn.trailing_data[0]
            or cycle.response_started
            or len(data) >= reader._remaining  # noqa: SLF001
        ):
            return False
        reader._remaining -= len(data)  # noqa: SLF001
        cycle.body = cycle.body + data if cycle.body else data  # type: ignore[assignment] # copied by none
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()
        return True

    def handle_events(self) -> None:
        """Have answers written by way of a line that ends when its sender was heard out."""
        super().handle_events()
        if self.cycle is not None and self.cycle.transport is self.transport:
            self.cycle.transport = _Line(self)  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        """Wait for the next request, and a moment for what is left of the body of this one."""
        super().on_response_complete()
        if self.conn.their_state is not h11.SEND_BODY or self._ending or self.transport.is_closing():
            return
        if self.cycle.response_complete:  # and none that came behind it has begun
            self._rest()
            self._left, self._timer = _LEFTOVER_BYTES, self.loop.call_later(_LINGER_SECONDS, self._end)

    def pause_writing(self) -> None:
        """Wait for whoever reads, and not for ever."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that nobody uses any more."""
        super().timeout_keep_alive_handler()
        self.close()

    def close(self) -> None:
        """Close, once what was written is taken; it is dropped when nobody does."""
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.answer_seconds, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        if self._left is not None or (self.cycle is not None and self._answering()):
            self._end()  # it has an answer, or half of one
        elif hint == 431:
            self._refuse(431, "header_too_large", "The head of the request is longer than this server reads.")
        else:
            self._refuse(400 if hint not in (405, 501) else hint, "bad_request", f"{msg[:-1]}.")

    def end(self) -> None:
        """Close after an answer: at once when all of its request was heard."""
        if self.conn.their_state is h11.SEND_BODY:
            self._end()
        else:
            self.close()

    @property
    def ending(self) -> bool:
        """Whether nothing more is written."""
        return self._ending or self.transport.is_closing()

    def _should_upgrade(self) -> bool:
        """Never; uvicorn would log some lines of advice each time somebody asks for it."""
        return False

    def _answering(self) -> bool:
        return self.cycle.response_started and not self.cycle.response_complete

    def _announcing(self, app: ASGIApp) -> Any:
        """`app`, saying so where the connection ends with an answer since too much is still to come."""

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            async def announced(message: Message) -> None:
                if message["type"] == "http.response.start" and self._unheard(message["status"]):
                    message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
                await send(message)

            await app(scope, receive, announced)

        return answered

    def _unheard(self, status: int) -> bool:
        """Whether what is still to come of the body will not be heard out."""
        if self.conn.their_state is not h11.SEND_BODY:
            return False
        if status == HTTPStatus.REQUEST_TIMEOUT or self.conn.they_are_waiting_for_100_continue:
            return True
        declared = dict(self.headers).get(b"content-length")
        return declared is None or int(declared) > _LEFTOVER_BYTES

    def _expect(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        began = bool(self.conn.trailing_data[0])
        if began:
            detail = f"The head of the request was not here within {self.head_seconds:g} s."
            self._refuse(408, "too_slow", detail)
        else:
            self.transport.close()

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Say what is wrong, and close."""
        self._rest()
        if self.transport.is_closing() or self._ending:
            return
        number = secrets.token_hex(8)
        body = render.encode(
            {
                "type": f"urn:mem:error:{code}",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": detail,
                "code": code,
                "request_id": number,
                "instance": "",
            }
        )
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-request-id", number.encode()),
            (b"connection", b"close"),
            *([(b"retry-after", b"5")] if status == 503 else []),
        ]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + head + b"\r\n")
        self.transport.write(body)
        self._end()

    def _end(self) -> None:
        """Close, once the other side has had time to hear the answer: closed at once, it would be lost."""
        self._ending = True
        self._rest()
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.close)


class _Line:
    """The connection as an answer sees it."""

    def __init__(self, connection: Bounded) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        """Write, unless the connection ends already with another answer."""
        if not self._connection.ending:
            self._connection.transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing more is written."""
        return self._connection.ending

    def close(self) -> None:
        """Close, once the sender was heard out."""
        self._connection.end()


def bounded(config: ApiConfig) -> type[Bounded]:
    """The protocol with the limits of a configuration."""
    limits = {
        "head_seconds": config.header_timeout_seconds,
        "answer_seconds": config.answer_timeout_seconds,
        "most": config.max_connections,
    }
    return type("Connection", (Bounded,), limits)
