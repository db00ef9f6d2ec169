"""The OpenID Connect provider that people sign in with, through authlib (extra `oidc`), imported here alone.

It is asked when somebody signs in and not before, so that everything else works while it is away.
"""

import asyncio
import contextlib
import importlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mem.config.signing import OidcConfig, is_sheltered
from mem.errors import (
    BadConfig,
    BadIdentity,
    ExtraMissing,
    ProviderAway,
    ProviderFailed,
    SignInSpent,
)

if TYPE_CHECKING:
    import httpx

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_MOST_BYTES = 2**20  # of one answer
_KNOWN_SECONDS = 3600.0  # for which addresses and keys are taken as they were
_REST_SECONDS = 5.0  # in which a provider that did not answer is left alone
_LEEWAY_SECONDS = 60  # by which clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What ties one sign-in together; see `mem.api.signing`."""

    state: str
    nonce: str
    verifier: str
    back: str  # the address to which the provider sends the browser


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addresses:
    authorize: str
    token: str
    keys: str
    by_header: bool  # the secret goes in a header, not in the body
    names_itself: bool  # every browser that it sends back brings the issuer along


class Provider:
    """One provider. Raises BadConfig for a secret that cannot be read, ExtraMissing without the library."""

    def __init__(self, config: OidcConfig) -> None:
        self._libraries = _Libraries()
        self.secret = _secret(config)
        self._client = config.client_id or ""
        self._issuer = config.issuer or ""
        self._asks = " ".join(config.provider_scopes)
        self._seconds = config.timeout_seconds
        self._addresses: _Addresses | None = None
        self._addresses_until = 0.0
        self._keys: Any = None
        self._keys_until = 0.0
        self._away_until = 0.0
        self._one = asyncio.Lock()

    async def sign_in(self, words: Words) -> str:
        """The address to which a browser goes to sign in. Raises ProviderAway, ProviderFailed."""
        addresses = await self._found()
        address: str = self._libraries.grant(
            addresses.authorize,
            client_id=self._client,
            response_type="code",
            redirect_uri=words.back,
            scope=self._asks,
            state=words.state,
            nonce=words.nonce,
            code_challenge=self._libraries.challenge(words.verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, code: str, issuer: str | None, words: Words) -> Mapping[str, Any]:
        """What the provider says of the person who came back with this code, believed only when it is signed.

        Raises ProviderAway, ProviderFailed, SignInSpent for a code that is no good, and BadIdentity.
        """
        addresses = await self._found()
        if issuer != self._issuer and (issuer is not None or addresses.names_itself):
            raise BadIdentity("The browser came back from another provider than that of api.oidc.issuer.")
        text = await self._redeemed(addresses, code, words)
        for anew in (False, True):  # the provider may sign with another key since they were read
            keys = await self._signing_keys(addresses, anew=anew)
            with contextlib.suppress(self._libraries.unknown_key):
                return self._believed(text, keys, words.nonce)
        raise BadIdentity("What the provider says of you is signed with no key of its own.")

    def _believed(self, text: str, keys: Any, nonce: str) -> Mapping[str, Any]:
        """The claims of a token that is signed by this provider for this client, this sign-in, and now."""
        libraries = self._libraries
        try:
            token = libraries.decode(text, keys, algorithms=list(ALGORITHMS))
            wanted = {"iss": self._issuer, "aud": self._client, "nonce": nonce}
            options: dict[str, Any] = {
                name: {"essential": True, "value": value} for name, value in wanted.items()
            }
            options["sub"] = {"essential": True}
            told = libraries.identity(
                token.claims, token.header, options, {"client_id": self._client, "nonce": nonce}
            )
            told.validate(time.time(), _LEEWAY_SECONDS)
        except libraries.unknown_key:
            raise
        except libraries.unsound as error:
            raise BadIdentity(f"What the provider says of you does not hold: {_kind(error)}.") from None
        return dict(token.claims)

    async def _redeemed(self, addresses: _Addresses, code: str, words: Words) -> str:
        """The identity token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": words.back,
            "code_verifier": words.verifier,
        }
        if addresses.by_header:
            given: dict[str, Any] = {"auth": (quote(self._client, safe=""), quote(self.secret, safe=""))}
        else:
            given = {}
            form |= {"client_id": self._client, "client_secret": self.secret}
        status, answer = await self._ask("POST", addresses.token, data=form, **given)
        if status != 200:
            if answer.get("error") == "invalid_grant":
                raise SignInSpent("The provider says that this sign-in was used, or took too long.")
            raise ProviderFailed(f"The provider's token address answered {status}{_reason(answer)}.")
        text = answer.get("id_token")
        if not isinstance(text, str):
            raise ProviderFailed("The provider's token address answered without an id_token.")
        return text

    async def _found(self) -> _Addresses:
        """Where the provider is asked what, as it says itself."""
        async with self._one:
            if self._addresses is None or time.monotonic() > self._addresses_until:
                status, answer = await self._ask(
                    "GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                if status != 200:
                    raise ProviderFailed(f"The provider's description answered {status}.")
                self._addresses = _described(answer, self._issuer)
                self._addresses_until = time.monotonic() + _KNOWN_SECONDS
            return self._addresses

    async def _signing_keys(self, addresses: _Addresses, *, anew: bool = False) -> Any:
        async with self._one:
            if anew or self._keys is None or time.monotonic() > self._keys_until:
                status, answer = await self._ask("GET", addresses.keys)
                try:
                    self._keys = self._libraries.keys(answer)
                except self._libraries.unsound:
                    raise ProviderFailed(f"The provider's keys cannot be read (status {status}).") from None
                self._keys_until = time.monotonic() + _KNOWN_SECONDS
            return self._keys

    async def _ask(self, method: str, url: str, **given: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer."""
        import httpx  # a tenth of a second, which a server without a provider need not pay

        if time.monotonic() < self._away_until:
            raise ProviderAway
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx.AsyncClient(timeout=self._seconds) as client,
                client.stream(method, url, headers=headers, **given) as answer,
            ):
                return answer.status_code, _object(await _read(answer))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            self._away_until = time.monotonic() + _REST_SECONDS
            raise ProviderAway(f"The provider does not answer ({type(error).__name__}).") from None


class _Libraries:
    """What of authlib and joserfc is used."""

    def __init__(self) -> None:
        try:
            core = importlib.import_module("authlib.oidc.core")
            parameters = importlib.import_module("authlib.oauth2.rfc6749.parameters")
            proof = importlib.import_module("authlib.oauth2.rfc7636")
            errors = importlib.import_module("joserfc.errors")
            self.decode: Any = importlib.import_module("joserfc.jwt").decode
            self.keys: Any = importlib.import_module("joserfc.jwk").KeySet.import_key_set
        except ImportError:
            raise ExtraMissing(
                "api.oidc needs authlib.",
                hint="Install Mem with that extra: `uv sync --extra oidc`, or pip install 'mem-video[oidc]'.",
            ) from None
        self.identity: Any = core.CodeIDToken
        self.grant: Any = parameters.prepare_grant_uri
        self.challenge: Any = proof.create_s256_code_challenge
        self.unknown_key: type[Exception] = errors.InvalidKeyIdError
        wrong = (ValueError, TypeError, KeyError, AttributeError, RecursionError)  # what is not even a token
        self.unsound: tuple[type[Exception], ...] = (errors.JoseError, *wrong)


def made(config: OidcConfig) -> Provider | None:
    """The provider of the configuration, where there is one. Raises BadConfig, ExtraMissing."""
    return None if config.issuer is None else Provider(config)


def _secret(config: OidcConfig) -> str:
    """The secret that Mem shows to the provider. Raises BadConfig when its file cannot be read."""
    if config.client_secret_file is None:
        return config.client_secret or ""
    try:
        found = config.client_secret_file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"api.oidc.client_secret_file cannot be read: {type(error).__name__}.") from None
    if not found:
        raise BadConfig("api.oidc.client_secret_file is empty.")
    return found


def _described(answer: Mapping[str, Any], issuer: str) -> _Addresses:
    if answer.get("issuer") != issuer:
        raise ProviderFailed(
            f"The provider calls itself {str(answer.get('issuer'))[:200]!r}, not {issuer!r}.",
            hint="Set api.oidc.issuer to the name that the provider calls itself, letter by letter.",
        )
    found = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        address = answer.get(name)
        if not isinstance(address, str) or not _usable(address):
            raise ProviderFailed(f"The provider's description has no {name} that can be asked safely.")
        found[name] = address
    ways = answer.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return _Addresses(
        authorize=found["authorization_endpoint"],
        token=found["token_endpoint"],
        keys=found["jwks_uri"],
        by_header="client_secret_basic" in ways or "client_secret_post" not in ways,
        names_itself=answer.get("authorization_response_iss_parameter_supported") is True,
    )


def _usable(address: str) -> bool:
    try:
        return is_sheltered(address)
    except ValueError:  # a bracket that is never closed, among others
        return False


async def _read(answer: "httpx.Response") -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():  # not unpacked: it was asked for as it is
        body += piece
        if len(body) > _MOST_BYTES:
            raise ProviderFailed(f"The provider answered more than {_MOST_BYTES:,} bytes.")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderFailed("The provider answered what is no JSON object.")
    return found


def _reason(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    return f" ({error[:60]})" if isinstance(error, str) and error.isidentifier() else ""


def _kind(error: Exception) -> str:
    """Which check failed, without anything of what was checked."""
    claim = getattr(error, "claim", None)
    return f"{type(error).__name__} {claim}" if claim else type(error).__name__
