"""Errors of who asks, and from where."""

from mem.errors.base import MemError


class SetupRequired(MemError):
    """Without tokens Mem answers only callers on its own machine."""

    code, status = "setup_required", 403
    hint = (
        "Ask from the machine that runs Mem, through its loopback address and without a proxy; or make a "
        "token there: mem token create --name NAME --scope read"
    )


class BadKey(MemError):
    """That key is not the one of this server."""

    code, status = "bad_key", 401
    hint = "The key stands in server.json in the data directory and changes with every start."


class ForeignOrigin(MemError):
    """The request comes from a page of another site."""

    code, status = "foreign_origin", 403
    hint = "Use the page of this server itself, or a program that is no browser."


class WrongHost(MemError):
    """This server does not go by that name."""

    code, status = "wrong_host", 421
    hint = "Use http://127.0.0.1 or http://localhost with the port of the server."


class TokenRequired(MemError):
    """This server answers only who has a token."""

    code, status = "token_required", 401
    hint = "Send Authorization: Bearer mem_…, made by `mem token create`; in a browser, run `mem open`."


class BadToken(TokenRequired):
    """That token is not one of this server's."""

    code = "bad_token"
    hint = "Check that it was copied whole; `mem token list` says which there are."


class TokenExpired(BadToken):
    """That token has expired."""

    code = "token_expired"
    hint = "Make another with `mem token create`, or sign in again."


class TokenRevoked(BadToken):
    """That token was revoked."""

    code = "token_revoked"
    hint = "Make another with `mem token create`."


class NotAllowed(MemError):
    """The token does not allow that."""

    code, status = "insufficient_scope", 403
    hint = "`mem token create --scope` makes a token with the scope that is named."


class OutsideLimits(NotAllowed):
    """The token is limited to some sources or a time, and this reaches beyond them."""

    code = "outside_limits"
    hint = "Ask for what lies within its limits, or use a token without limits."


class UnlistedRoute(NotAllowed):
    """No scope is written down for this route, so nobody may use it."""

    code = "unlisted_route"
    hint = "Its entry is missing in mem/api/access_routes.py."


class TooManyRequests(MemError):
    """More requests came than this server answers."""

    code, status, permanent = "too_many_requests", 429, False
    retry_after = 1  # seconds
    hint = "Wait as long as Retry-After says. The limits are api.rate.*, and api.max_… for what lasts."


class HeaderTooLarge(MemError):
    """The request has more headers than this server reads."""

    code, status = "header_too_large", 431
    hint = "Leave out what is not needed; api.max_headers is the limit."
