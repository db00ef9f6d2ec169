"""Errors of signing in through a provider."""

from mem.errors.asking import NotFound
from mem.errors.base import MemError


class NoProvider(NotFound):
    """Nobody signs in through a provider here."""

    code = "no_provider"
    hint = "Sign in with a token, or set api.oidc; see docs/security.md."


class ProviderAway(MemError):
    """The provider that people sign in with does not answer."""

    code, status, permanent = "provider_away", 503, False
    hint = "Try again in a moment. Tokens and `mem open` work without it."


class ProviderFailed(MemError):
    """The provider that people sign in with answered what cannot be used."""

    code, status = "provider_failed", 502
    hint = "Compare api.oidc with the client that the provider knows. Tokens and `mem open` work without it."


class SignInSpent(MemError):
    """This sign-in was not begun by this browser, took too long, or was used already."""

    code, status = "sign_in_spent", 400
    hint = "Begin to sign in again."


class SignInDenied(MemError):
    """The provider did not sign you in."""

    code, status = "sign_in_denied", 403
    hint = "Begin to sign in again."


class BadIdentity(SignInDenied):
    """What the provider says about who signs in cannot be believed."""

    code = "bad_identity"
    hint = "Begin to sign in again. When it stays so, compare the clocks, and api.oidc with the provider."


class NotLetIn(SignInDenied):
    """The provider knows you, and nothing lets you in here."""

    code = "not_let_in"
    hint = "Ask whoever runs this server: api.oidc.allow says who is let in."
