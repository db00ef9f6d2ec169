"""Errors of who asks, and from where."""

from mem.errors.base import MemError


class SetupRequired(MemError):
    """Without tokens Mem answers only callers on its own machine."""

    code, status = "setup_required", 403
    hint = "Ask from the machine that runs Mem, through its loopback address and without a proxy."


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
