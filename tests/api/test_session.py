"""Signing in with a browser: a link that works once, or a token; a cookie that no other site can use."""

import sys

import pytest
from starlette.testclient import TestClient

from mem.api import signing
from mem.api.access import COOKIE, SAFE_COOKIE
from mem.config.signing import Allowed, OidcConfig
from mem.errors import ExtraMissing
from mem.ops import tokens

from .access import bearer, far, secret
from .conftest import local_client
from .test_problems import check

SITE = {"Origin": "http://127.0.0.1:8000"}


@pytest.fixture
def text(client, memory) -> str:
    """A token, so that the server asks for one."""
    made = secret(memory, "read", "write", name="parent")
    client.app.state.access.load()
    return made


def code(client, owner) -> str:
    return client.post("/api/session/link", headers=owner).json()["path"].removeprefix("/#open=")


def test_a_link_signs_in_once(client, owner, text):
    browser = far(client.app)
    word = code(client, owner)
    answer = browser.post("/api/session", json={"code": word}, headers=SITE)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=mem_")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Secure" not in cookie
    assert browser.get("/api/jobs").status_code == 200
    assert browser.get("/api/tokens").status_code == 200
    check(far(client.app).post("/api/session", json={"code": word}, headers=SITE), 401, "bad_token")


def test_a_link_is_good_for_a_minute(client, owner, text, monkeypatch):
    word = code(client, owner)
    later = client.app.state.access
    later._codes = {known: end - 61 for known, end in later._codes.items()}
    check(far(client.app).post("/api/session", json={"code": word}), 401, "bad_token")


def test_a_session_may_what_its_token_may_and_ends_with_it(client, owner, text):
    browser = far(client.app)
    assert browser.post("/api/session", json={"token": text}, headers=SITE).status_code == 200
    told = browser.get("/api/session").json()
    assert (told["scopes"], told["signed_in"], told["required"]) == (["read", "write"], True, False)
    check(browser.get("/api/tokens"), 403, "insufficient_scope")
    client.delete("/api/tokens/parent", headers=owner)
    check(browser.get("/api/jobs"), 401, "token_required")


def test_signing_out_ends_the_session_for_good(client, owner, text, memory):
    browser = far(client.app)
    browser.post("/api/session", json={"token": text}, headers=SITE)
    cookie = browser.cookies[COOKIE]
    assert browser.delete("/api/session", headers=SITE).status_code == 204
    assert COOKIE not in browser.cookies
    check(far(client.app, Cookie=f"{COOKIE}={cookie}").get("/api/jobs"), 401, "token_required")
    assert [token.kind for token in tokens.listed(memory) if token.revoked_at] == ["session"]


def test_a_session_can_be_listed_and_revoked_as_a_token(client, owner, text):
    browser = far(client.app)
    browser.post("/api/session", json={"token": text}, headers=SITE)
    rows = client.get("/api/tokens", headers=owner).json()["tokens"]
    (session,) = [row for row in rows if row["kind"] == "session"]
    assert session["expires_at"]
    assert client.delete(f"/api/tokens/{session['id']}", headers=owner).status_code == 200
    assert browser.get("/api/jobs").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SITE, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({**SITE, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_cookie_alone_changes_nothing(client, text, headers, status):
    browser = far(client.app)
    browser.post("/api/session", json={"token": text}, headers=SITE)
    body = {"start": "2026-11-20T12:00:00Z", "text": "x"}
    assert browser.post("/api/notes", json=body, headers=headers).status_code == status


@pytest.fixture
def proxied(memory):
    """A browser elsewhere that came by https and a proxy of ours, and a token."""
    given = {"trusted_proxies": ("10.0.0.0/8",), "allowed_hosts": ("mem.example.org",)}
    api = memory.config.api.model_copy(update=given)
    object.__setattr__(memory, "config", memory.config.model_copy(update={"api": api}))
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    text = secret(memory, "read", "write")
    with local_client(memory) as client:
        yield (
            TestClient(
                client.app, base_url="http://mem.example.org", client=("10.0.0.2", 5), headers=headers
            ),
            text,
        )


SECURE_SITE = {"Origin": "https://mem.example.org"}


def test_a_cookie_is_secure_where_the_browser_came_by_https(proxied):
    browser, text = proxied
    answer = browser.post("/api/session", json={"token": text}, headers=SECURE_SITE)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SAFE_COOKIE}=")
    assert "Secure" in cookie
    assert answer.headers["strict-transport-security"]


def test_over_https_a_cookie_counts_only_under_the_name_that_no_neighbour_can_set(proxied):
    browser, text = proxied
    answer = browser.post("/api/session", json={"token": text}, headers=SECURE_SITE)
    value = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    browser.cookies.clear()
    check(browser.get("/api/jobs", headers={"Cookie": f"{COOKIE}={value}"}), 401, "token_required")
    assert browser.get("/api/jobs", headers={"Cookie": f"{SAFE_COOKIE}={value}"}).status_code == 200


def test_over_https_a_page_that_came_without_is_another_site(proxied):
    browser, text = proxied
    headers = {**bearer(text), "Origin": "http://mem.example.org"}
    note = {"start": "2026-11-20T12:00:00Z", "text": "x"}
    check(browser.post("/api/notes", json=note, headers=headers), 403, "foreign_origin")
    assert browser.post("/api/notes", json=note, headers=headers | SECURE_SITE).status_code == 201


def test_a_token_is_no_cookie_and_rubbish_is_no_session(client, text):
    for value in (text, "rubbish", "mem_", '"'):
        check(far(client.app, Cookie=f"{COOKIE}={value}").get("/api/jobs"), 401, "token_required")
    assert far(client.app, **bearer(text)).get("/api/jobs").status_code == 200


def test_whoever_is_not_signed_in_hears_so_and_sees_the_page(client, text):
    browser = far(client.app)
    assert browser.get("/api/session").json()["required"] is True
    assert browser.get("/").status_code == 200
    assert browser.get("/web/signin.js").status_code == 200


def test_without_a_provider_nobody_signs_in_through_one(client):
    assert client.get("/api/session").json()["provider"] is None
    check(client.post("/api/session/provider"), 404, "no_provider")
    check(client.post("/api/session/provider/return", json={"state": "x"}), 404, "no_provider")


def test_a_provider_without_its_library_does_not_start(monkeypatch):
    monkeypatch.setitem(sys.modules, "authlib.oidc.core", None)
    allow = (Allowed(claim="sub", values=("u",)),)
    config = OidcConfig(issuer="https://login.example.org", client_id="a", client_secret="b", allow=allow)
    with pytest.raises(ExtraMissing) as told:
        signing.opened(config)
    assert "--extra oidc" in told.value.hint
