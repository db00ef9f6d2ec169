"""Signing in with a browser, which sends a cookie where a program sends a token.

The cookie is out of reach of scripts and is never sent along by another site. A one-time link carries its
code behind a `#`, so that it reaches no server and no log before the page hands it over.
"""

from dataclasses import dataclass
from typing import Annotated

from anyio import from_thread
from fastapi import APIRouter, Request
from pydantic import StringConstraints
from starlette.responses import Response

from mem.api import access_peers, guard, render
from mem.api.access import COOKIE, SAFE_COOKIE, Access, Caller, session_lasting
from mem.api.access_peers import Peer
from mem.api.guard import Gate
from mem.api.parameters import Whole
from mem.errors import BadRequest, BadToken
from mem.memory import Memory
from mem.ops import tokens as making
from mem.types import Limits, Token, TokenScope

router = APIRouter(prefix="/api/session", tags=["access"])

_COOKIES = (COOKIE, SAFE_COOKIE)
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Either a token, or the code of a one-time link."""

    token: Secret | None = None
    code: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who asks, as far as the server knows, and what they may."""

    name: str
    scopes: tuple[TokenScope, ...]
    limits: Limits | None
    signed_in: bool  # with a cookie of this server, so that signing out means something
    required: bool  # whether more would be answered to whoever signs in
    proved: bool  # showed something that not everybody on this machine has, as tokens and backups ask
    provider: str | None = None  # what to call the provider that people can sign in through


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What to add to the address of the page to sign in once, within a minute."""

    path: str


@router.get("", response_model=SignedIn)
async def who(request: Request) -> Response:
    """Who asks, and what they may; nobody has to be signed in to hear that they are not."""
    memory: Memory = request.app.state.memory
    return render.answer(_known(guard.caller(request), memory.config.api.oidc.shown))


@router.post("", response_model=SignedIn)
def sign_in(request: Request, memory: Whole, body: SignIn) -> Response:
    """Begin a session, with a token or the code of a one-time link; the answer sets its cookie."""
    access: Access = request.app.state.access
    if (body.token is None) == (body.code is None):
        raise BadRequest("Give either a token or a code.")
    try:
        parent = _redeemed(access, body)
    except BadToken:
        gate: Gate = request.app.state.gate
        peer: Peer = request.scope["mem.peer"]
        from_thread.run(gate.count, "failures", access_peers.bucket(peer.address))
        raise
    session, secret = making.begin(memory, parent, lasting=session_lasting(memory))
    access.load()
    return answered(request, memory, session, secret)


@router.delete("", status_code=204, response_model=None, response_class=Response)
def sign_out(request: Request, memory: Whole) -> Response:
    """End the session of this browser."""
    caller = guard.caller(request)
    if caller.by_cookie and caller.token is not None:
        making.revoke(memory, caller.token.id)
        request.app.state.access.load()
    response = Response(status_code=204)
    put(request, response, _COOKIES, "", 0)
    return response


@router.post("/link", status_code=201, response_model=Link)
async def link(request: Request) -> Response:
    """A one-time link for whoever administers the server: it signs a browser in within a minute."""
    access: Access = request.app.state.access
    return render.answer(Link(path=f"/#open={access.hand_out()}"), 201)


def answered(request: Request, memory: Memory, session: Token, secret: str) -> Response:
    """What a browser hears that was just signed in, with the cookie of its session."""
    response = render.answer(
        SignedIn(
            name=session.name,
            scopes=session.scopes,
            limits=session.limits,
            signed_in=True,
            proved=True,
            required=not guard.caller(request).scopes,
            provider=memory.config.api.oidc.shown,
        )
    )
    put(request, response, _COOKIES, secret, round(session_lasting(memory).total_seconds()))
    return response


def put(request: Request, response: Response, names: tuple[str, str], value: str, seconds: int) -> None:
    """Set a cookie that no script reads and no other site uses; the second of the names is for https."""
    peer: Peer = request.scope["mem.peer"]
    response.set_cookie(
        names[1] if peer.https else names[0],
        value,
        max_age=seconds,
        path="/",
        secure=peer.https,
        httponly=True,
        samesite="strict",
    )


def _redeemed(access: Access, body: SignIn) -> Token | None:
    if body.code is not None:
        access.redeem(body.code)
        return None
    token = access.token(body.token or "")
    if token.kind != "token":
        raise BadToken
    return token


def _known(caller: Caller, provider: str | None) -> SignedIn:
    return SignedIn(
        name=caller.name,
        scopes=tuple(scope for scope in making.SCOPES if scope in caller.scopes),
        limits=caller.limits,
        signed_in=caller.by_cookie,
        proved=caller.proved,
        required=not caller.scopes,
        provider=provider,
    )
