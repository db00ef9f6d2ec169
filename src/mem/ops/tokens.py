"""Making, changing and ending tokens.

A token is ``mem_<id>_<secret>_<sum>``: 8 letters that name it, 32 random bytes as 43 letters, and a
CRC-32 of what stands before, by which a token that was copied badly is told from one that is not known.
The whole text is shown once, when it is made; what is stored is the sha256 of it.
"""

import base64
import hashlib
import logging
import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from mem import types
from mem.errors import BadRequest, Conflict, NotFound
from mem.memory import Memory
from mem.store import sources, tokens
from mem.types import Limits, Token, TokenKind, TokenScope

log = logging.getLogger(__name__)

SCOPES: tuple[TokenScope, ...] = ("read", "write", "capture", "admin", "metrics")
MOST = 10_000  # tokens, so that looking them up stays cheap
_LIMITABLE = frozenset({"read", "write"})
_FORM = re.compile(r"mem_([a-z2-7]{8})_[A-Za-z0-9_-]{43}_([A-Za-z0-9_-]{6})")
_SESSION_KEPT = timedelta(days=30)  # after its end, for those who look who was signed in


def identify(text: str) -> str | None:
    """The id within a token, or None for a text that is none."""
    match = _FORM.fullmatch(text)
    return match[1] if match and secrets.compare_digest(match[2], _sum(text[:-7])) else None


def digest(text: str) -> str:
    """The sha256 of a token, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def create(
    memory: Memory,
    *,
    name: str,
    scopes: Sequence[TokenScope],
    limits: Limits | None = None,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """A new token and its whole text, which nobody can be shown again.

    Raises BadRequest for scopes or limits that make no sense, NotFound for an unknown source, Conflict for
    a name that another token in force has.
    """
    now = types.now()
    _check(memory, scopes, limits, expires_at, now)
    if any(in_force(one.token, now) and _is_called(one.token, name) for one in tokens.every(memory.db)):
        raise Conflict(f"There is a token named {name!r} already.", hint="Choose another name, or rotate it.")
    return _add(memory, _new("token", name, scopes, limits, None, now, expires_at))


def begin(memory: Memory, parent: Token | None, *, lasting: timedelta) -> tuple[Token, str]:
    """A session for a browser, with all that `parent` allows; without one, the owner's."""
    if parent is None:
        return begin_as(memory, "browser of the owner", ("admin",), None, None, lasting=lasting)
    name = f"browser of {parent.name}"
    return begin_as(
        memory, name, parent.scopes, parent.limits, parent.id, lasting=lasting, ends=parent.expires_at
    )


def begin_as(
    memory: Memory,
    name: str,
    scopes: Sequence[TokenScope],
    limits: Limits | None,
    parent: str | None,
    *,
    lasting: timedelta,
    ends: datetime | None = None,
) -> tuple[Token, str]:
    """A session by that name, for as long as `lasting` says and never beyond `ends`."""
    now = types.now()
    until = now + lasting if ends is None else min(now + lasting, ends)
    with memory.db.write() as w:
        tokens.forget_sessions(w, now - _SESSION_KEPT)
    return _add(memory, _new("session", name, scopes, limits, parent, now, until))


def rotate(memory: Memory, which: str, *, grace: timedelta = timedelta(0)) -> tuple[Token, str]:
    """A token that does the same with another secret; the old one works on for `grace`.

    It lasts as long as the old one did when that was made. Raises NotFound, and Conflict for one that is
    no longer in force or a session.
    """
    old, now = find(memory, which), types.now()
    if old.kind != "token" or not in_force(old, now):
        raise Conflict(f"Token {old.id} is a session or no longer in force.", hint="Make a new one.")
    expires_at = old.expires_at and now + (old.expires_at - old.created_at)
    made = _new("token", old.name, old.scopes, old.limits, None, now, expires_at)
    return _add(memory, made, replacing=old.id, until=now + grace)


def revoke(memory: Memory, which: str) -> Token:
    """End a token at once, with the sessions that were begun with it. Raises NotFound."""
    found = find(memory, which)
    with memory.db.write() as w:
        tokens.revoke(w, found.id, types.now())
    log.info("token revoked", extra={"action": "token_revoked", "id": found.id})
    return find(memory, found.id)


def forget(memory: Memory) -> int:
    """Drop the tokens that no longer work; gives how many.

    When none is left, callers on this machine are answered without one again.
    """
    with memory.db.write() as w:
        return tokens.forget(w, types.now())


def listed(memory: Memory) -> list[Token]:
    """All tokens and sessions, the newest first."""
    return [one.token for one in tokens.every(memory.db)]


def find(memory: Memory, which: str) -> Token:
    """The token of an id or a name. Raises NotFound, and Conflict when several bear the name."""
    found = [token for token in listed(memory) if token.id == which]
    found = found or [token for token in listed(memory) if _is_called(token, which)]
    good = [token for token in found if in_force(token, types.now())] or found[:1]
    if not good:
        raise NotFound(f"There is no token {which!r}.", hint="`mem token list` shows them.")
    if len(good) > 1:
        raise Conflict(f"{len(good)} tokens are named {which!r}.", hint="Use the id.")
    return good[0]


def _check(
    memory: Memory,
    scopes: Sequence[TokenScope],
    limits: Limits | None,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    if not scopes:
        raise BadRequest("A token needs at least one scope.", hint=f"The scopes are {', '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= now:
        raise BadRequest("The token would have expired already.")
    if len(tokens.every(memory.db)) >= MOST:
        raise Conflict(f"There are {MOST:,} tokens already.", hint="`mem token forget` drops the old ones.")
    if limits is None:
        return
    if not _LIMITABLE.issuperset(scopes):
        raise BadRequest(
            "Only the scopes read and write can be limited to sources or a time.",
            hint="Make one token with limits, and another with capture, admin or metrics.",
        )
    if limits.start is not None and limits.end is not None and limits.start >= limits.end:
        raise BadRequest("The time that the token is limited to must end after it starts.")
    for source_id in limits.source_ids or ():
        sources.get(memory.db, source_id)


def _new(
    kind: TokenKind,
    name: str,
    scopes: Sequence[TokenScope],
    limits: Limits | None,
    parent: str | None,
    now: datetime,
    expires_at: datetime | None,
) -> Token:
    return Token(
        id=base64.b32encode(secrets.token_bytes(5)).decode().lower(),
        kind=kind,
        name=name,
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        limits=None if limits == Limits() else limits,
        parent=parent,
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
    )


def _add(
    memory: Memory, token: Token, *, replacing: str | None = None, until: datetime | None = None
) -> tuple[Token, str]:
    text = f"mem_{token.id}_{secrets.token_urlsafe(32)}"
    text += f"_{_sum(text)}"
    with memory.db.write() as w:
        tokens.add(w, token, digest(text))
        if replacing is not None and until is not None:
            tokens.expire(w, replacing, until)
    facts = {"action": "token_created", "id": token.id, "kind": token.kind, "scopes": " ".join(token.scopes)}
    log.info("token created", extra=facts)
    return token, text


def _sum(text: str) -> str:
    return base64.urlsafe_b64encode(zlib.crc32(text.encode()).to_bytes(4)).decode().rstrip("=")


def in_force(token: Token, now: datetime) -> bool:
    """Whether a token works at an instant."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def _is_called(token: Token, name: str) -> bool:
    return token.kind == "token" and token.name == name
