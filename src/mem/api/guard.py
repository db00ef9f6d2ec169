"""Who may ask what: decided from the head of a request, before anything of it is read.

Without tokens callers on this machine are answered, under a name of this machine, from this server's own
page. With tokens each route asks for the scopes that access_routes.py says. The key in server.json, which
only the owner of the data directory can read, makes its bearer the *owner*.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mem import types
from mem.api import access_peers, problems, rates, shared
from mem.api.access import Access, Caller
from mem.api.access_peers import Peer
from mem.api.access_routes import Found, Need, Routes
from mem.config import ApiConfig
from mem.errors import (
    BadKey,
    BadToken,
    MemError,
    NotAllowed,
    OutsideLimits,
    TokenRequired,
    TooLarge,
    UnlistedRoute,
)
from mem.memory import Memory
from mem.ops.audit import Audit, Entry

_UNLIMITED = ("/api/upload", "/api/uploads")  # count their own bytes, against a limit of their own
_NEAR = 20  # times as often, for callers on this machine

is_local = access_peers.is_local


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A request that may go on."""

    caller: Caller
    found: Found
    need: Need


class Gate:
    """What the guard lets through."""

    def __init__(self, memory: Memory, access: Access) -> None:
        config = memory.config.api
        self.config: ApiConfig = config
        self.access = access
        self.routes = Routes()
        self.audit = Audit(memory.folder, config.audit_bytes)
        self.proxies = access_peers.networks(config.trusted_proxies)
        self.buckets = {
            "read": rates.Buckets(rates.parse(config.rate.read)),
            "search": rates.Buckets(rates.parse(config.rate.search)),
            "write": rates.Buckets(rates.parse(config.rate.write)),
            "failures": rates.Buckets(rates.parse(config.rate.failures)),
        }
        self.shared = shared.Shared(config.rate.shared_url) if config.rate.shared_url else None
        self.uploads = rates.Places("uploads", config.max_uploads_per_address)
        self.streams = rates.Places("streams", config.max_streams_per_address)
        at_once = config.search_concurrency or 2 * (os.cpu_count() or 1)
        self.questions = rates.Queue(at_once, config.search_waiting)

    async def admit(self, scope: Scope) -> Admitted:
        """Let a request in. Raises the error to answer with when it is refused."""
        headers = Headers(scope=scope)
        peer = access_peers.peer_of(scope, headers, self.proxies)
        scope["mem.peer"] = peer
        closed = not self.access.open
        access_peers.check_host(headers.get("host", ""), self.config.allowed_hosts, addresses=closed)
        access_peers.check_head(scope, headers, self.config.max_headers)
        caller = await self._caller(headers, peer)
        scope["mem.caller"] = caller
        unasked = caller.by_cookie or caller.by_proxy
        access_peers.check_origin(scope, headers, https=peer.https, unasked=unasked)
        found = self.routes.find(scope["method"], scope["path"])
        need = self._need(scope, caller, found)
        scope["mem.found"] = found
        if need.kind != "free":  # also who is refused then
            await self.count(need.kind, _key(caller), factor=_factor(caller))
        _permit(caller, need)
        declared = headers.get("content-length", "0")
        most = self.config.max_body_size
        if not _unlimited(scope["path"]) and declared.isdecimal() and int(declared) > most:
            raise TooLarge(f"The body is larger than {most:,} bytes.")
        return Admitted(caller=caller, found=found or Found(scope["path"], need), need=need)

    @contextlib.asynccontextmanager
    async def place(self, admitted: Admitted) -> AsyncIterator[None]:
        """Hold what the request takes up while it lasts. Raises TooManyRequests, TooBusy."""
        key, factor = access_peers.bucket(admitted.caller.address), _factor(admitted.caller)
        match admitted.need.place:
            case "upload":
                with self.uploads.one(key, factor=factor):
                    yield
            case "stream":
                with self.streams.one(key, factor=factor):
                    yield
            case "question":
                async with self.questions.turn():
                    yield
            case _:
                yield

    async def count(self, name: str, key: str, *, factor: int = 1) -> None:
        """Count one request of a caller, together with other servers where Redis holds the rates.

        Raises TooManyRequests.
        """
        bucket = self.buckets[name]
        if self.shared is None or not await self.shared.take(name, bucket.rate, key, factor):
            bucket.take(key, factor=factor)

    async def close(self) -> None:
        """Let go of Redis."""
        if self.shared is not None:
            await self.shared.close()

    def still_good(self, scope: Scope) -> bool:
        """Whether what is read may go on: its token may have ended since a stream or a file began."""
        caller: Caller | None = scope.get("mem.caller")
        if caller is None or caller.token is None or scope["method"] != "GET":
            return True
        return self.access.in_force(caller.token)

    def note(self, scope: Scope, status: int) -> None:
        """Write down who asked for what, where that is of interest."""
        caller, found = scope.get("mem.caller"), scope.get("mem.found")
        if caller is None or found is None or found.need is None:
            return
        if status == 429 or (status == 401 and not caller.scopes):
            return  # or anybody could fill the log, and drop from it what others did
        if found.need.noted or status in (401, 403):
            self.audit.note(
                Entry(
                    at=types.now(),
                    caller=caller.name,
                    token=caller.token.id if caller.token else None,
                    address=caller.address,
                    method=scope["method"],
                    route=found.route,
                    target=dict(found.target),
                    status=status,
                    request=scope.get("mem.request_id", ""),
                )
            )

    async def _caller(self, headers: Headers, peer: Peer) -> Caller:
        try:
            return await self.access.caller(headers, peer)
        except (BadKey, BadToken):
            await self.count("failures", access_peers.bucket(peer.address), factor=_NEAR if peer.local else 1)
            raise

    def _need(self, scope: Scope, caller: Caller, found: Found | None) -> Need:
        """What the request asks for; of an address that is none, its caller must be known to hear so."""
        if found is not None and found.need is not None:
            return found.need
        if not caller.scopes:
            raise TokenRequired
        for route in scope["app"].routes:
            match = route.matches(scope)[0]
            served = match is not Match.NONE if found is None else match is Match.FULL
            if served and not (found is not None and isinstance(route, Mount)):  # a folder knows GET alone
                raise UnlistedRoute
        return Need(limited="yes", noted=False)


class Guard:
    """ASGI middleware that refuses whoever does not belong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gate: Gate = scope["app"].state.gate
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not gate.still_good(scope):
                raise OSError("the token has ended")  # as if the listener had gone away
            await send(message)

        try:
            admitted = await gate.admit(scope)
            bounded = receive
            if not _unlimited(scope["path"]):
                bounded = _bounded(receive, gate.config.max_body_size, gate.config.body_timeout_seconds)
            async with gate.place(admitted):
                await self._app(scope, bounded, noting)
        except MemError as refusal:  # a handler's own are answered further in
            await problems.of_error(scope, refusal)(scope, receive, noting)
        finally:
            gate.note(scope, status)


def caller(request: Request) -> Caller:
    """Who asks."""
    found: Caller = request.scope["mem.caller"]
    return found


def owner(request: Request) -> bool:
    """Whether the caller proved that the data directory is theirs."""
    return caller(request).owner


def _permit(caller: Caller, need: Need) -> None:
    """Raise unless the caller has the scopes, and is limited in no way that the route cannot keep to."""
    if not need.scopes <= caller.scopes:
        if not caller.scopes:
            raise TokenRequired
        missing = ", ".join(sorted(need.scopes - caller.scopes))
        raise NotAllowed(f"This needs a token with the scope {missing}.")
    if need.proved and not caller.proved:
        raise NotAllowed(
            "Being on this machine is not enough for that.",
            hint="Use the command line as the owner of the data directory, or a token with the scope admin.",
        )
    limits = caller.limits
    if limits is not None and (need.limited == "no" or (need.limited == "sources" and limits.timed)):
        raise OutsideLimits("This tells of more than the token is limited to.")


def _key(caller: Caller) -> str:
    return f"token {caller.token.id}" if caller.token else access_peers.bucket(caller.address)


def _factor(caller: Caller) -> int:
    return _NEAR if caller.near else 1


def _unlimited(path: str) -> bool:
    return path in _UNLIMITED or path.startswith("/api/uploads/")


def _bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """`receive`, refusing a body that turns out longer than `most` bytes, or takes longer than `seconds`."""
    total, whole, ends = 0, False, 0.0

    async def bounded() -> Message:
        nonlocal total, whole, ends
        if whole:  # what comes now is no body, but that the caller went away
            return await receive()
        ends = ends or asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"The body was not here within {seconds:g} s.") from None
        whole = not message.get("more_body", False)
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, f"The body is larger than {most:,} bytes.")
        return message

    return bounded
