"""The section about people who sign in through an OpenID Connect provider."""

import hashlib
import ipaddress
import json
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from mem.config.base import Section
from mem.types import TokenScope

_LIMITABLE = frozenset({"read", "write"})


def is_sheltered(address: str) -> bool:
    """Whether what is said to an address stays between the two: by https, or on this machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost" or host.endswith(".localhost")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and near))


def _issuer(value: object) -> object:
    if isinstance(value, str):
        parts = urlsplit(value)
        if not is_sheltered(value) or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("that is no issuer; write for example https://login.example.org")
    return value


Value = Annotated[str, Field(min_length=1, max_length=1000)]
SourceNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Allowed(Section):
    """Whom the provider's word lets in, by one claim, and to what."""

    claim: str = Field(min_length=1, max_length=200)
    values: tuple[Value, ...] = Field(min_length=1, max_length=1000)
    scopes: tuple[TokenScope, ...] = Field(("read",), min_length=1)
    sources: tuple[SourceNumber, ...] | None = Field(None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _can_be_limited(self) -> Self:
        if self.sources is not None and not _LIMITABLE.issuperset(self.scopes):
            raise ValueError("only the scopes read and write can be limited to sources")
        return self


class OidcConfig(Section):
    """Signing in through an OpenID Connect provider (extra `oidc`)."""

    issuer: Annotated[str | None, BeforeValidator(_issuer)] = Field(
        None,
        max_length=500,
        description="Address by which the provider calls itself, such as `https://login.example.org`; none: "
        "nobody signs in this way",
    )
    client_id: str | None = Field(
        None, min_length=1, max_length=500, description="What the provider calls Mem"
    )
    client_secret: str | None = Field(
        None, min_length=1, repr=False, description="The secret that the provider gave it"
    )
    client_secret_file: Path | None = Field(None, description="Or the file that holds it")
    name: str | None = Field(
        None, min_length=1, max_length=60, description="What the page calls the provider; none: its host"
    )
    provider_scopes: tuple[str, ...] = Field(
        ("openid", "email"), description="Scopes that the provider is asked for, such as groups"
    )
    allow: tuple[Allowed, ...] = Field(
        (),
        max_length=100,
        description="Who is let in: a list of `claim` and `values`, with `scopes` and optionally `sources` "
        "(ids); the first that fits counts; see security.md",
    )
    timeout_seconds: float = Field(
        10.0, gt=0, le=60, description="Seconds in which the provider must have answered a question"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Half of it would leave people before a door that opens to nobody, or to everybody."""
        if self.issuer is None:
            given = (self.client_id, self.client_secret, self.client_secret_file, self.name)
            if any(value is not None for value in given) or self.allow:
                raise ValueError("issuer is missing; without it nobody can sign in")
            return self
        if self.client_id is None:
            raise ValueError("client_id is missing: what the provider calls Mem")
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("give either client_secret or client_secret_file")
        if not self.allow:
            raise ValueError("allow is missing: a list of claim, values and scopes that says who is let in")
        if "openid" not in self.provider_scopes:
            raise ValueError("provider_scopes must hold openid, or the provider tells nobody's name")
        return self

    @property
    def shown(self) -> str | None:
        """What the page calls the provider; None where there is none."""
        return None if self.issuer is None else self.name or urlsplit(self.issuer).hostname

    def mark(self, rule: Allowed) -> str:
        """What sessions by this rule bear, so that they end when it is changed or taken away."""
        told = json.dumps([self.issuer, self.client_id, rule.model_dump(mode="json")])
        return f"oidc-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
