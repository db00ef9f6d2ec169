"""Signing in through an OpenID Connect provider: a browser goes there with a question, returns with a code.

What the question holds (state, nonce, proof) is made from a cookie that only this browser has, so that
nothing is kept here meanwhile and any of several servers can take it back. The provider sends the browser
to a page of this server, which hands the code over: a cookie that is SameSite=Strict goes along with what
an own page asks, and would be left out where another site leads here.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import AfterValidator, StringConstraints
from starlette.datastructures import Headers
from starlette.responses import Response

from mem.api import access, access_peers, provider, render, session
from mem.api.access import Access
from mem.api.access_peers import Peer
from mem.api.guard import Gate
from mem.api.parameters import Whole, storable
from mem.api.provider import Provider, Words
from mem.config.signing import Allowed, OidcConfig
from mem.errors import BadIdentity, NoProvider, NotLetIn, SignInDenied, SignInSpent
from mem.memory import Memory
from mem.ops import tokens as making
from mem.types import Limits, Token

router = APIRouter(prefix="/api/session/provider", tags=["access"])

BACK = "/oidc"  # where the provider sends the browser
COOKIES = ("mem_signin", "__Host-mem_signin")
_SECONDS = 600  # from going to coming back
_MOST_SPENT = 10_000

State = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(storable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the browser goes to sign in."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the provider sent back with the browser: a code, or why there is none."""

    state: State
    code: Word | None = None
    error: Word | None = None
    iss: Word | None = None


class Signing:
    """Sign-ins through one provider."""

    def __init__(self, config: OidcConfig, provider: Provider) -> None:
        self.config = config
        self.provider = provider
        self._key = hashlib.sha256(b"mem sign-in\0" + provider.secret.encode()).digest()
        self._spent: dict[str, float] = {}

    def begin(self, back: str) -> tuple[str, Words]:
        """A new cookie, and what follows from it."""
        cookie = f"{int(time.time())}.{secrets.token_urlsafe(32)}"
        return cookie, self._words(cookie, back)

    def take(self, cookie: str | None, state: str, back: str) -> Words:
        """What belongs to a cookie, once. Raises SignInSpent unless `state` was made from it, and lately."""
        words = self._words(cookie or "", back)
        if not cookie or not hmac.compare_digest(words.state.encode(), state.encode()):
            raise SignInSpent
        began, now = int(cookie.partition(".")[0]), time.time()
        if began + _SECONDS <= now or state in self._spent:
            raise SignInSpent
        self._spent = {word: end for word, end in self._spent.items() if end > now}
        while len(self._spent) >= _MOST_SPENT:
            del self._spent[next(iter(self._spent))]
        self._spent[state] = began + _SECONDS
        return words

    def _words(self, cookie: str, back: str) -> Words:
        return Words(
            state=self._word("state", cookie),
            nonce=self._word("nonce", cookie),
            verifier=self._word("verifier", cookie),
            back=back,
        )

    def _word(self, kind: str, cookie: str) -> str:
        made = hmac.digest(self._key, f"{kind} {cookie}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


def opened(config: OidcConfig) -> Signing | None:
    """Sign-ins through the provider that is configured, if any. Raises BadConfig, ExtraMissing."""
    made = provider.made(config)
    return None if made is None else Signing(config, made)


@router.post("", response_model=Way)
async def begin(request: Request) -> Response:
    """Begin to sign in: where the browser is to go. The answer sets a cookie that must come back with it."""
    signing = _signing(request)
    cookie, words = signing.begin(_back(request))
    response = render.answer(Way(url=await signing.provider.sign_in(words)))
    session.put(request, response, COOKIES, cookie, _SECONDS)
    return response


@router.post("/return", response_model=session.SignedIn)
async def end(request: Request, memory: Whole, body: Return) -> Response:
    """Begin a session for whom the provider has signed in; the answer sets its cookie."""
    try:
        rule, who = await _let_in(request, body)
    except (SignInSpent, SignInDenied):
        gate: Gate = request.app.state.gate
        peer: Peer = request.scope["mem.peer"]
        await gate.count("failures", access_peers.bucket(peer.address))
        raise
    token, secret = await to_thread.run_sync(_session, memory, _signing(request).config, rule, who)
    known: Access = request.app.state.access
    await to_thread.run_sync(known.load)
    response = session.answered(request, memory, token, secret)
    session.put(request, response, COOKIES, "", 0)
    return response


async def _let_in(request: Request, body: Return) -> tuple[Allowed, str]:
    """The rule that lets somebody in, and their name.

    Raises SignInSpent, SignInDenied, ProviderAway, ProviderFailed.
    """
    signing = _signing(request)
    peer: Peer = request.scope["mem.peer"]
    shown = access.cookie(Headers(scope=request.scope), COOKIES[1] if peer.https else COOKIES[0])
    words = signing.take(shown, body.state, _back(request))
    if body.error is not None or body.code is None:
        reason = body.error if body.error and body.error.isidentifier() else "no code"
        raise SignInDenied(f"The provider did not sign you in ({reason[:60]}).")
    claims = await signing.provider.claims(body.code, body.iss, words)
    return allowed(claims, signing.config), named(claims)


def allowed(claims: Mapping[str, Any], config: OidcConfig) -> Allowed:
    """The first rule that lets in whom these claims are about. Raises NotLetIn."""
    for rule in config.allow:
        if rule.claim == "email" and not _verified(claims):
            continue  # anybody can say of themselves that an address is theirs
        told = claims.get(rule.claim)
        values = told if isinstance(told, list) else [told]
        if any(isinstance(value, str) and value in rule.values for value in values):
            return rule
    raise NotLetIn


def named(claims: Mapping[str, Any]) -> str:
    """Who it is, for the list of sessions and the audit log: a mail address that was verified, or the id."""
    told = claims.get("email") if _verified(claims) else None
    who = told if isinstance(told, str) and told else claims.get("sub")
    shown = "".join(letter for letter in str(who) if letter.isprintable())[:200]
    if not shown:
        raise BadIdentity("The provider does not say who signs in.")
    return shown


def _verified(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true")


def _session(memory: Memory, config: OidcConfig, rule: Allowed, who: str) -> tuple[Token, str]:
    limits = None if rule.sources is None else Limits(source_ids=rule.sources)
    return making.begin_as(
        memory,
        f"{who} by {config.shown}",
        rule.scopes,
        limits,
        config.mark(rule),
        lasting=access.session_lasting(memory),
    )


def _signing(request: Request) -> Signing:
    found: Signing | None = request.app.state.signing
    if found is None:
        raise NoProvider
    return found


def _back(request: Request) -> str:
    """The address of the page that the provider sends the browser to, which it knows letter by letter."""
    peer: Peer = request.scope["mem.peer"]
    host = Headers(scope=request.scope).get("host", "").lower()
    return f"{'https' if peer.https else 'http'}://{host}{BACK}"
