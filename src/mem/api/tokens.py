"""Tokens, for whoever administers the server, and the log of who read, wrote and deleted."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mem import types
from mem.api import render, times
from mem.api.access import Access
from mem.api.parameters import Label, Whole
from mem.ops import audit
from mem.ops import tokens as making
from mem.ops.audit import Entry
from mem.types import Limits, Token, TokenScope

router = APIRouter(prefix="/api", tags=["access"])

_MAX_DAYS = 36_500
Name = Annotated[Label, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Which = Annotated[str, Path(max_length=100, description="The id of a token, or its name")]
Days = Annotated[float | None, Field(gt=0, le=_MAX_DAYS)]
SourceIds = Annotated[tuple[Annotated[int, Field(ge=1, le=2**63 - 1)], ...], Field(max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to make. With `source_ids`, `start` or `end` it is limited to them."""

    name: Name
    scopes: Annotated[tuple[TokenScope, ...], Field(min_length=1, max_length=5)]
    source_ids: Annotated[SourceIds, Field(min_length=1)] | None = None
    start: times.Instant | None = None
    end: times.Instant | None = None
    expires_days: Days = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """For how long the old token works on beside the new one."""

    grace_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A new token, and its text, which is shown this once."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """All tokens and sessions, the newest first."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many tokens were dropped."""

    forgotten: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Who read, wrote and deleted, the last first."""

    entries: tuple[Entry, ...]


@router.get("/tokens", response_model=TokenList)
def every(request: Request, memory: Whole) -> Response:
    """Every token and session: what it may, how long, and when it was last used."""
    used = _access(request).used()
    found = [
        dataclasses.replace(token, last_used_at=used.get(token.id, token.last_used_at))
        for token in making.listed(memory)
    ]
    return render.answer(TokenList(tokens=tuple(found)))


@router.post("/tokens", status_code=201, response_model=MadeToken)
def create(request: Request, memory: Whole, body: NewToken) -> Response:
    """Make a token. With the first one, callers on this machine are no longer answered without."""
    limits = Limits(source_ids=body.source_ids, start=body.start, end=body.end)
    token, secret = making.create(
        memory,
        name=body.name,
        scopes=body.scopes,
        limits=None if limits == Limits() else limits,
        expires_at=_expiry(body.expires_days),
    )
    return _made(request, token, secret)


@router.post("/tokens/forget", response_model=Forgotten)
def forget(request: Request, memory: Whole) -> Response:
    """Drop the tokens that no longer work. When none is left, this machine is answered without one again."""
    number = making.forget(memory)
    _access(request).load()
    return render.answer(Forgotten(forgotten=number))


@router.post("/tokens/{which}/rotate", status_code=201, response_model=MadeToken)
def rotate(request: Request, memory: Whole, which: Which, body: Rotation) -> Response:
    """Make a token that does the same, in place of one that ends, at once or after a time of grace."""
    token, secret = making.rotate(memory, which, grace=timedelta(seconds=body.grace_seconds))
    return _made(request, token, secret)


@router.delete("/tokens/{which}", response_model=Token)
def revoke(request: Request, memory: Whole, which: Which) -> Response:
    """End a token or a session at once, with the sessions that were begun with it."""
    token = making.revoke(memory, which)
    _access(request).load()
    return render.answer(token)


@router.get("/audit", response_model=AuditLog)
def log(
    memory: Whole,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Lines at most")] = 200,
    token: Annotated[
        str | None, Query(max_length=200, description="Only by the token of that id or name; or owner, local")
    ] = None,
) -> Response:
    """Who read, wrote and deleted what, without anything of what was read."""
    return render.answer(AuditLog(entries=tuple(audit.read(memory.folder, limit=limit, caller=token))))


def _made(request: Request, token: Token, secret: str) -> Response:
    _access(request).load()
    return render.answer(MadeToken(token=token, secret=secret), 201, {"Location": f"/api/tokens/{token.id}"})


def _expiry(days: float | None) -> datetime | None:
    return None if days is None else types.now() + timedelta(days=days)


def _access(request: Request) -> Access:
    access: Access = request.app.state.access
    return access
