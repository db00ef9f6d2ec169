"""Who asks: the owner of the data directory, somebody on this machine, a token, a browser that signed in.

The tokens are held in memory, so that a request costs no question to the database and a revoked one ends
at once. Where several servers share a PostgreSQL they are read again every second.
"""

import asyncio
import contextlib
import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from mem import limited, types
from mem.api.access_peers import Peer
from mem.errors import (
    BadKey,
    BadRequest,
    BadToken,
    DatabaseFailed,
    MemError,
    SetupRequired,
    TokenExpired,
    TokenRevoked,
    TooBusy,
)
from mem.memory import Memory
from mem.ops import tokens as making
from mem.store import tokens
from mem.store.tokens import Stored
from mem.types import Limits, Token, TokenScope

COOKIE = "mem_session"
SAFE_COOKIE = "__Host-mem_session"  # browsers take it over https alone
EVERYTHING: frozenset[TokenScope] = frozenset(making.SCOPES)
_USED_SECONDS = 60.0
_STALE_SECONDS = 1.0
_CODE_SECONDS = 60.0
_MOST_CODES = 100
_NO_DIGEST = "0" * 64

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks, and what they may."""

    name: str
    scopes: frozenset[TokenScope]
    address: str
    token: Token | None = None
    owner: bool = False  # proved to be able to read the data directory
    near: bool = False  # on this machine; limits on how often are wider
    by_cookie: bool = False
    by_proxy: bool = False

    @property
    def limits(self) -> Limits | None:
        """The part of the memory that they may learn of; None: all of it."""
        return self.token.limits if self.token is not None else None

    @property
    def proved(self) -> bool:
        """Whether they showed something that not everybody on this machine has."""
        return self.owner or self.token is not None


NOBODY: frozenset[TokenScope] = frozenset()


class Access:
    """The tokens of one memory, and the one-time codes that `mem open` hands out."""

    def __init__(self, memory: Memory, key: str) -> None:
        self._memory = memory
        self._key = key
        self._known: dict[str, Stored] = {}
        self._read_at = 0.0
        self._uses: dict[str, datetime] = {}
        self._codes: dict[str, float] = {}
        self._views: dict[Limits, Memory] = {}
        oidc = memory.config.api.oidc
        self._rules = frozenset(oidc.mark(rule) for rule in oidc.allow)
        self.load()

    def load(self) -> None:
        """Read the tokens anew: after a change, and where others may have made one."""
        self._known = {one.token.id: one for one in tokens.every(self._memory.db)}
        self._read_at = time.monotonic()

    def _load_again(self) -> None:
        """Read them where others may have changed them; while PostgreSQL is away those known stay so."""
        self._read_at = time.monotonic()  # nobody else tries meanwhile
        try:
            self.load()
        except (DatabaseFailed, TooBusy) as error:
            log.warning("tokens not read", extra={"action": "tokens_stale", "detail": error.detail})

    @property
    def open(self) -> bool:
        """Whether callers on this machine need no token."""
        mode = self._memory.config.api.auth
        if mode != "auto" or self._memory.config.api.oidc.issuer is not None:
            return False
        return not any(one.token.kind == "token" for one in self._known.values())

    async def caller(self, headers: Headers, peer: Peer) -> Caller:
        """Who sends these headers. Raises the error to answer with when they show what is not good.

        Whoever shows nothing and may not stay unknown is nobody: a caller without a scope.
        """
        if self._memory.db.engine == "postgres" and time.monotonic() - self._read_at > _STALE_SECONDS:
            await asyncio.to_thread(self._load_again)
        given = headers.get("authorization")
        if given is not None:
            return self._bearer(given, peer)
        if signed_in := self._signed_in(cookie(headers, SAFE_COOKIE if peer.https else COOKIE)):
            return self._of(signed_in, peer, by_cookie=True)
        if peer.trusted and (proxied := self._proxied(headers, peer)):
            return proxied
        if self._memory.config.api.auth == "none":
            return Caller(name="anybody", scopes=EVERYTHING, address=peer.address, near=peer.local)
        if not self.open:
            return Caller(name="nobody", scopes=NOBODY, address=peer.address)
        if not peer.local:
            raise SetupRequired
        return Caller(name="local", scopes=EVERYTHING, address=peer.address, near=True)

    def view(self, limits: Limits | None) -> Memory:
        """The memory as a caller with these limits may know it."""
        if limits is None:
            return self._memory
        if limits not in self._views:
            self._views[limits] = limited.memory(self._memory, limits)
        return self._views[limits]

    def hand_out(self) -> str:
        """A code that begins one session of the owner within 60 s."""
        now = time.monotonic()
        self._codes = {code: end for code, end in self._codes.items() if end > now}
        while len(self._codes) >= _MOST_CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(32)
        self._codes[code] = now + _CODE_SECONDS
        return code

    def redeem(self, code: str) -> None:
        """Take a code back. Raises BadToken unless it was handed out, not yet used and not too old."""
        if self._codes.pop(code, 0.0) <= time.monotonic():
            raise BadToken("That link was used already, or is older than a minute.", hint="Run `mem open`.")

    def token(self, text: str) -> Token:
        """The token with this text. Raises BadToken, TokenExpired or TokenRevoked."""
        number = making.identify(text)
        stored = self._known.get(number or "")
        digest = stored.sha256 if stored is not None else _NO_DIGEST
        if not hmac.compare_digest(making.digest(text), digest) or stored is None:
            raise BadToken
        if stored.token.revoked_at is not None or self._outlawed(stored.token):
            raise TokenRevoked
        if stored.token.expires_at is not None and stored.token.expires_at <= types.now():
            raise TokenExpired
        self._uses[stored.token.id] = types.now()
        return stored.token

    def in_force(self, token: Token) -> bool:
        """Whether a token that was good still is."""
        stored = self._known.get(token.id)
        return (
            stored is not None
            and making.in_force(stored.token, types.now())
            and not self._outlawed(stored.token)
        )

    def _outlawed(self, token: Token) -> bool:
        """Whether a session was begun by a rule of api.oidc that is there no more."""
        parent = token.parent or ""
        return parent.startswith("oidc-") and parent not in self._rules

    def used(self) -> Mapping[str, datetime]:
        """When tokens were used last, of those used since that was written down."""
        return dict(self._uses)

    async def note_uses(self) -> None:
        """Write down once a minute when tokens were used, until cancelled."""
        while True:
            await asyncio.sleep(_USED_SECONDS)
            await asyncio.to_thread(self.write_uses)

    def write_uses(self) -> None:
        """Write down when tokens were used since the last time."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with self._memory.db.write() as w:
                tokens.used(w, uses)
        except MemError as error:
            log.warning("uses of tokens not noted", extra={"action": "uses_lost", "detail": error.detail})

    def _bearer(self, given: str, peer: Peer) -> Caller:
        scheme, _, text = given.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer":
            raise BadKey
        if hmac.compare_digest(text.encode(), self._key.encode()):
            return Caller(name="owner", scopes=EVERYTHING, address=peer.address, owner=True, near=peer.local)
        if self.open and not peer.local:
            raise SetupRequired
        if not text.startswith("mem_"):
            raise BadKey
        return self._of(self.token(text), peer)

    def _proxied(self, headers: Headers, peer: Peer) -> Caller | None:
        """Whom a proxy of ours signed in. Raises BadRequest where somebody else seems to have said so too."""
        config = self._memory.config.api
        users = headers.getlist(config.proxy_user_header) if config.proxy_user_header else []
        if len(users) > 1:
            raise BadRequest(f"{config.proxy_user_header} came twice; the proxy must replace it.")
        if not users or not users[0]:
            return None
        name, scopes = f"{users[0][:200]} by proxy", frozenset(config.proxy_user_scopes)
        return Caller(name=name, scopes=scopes, address=peer.address, by_proxy=True)

    def _signed_in(self, cookie: str | None) -> Token | None:
        """The session of a cookie; one that has ended is as good as none, so that the page can be seen."""
        try:
            token = self.token(cookie or "")
        except BadToken:
            return None
        return token if token.kind == "session" else None

    def _of(self, token: Token, peer: Peer, *, by_cookie: bool = False) -> Caller:
        scopes = EVERYTHING if "admin" in token.scopes else frozenset(token.scopes)
        return Caller(
            name=token.name,
            scopes=scopes,
            address=peer.address,
            token=token,
            near=peer.local,
            by_cookie=by_cookie,
        )


def session_lasting(memory: Memory) -> timedelta:
    """How long a browser stays signed in."""
    return timedelta(hours=memory.config.api.session_hours)


def cookie(headers: Headers, name: str) -> str | None:
    """The cookie of that name; whatever else is sent along is not ours.

    Over https only the one counts that no other host can have set: a neighbour such as blog.example.org may
    set cookies for all of example.org, but none whose name begins with __Host-.
    """
    for header in headers.getlist("cookie"):
        with contextlib.suppress(CookieError):
            jar = SimpleCookie(header)
            if name in jar:
                return jar[name].value
    return None
