"""HTTP/1.1 as uvicorn speaks it, without patience for senders that never come to the point.

uvicorn waits for the head of a request as long as the sender likes. Here it must be whole within
`api.header_timeout_seconds`; what cannot be understood is answered as a problem too; connections beyond
`api.max_connections` are sent away; and who goes on sending after the answer is cut off.
"""

import asyncio
import secrets
import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mem.api import render
from mem.config import ApiConfig

_LINGER_SECONDS = 2.0  # for a sender to hear the answer that came before it had sent everything


class Bounded(H11Protocol):
    """One connection."""

    head_seconds: float
    most: int
    _timer: asyncio.TimerHandle | None = None
    _ending = False  # what still comes is not listened to

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(503, "too_busy", "This server has more connections than it serves.")
        else:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the head of a request must be whole in time."""
        if self._ending:
            return
        super().data_received(data)
        if self.transport.is_closing() or self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._timer is None:
            self._expect()

    def on_response_complete(self) -> None:
        """Wait for the next request; a body that still comes is not waited for."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._end()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        if hint == 431:
            self._refuse(431, "header_too_large", "The head of the request is longer than this server reads.")
        else:
            self._refuse(400 if hint not in (405, 501) else hint, "bad_request", f"{msg[:-1]}.")

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
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def bounded(config: ApiConfig) -> type[Bounded]:
    """The protocol with the limits of a configuration."""
    limits = {"head_seconds": config.header_timeout_seconds, "most": config.max_connections}
    return type("Connection", (Bounded,), limits)
