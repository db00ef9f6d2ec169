"""Tokens: who may use the server. Of a secret only its sha256 is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import Limits, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A token and the digest that its secret must have."""

    token: Token
    sha256: str  # hex


def add(w: Writer, token: Token, sha256: str) -> None:
    """Add a token whose secret has this sha256 (hex)."""
    limits = token.limits or Limits()
    w.run(
        "tokens.add", token.id, token.kind, token.name, sha256, to_json(list(token.scopes)),
        token.limits is not None, None if limits.source_ids is None else to_json(list(limits.source_ids)),
        limits.start, limits.end, token.parent, token.created_at, token.expires_at,
    )  # fmt: skip


def every(r: Reader) -> list[Stored]:
    """All tokens, those that no longer work included; the newest first."""
    return [_stored(row) for row in r.read("tokens.all")]


def revoke(w: Writer, token_id: str, now: datetime) -> None:
    """End a token and the sessions that were begun with it."""
    w.run("tokens.revoke", token_id, now)


def expire(w: Writer, token_id: str, at: datetime) -> None:
    """Let a token and the sessions begun with it end at an instant, unless they end before."""
    w.run("tokens.expire", token_id, at)


def used(w: Writer, uses: Mapping[str, datetime]) -> None:
    """Note when tokens were last used, by id."""
    for token_id, moment in uses.items():
        w.run("tokens.used", token_id, moment)


def forget(w: Writer, now: datetime) -> int:
    """Drop those that no longer work; gives how many."""
    return len(w.run("tokens.forget", now))


def forget_sessions(w: Writer, before: datetime) -> None:
    """Drop the sessions that ended before an instant."""
    w.run("tokens.forget_sessions", before)


def _stored(row: Row) -> Stored:
    limits = None
    if row["limited"]:
        sources = row["source_ids"]
        limits = Limits(
            source_ids=None if sources is None else tuple(sources), start=row["start"], end=row["end"]
        )
    token = build(Token, row, scopes=tuple(row["scopes"]), limits=limits)
    return Stored(token=token, sha256=row["sha256"])
