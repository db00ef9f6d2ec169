"""Who may ask: callers on this machine, under a name of this machine, from this server's own page.

While there are no tokens, nothing else is answered. The key in server.json, which only the owner of
the data directory can read, makes its bearer the *owner*.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mem.api import problems
from mem.errors import BadKey, ForeignOrigin, MemError, SetupRequired, TooLarge, WrongHost

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_UNLIMITED = ("/api/upload", "/api/uploads")  # count their own bytes, against a limit of their own
_PORT = 65536


@dataclass(frozen=True, slots=True)
class Gate:
    """What the guard lets through."""

    key: str
    max_body_size: int  # bytes


class Guard:
    """ASGI middleware that refuses whoever does not belong, before anything is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gate: Gate = scope["app"].state.gate
        try:
            scope["mem.owner"] = admit(scope, gate)
        except MemError as refusal:
            await problems.of_error(scope, refusal)(scope, receive, send)
            return
        limited = not _unlimited(scope["path"])
        await self._app(scope, _counted(receive, gate.max_body_size) if limited else receive, send)


def owner(request: Request) -> bool:
    """Whether the caller proved that the data directory is theirs."""
    return bool(request.scope["mem.owner"])


def admit(scope: Scope, gate: Gate) -> bool:
    """Whether the caller is the owner. Raises the error to answer with when it is not let in."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not is_local(host):
        raise WrongHost(f"This server does not go by the name {host!r}.")
    peer = scope["client"][0] if scope.get("client") else ""
    if not _is_loopback(peer) or any(name in headers for name in _FORWARDED):
        raise SetupRequired
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise ForeignOrigin(f"A page of {origin} may not use this server.")
    unsafe = scope["method"] not in ("GET", "HEAD", "OPTIONS")
    if unsafe and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignOrigin
    declared = headers.get("content-length", "0")
    if not _unlimited(scope["path"]) and declared.isdecimal() and int(declared) > gate.max_body_size:
        raise TooLarge(f"The body is larger than {gate.max_body_size:,} bytes.")
    return _owns(headers.get("authorization"), gate.key)


def is_local(host: str) -> bool:
    """Whether a Host header names this machine: localhost, *.localhost or a loopback address."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host or (port is not None and port >= _PORT):
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _unlimited(path: str) -> bool:
    return path in _UNLIMITED or path.startswith("/api/uploads/")


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _owns(authorization: str | None, key: str) -> bool:
    if authorization is None:
        return False
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), key.encode()):
        raise BadKey
    return True


def _counted(receive: Receive, most: int) -> Receive:
    """`receive`, refusing a body that turns out longer than `most` bytes whatever it declared."""
    total = 0

    async def counting() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, f"The body is larger than {most:,} bytes.")
        return message

    return counting
