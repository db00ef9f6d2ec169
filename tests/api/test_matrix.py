"""Every route asked with everything that a caller may show: each has its scope, and none is forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import APIRouter
from fastapi.routing import _IncludedRouter

from mem import config as mem_config
from mem import types
from mem.api.access_routes import TABLE, Need
from mem.memory import open_memory
from mem.ops import tokens
from mem.store import tokens as stored
from mem.types import Limits

from .access import bearer, far, secret
from .conftest import local_client
from .seed import NOON, Seed

SCOPES = ("read", "write", "capture", "admin", "metrics")
FAST = {f"api.rate.{name}": "1000000/second" for name in ("read", "search", "write", "failures")}
INSIDE = {"form": "txt", "path": "nothing.js", "which": "nothing"}


def _flat(routes) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, _IncludedRouter):
            for inner in route.effective_candidates():
                if isinstance(inner, _IncludedRouter):
                    yield from _flat([inner])
                else:
                    yield from ((method, inner.path) for method in inner.methods)
        elif getattr(route, "methods", None):
            yield from ((method, route.path) for method in route.methods)
        else:
            yield "GET", f"{route.path}/{{path:path}}"  # a folder of files


@dataclass
class Server:
    app: object
    client: object
    texts: dict[str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    facts = {"data_dir": str(tmp_path_factory.mktemp("matrix") / "data"), "storage.min_free_bytes": 0, **FAST}
    with open_memory(mem_config.load(facts, environ={})) as memory:
        source = Seed(memory).source()
        texts = {scope: secret(memory, scope) for scope in SCOPES}
        texts["sources"] = secret(
            memory, "read", "write", name="sources", limits=Limits(source_ids=(source.id,))
        )
        window = Limits(start=NOON - timedelta(days=9), end=NOON - timedelta(days=8))
        texts["window"] = secret(memory, "read", "write", name="window", limits=window)
        texts["revoked"] = secret(memory, "admin", name="revoked")
        tokens.revoke(memory, "revoked")
        texts["expired"] = secret(memory, "admin", name="expired")
        with memory.db.write() as w:
            stored.expire(w, tokens.find(memory, "expired").id, types.now())
        texts["malformed"] = texts["admin"][:-1] + ("A" if texts["admin"][-1] != "A" else "B")
        with local_client(memory) as client:
            yield Server(client.app, far(client.app), texts)


# What drops the tokens that no longer work comes last.
ROUTES = sorted(TABLE, key=lambda entry: (entry[1].endswith("/forget"), entry))


def ask(server: Server, method: str, route: str, who: str | None):
    path = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: INSIDE.get(m[1], "999999"), route)
    headers = bearer(server.texts[who]) if who else {}
    # A number that is none ends a stream before it begins.
    return server.client.request(method, path, headers={**headers, "Last-Event-ID": "none"})


def allowed(need: Need, who: str) -> bool:
    if who in ("sources", "window"):
        within = need.limited == "yes" or (need.limited == "sources" and who == "sources")
        return need.scopes <= {"read", "write"} and within
    return who == "admin" or need.scopes <= {who}


def test_every_route_is_written_down_and_nothing_else(server):
    there = {(method, route) for method, route in _flat(server.app.routes) if method != "HEAD"}
    heads = {(method, route) for method, route in _flat(server.app.routes) if method == "HEAD"}
    assert there - set(TABLE) == set()
    assert {("GET", route) for _, route in heads} <= set(TABLE)
    assert set(TABLE) - there == set()


def test_every_route_is_answered_to_whom_it_is_meant_for(server):
    wrong = {entry: found for entry in ROUTES if (found := wrongly_answered(server, *entry))}
    assert not wrong


def wrongly_answered(server, method, route):
    need = TABLE[method, route]
    wrong = {}
    for who in (None, "revoked", "expired", "malformed"):
        answer = ask(server, method, route, who)
        code = answer.headers.get("content-type") == "application/problem+json" and answer.json()["code"]
        wanted = {"revoked": "token_revoked", "expired": "token_expired", "malformed": "bad_token"}
        if who is None and not need.scopes:
            good = answer.status_code < 500 and code != "token_required"
        else:
            good = answer.status_code == 401 and code == wanted.get(who, "token_required")
        if not good:
            wrong[who] = (answer.status_code, answer.text)
    for who in (*SCOPES, "sources", "window"):
        answer = ask(server, method, route, who)
        if (answer.status_code not in (401, 403)) != allowed(need, who) or answer.status_code >= 500:
            wrong[who] = (answer.status_code, answer.text)
    return wrong


def test_a_scope_that_is_missing_is_named(server):
    answer = ask(server, "GET", "/api/notes", "capture")
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert "read" in answer.json()["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


def test_what_cannot_be_limited_is_refused_to_whoever_is(server):
    answer = ask(server, "GET", "/api/status", "sources")
    assert (answer.status_code, answer.json()["code"]) == (403, "outside_limits")


def test_a_route_that_is_not_written_down_is_refused_to_everybody(server):
    server.app.add_api_route("/new", lambda: "secret", methods=["GET"])
    try:
        assert server.client.get("/new").status_code == 401
        answer = server.client.get("/new", headers=bearer(server.texts["admin"]))
        assert (answer.status_code, answer.json()["code"]) == (403, "unlisted_route")
    finally:
        server.app.router.routes.pop()


def test_a_method_that_is_not_written_down_is_refused_to_everybody(server):
    router = APIRouter()
    router.add_api_route("/api/notes/{id}", lambda: "secret", methods=["PUT"])
    server.app.include_router(router)
    try:
        for who in ("admin", "metrics"):
            answer = server.client.put("/api/notes/1", headers=bearer(server.texts[who]))
            assert (answer.status_code, answer.json()["code"]) == (403, "unlisted_route")
    finally:
        server.app.router.routes.pop()
    assert server.client.put("/api/notes/1", headers=bearer(server.texts["admin"])).status_code == 405


def test_an_address_that_fits_two_routes_is_that_of_its_method(server):
    answer = server.client.delete("/api/tokens/forget", headers=bearer(server.texts["metrics"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_whether_an_address_exists_is_told_to_those_who_are_known(server):
    assert server.client.get("/api/nothing").status_code == 401
    assert server.client.get("/api/nothing", headers=bearer(server.texts["metrics"])).status_code == 404
