"""Tokens and callers for the tests of who may what."""

import itertools

from starlette.testclient import TestClient

from mem.memory import Memory
from mem.ops import tokens

FAR = "192.168.1.5"
_numbers = itertools.count(1)


def secret(memory: Memory, *scopes: str, name: str = "", **facts) -> str:
    """A new token's text."""
    name = name or f"token {next(_numbers)}"
    return tokens.create(memory, name=name, scopes=scopes or ("read",), **facts)[1]


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def far(app, **headers: str) -> TestClient:
    """A caller on another machine."""
    return TestClient(app, base_url="http://127.0.0.1:8000", client=(FAR, 5), headers=headers)
