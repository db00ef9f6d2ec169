"""Signing in through an OpenID Connect provider: whom it names is let in, and nothing else is believed."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from mem import config as mem_config
from mem.api import posture, signing
from mem.api.access import COOKIE
from mem.errors import BadConfig
from mem.memory import open_memory
from mem.ops import tokens

from .access import bearer, far, secret
from .conftest import KEY
from .seed import Seed
from .test_problems import check

pytest.importorskip("authlib", reason="the extra `oidc` is not installed")
oidc = pytest.importorskip("tests.oidc")

SITE = {"Origin": "http://127.0.0.1:8000"}
OWNER = bearer(KEY)


def returned(browser: TestClient) -> dict[str, str]:
    """Go to the provider, and what it sends the browser back with."""
    answer = browser.post("/api/session/provider", headers=SITE)
    assert answer.status_code == 200, answer.text
    sent = httpx.get(answer.json()["url"], follow_redirects=False)
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


def sign_in(browser: TestClient, **changed: str | None) -> httpx.Response:
    body = {**returned(browser), **changed}
    return browser.post("/api/session/provider/return", json=body, headers=SITE)


def test_whom_the_provider_names_is_let_in_with_what_the_rule_says(serve, provider):
    browser = far(serve({"claim": "groups", "values": ["staff"], "scopes": ["read", "write"]}).app)
    check(browser.get("/api/jobs"), 401, "token_required")
    answer = sign_in(browser)
    told = answer.json()
    assert (told["name"], told["scopes"]) == ("ann@example.org by Example", ["read", "write"])
    (session,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}=mem_")]
    assert "HttpOnly" in session
    assert "samesite=strict" in session.lower()
    assert list(browser.cookies) == [COOKIE]
    assert browser.get("/api/jobs").status_code == 200
    check(browser.post("/api/delete", json={}, headers=SITE), 403, "insufficient_scope")
    assert browser.get("/api/session").json()["provider"] == "Example"


def test_the_question_holds_a_proof_and_never_the_secret(serve, provider):
    answer = far(serve().app).post("/api/session/provider", headers=SITE)
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["url"]).query).items()}
    assert set(query) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["redirect_uri"] == "http://127.0.0.1:8000/oidc"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


def test_a_rule_limits_to_sources(serve):
    client = serve({"claim": "sub", "values": ["u-1"], "sources": [2]})
    for _ in range(2):
        Seed(client.app.state.memory).source()
    browser = far(client.app)
    assert sign_in(browser).json()["limits"]["source_ids"] == [2]
    assert [one["id"] for one in browser.get("/api/sources").json()["sources"]] == [2]


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"email_verified": False}, {"claim": "email", "values": ["ann@example.org"]}),
        ({"email_verified": None}, {"claim": "email", "values": ["ann@example.org"]}),
        ({"email": "eve@example.org"}, {"claim": "email", "values": ["ann@example.org"]}),
        ({"groups": ["guests"]}, {"claim": "groups", "values": ["family"]}),
        ({"groups": {"family": True}}, {"claim": "groups", "values": ["family"]}),
        ({"groups": None}, {"claim": "groups", "values": ["None"]}),
    ],
)
def test_who_fits_no_rule_stays_out(serve, provider, claims, rule):
    browser = far(serve(rule).app)
    provider.claims |= claims
    check(sign_in(browser), 403, "not_let_in")
    assert COOKIE not in browser.cookies
    check(browser.get("/api/jobs"), 401, "token_required")


HOUR = 3600
LIES = {
    "no signature": ({}, {"alg": "none"}),
    "the public key taken for a shared secret": ({}, {"alg": "HS256"}),
    "another provider": ({"iss": "https://evil.example"}, {}),
    "another client": ({"aud": "other"}, {}),
    "several clients and no party": ({"aud": ["mem", "other"]}, {}),
    "another party": ({"aud": ["mem", "other"], "azp": "other"}, {}),
    "another sign-in": ({"nonce": "other"}, {}),
    "a list of sign-ins": ({"nonce": ["other"]}, {}),
    "no sign-in": ({"nonce": None}, {}),
    "nobody": ({"sub": None}, {}),
    "expired": ({"exp": time.time() - 61}, {}),
    "without end": ({"exp": None}, {}),
    "an end that is no time": ({"exp": "soon"}, {}),
    "from the future": ({"iat": time.time() + HOUR}, {}),
    "not yet": ({"nbf": time.time() + HOUR}, {}),
    "an unknown key": ({}, {"kid": "third"}),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_hold_is_not_believed(serve, provider, lie):
    provider.wrong, provider.header = LIES[lie]
    browser = far(serve().app)
    check(sign_in(browser), 403, "bad_identity")
    assert COOKIE not in browser.cookies


def test_a_token_that_was_changed_is_not_believed(serve, provider):
    provider.tampered = True
    check(sign_in(far(serve({"claim": "email", "values": ["eve@example.org"]}).app)), 403, "bad_identity")


@pytest.mark.parametrize("late", [-30, 30])
def test_clocks_may_differ_by_a_minute(serve, provider, late):
    now = time.time()
    provider.wrong = {"iat": now + late, "exp": now + late + 20}
    assert sign_in(far(serve().app)).status_code == 200


def test_a_new_key_is_fetched_once_it_is_used(serve, provider):
    client = serve()
    assert sign_in(far(client.app)).status_code == 200
    provider.signs, provider.shows = "second", ["second"]
    assert sign_in(far(client.app)).status_code == 200
    assert sign_in(far(client.app)).status_code == 200
    assert provider.asked.count("/keys") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    provider.signs = "first"  # which it no longer tells of
    check(sign_in(far(client.app)), 403, "bad_identity")


def test_what_came_back_is_good_once(serve):
    browser = far(serve().app)
    body = returned(browser)
    cookies = dict(browser.cookies)
    assert browser.post("/api/session/provider/return", json=body, headers=SITE).status_code == 200
    again = far(browser.app, Cookie="; ".join(f"{name}={value}" for name, value in cookies.items()))
    check(again.post("/api/session/provider/return", json=body, headers=SITE), 400, "sign_in_spent")


def test_another_browser_cannot_end_what_one_began(serve):
    client = serve()
    browser, other = far(client.app), far(client.app)
    body = returned(browser)
    returned(other)  # has a cookie of its own
    for one in (other, far(client.app)):
        check(one.post("/api/session/provider/return", json=body, headers=SITE), 400, "sign_in_spent")
    assert browser.post("/api/session/provider/return", json=body, headers=SITE).status_code == 200


def test_who_comes_back_after_ten_minutes_begins_anew(serve, monkeypatch):
    browser = far(serve().app)
    body = returned(browser)
    late = time.time() + 601
    monkeypatch.setattr(signing.time, "time", lambda: late)
    check(browser.post("/api/session/provider/return", json=body, headers=SITE), 400, "sign_in_spent")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"state": "A" * 43}, 400, "sign_in_spent"),
        ({"code": "other"}, 400, "sign_in_spent"),
        ({"iss": "https://evil.example"}, 403, "bad_identity"),
        ({"iss": None}, 403, "bad_identity"),
        ({"code": None}, 403, "sign_in_denied"),
        ({"error": "access_denied"}, 403, "sign_in_denied"),
        ({"state": "\u00e9"}, 422, "invalid"),
    ],
)
def test_what_the_provider_did_not_send_is_refused(serve, changed, status, code):
    check(sign_in(far(serve().app), **changed), status, code)


def test_who_is_refused_there_is_told_so(serve, provider):
    provider.refuses = "access_denied"
    assert "access_denied" in check(sign_in(far(serve().app)), 403, "sign_in_denied")["detail"]


def test_a_page_of_another_site_can_neither_begin_nor_end(serve):
    browser = far(serve().app)
    for path in ("/api/session/provider", "/api/session/provider/return"):
        check(browser.post(path, json={}, headers={"Origin": "https://evil.example"}), 403, "foreign_origin")


def test_wrong_answers_are_counted_as_wrong_tokens_are(serve):
    browser = far(serve(**{"api.rate.failures": "2/hour"}).app)
    body = {"state": "A" * 43, "code": "x"}
    answers = [browser.post("/api/session/provider/return", json=body, headers=SITE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]


def test_while_the_provider_is_away_all_else_works(serve, provider):
    client = serve()
    provider.shutdown()
    provider.server_close()
    browser = far(client.app)
    check(browser.post("/api/session/provider", headers=SITE), 503, "provider_away")
    text = secret(client.app.state.memory, "read")
    client.app.state.access.load()
    assert far(client.app, **bearer(text)).get("/api/jobs").status_code == 200
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://[::1"},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_asked(serve, provider, said):
    provider.description = said
    check(far(serve().app).post("/api/session/provider", headers=SITE), 502, "provider_failed")


def test_a_provider_that_breaks_is_told_of(serve, provider):
    browser = far(serve().app)
    body = returned(browser)
    provider.status = 500
    check(browser.post("/api/session/provider/return", json=body, headers=SITE), 502, "provider_failed")


def test_a_wrong_secret_is_told_to_whoever_set_it(serve, provider):
    browser = far(serve(**{"api.oidc.client_secret": "wrong"}).app)
    assert "invalid_client" in check(sign_in(browser), 502, "provider_failed")["detail"]


def test_the_secret_goes_in_the_body_where_the_provider_wants_it_there(serve, provider):
    provider.description = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert sign_in(far(serve().app)).status_code == 200


def test_whoever_is_on_this_machine_must_sign_in_too(serve):
    client = serve()
    check(client.get("/api/jobs"), 401, "token_required")
    assert client.get("/api/jobs", headers=OWNER).status_code == 200


def test_sessions_end_when_their_rule_does(serve):
    rules = [{"claim": "email", "values": ["bob@example.org"]}, {"claim": "sub", "values": ["u-1"]}]
    browser = far(serve(*rules).app)
    sign_in(browser)
    cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    assert far(serve(*reversed(rules)).app, **cookie).get("/api/jobs").status_code == 200
    check(far(serve(rules[0]).app, **cookie).get("/api/jobs"), 401, "token_required")


def test_signing_out_ends_the_session(serve):
    browser = far(serve().app)
    sign_in(browser)
    cookie = f"{COOKIE}={browser.cookies[COOKIE]}"
    assert browser.delete("/api/session", headers=SITE).status_code == 204
    check(far(browser.app, Cookie=cookie).get("/api/jobs"), 401, "token_required")
    (session,) = tokens.listed(browser.app.state.memory)
    assert session.revoked_at


@pytest.mark.parametrize("name", ["issuer", "client_id", "client_secret", "allow"])
def test_half_of_it_does_not_start(tmp_path, provider, name):
    facts = oidc.settings(provider) | {f"api.oidc.{name}": None}
    with pytest.raises(BadConfig, match="oidc"):
        mem_config.load({"data_dir": str(tmp_path), **{k: v for k, v in facts.items() if v}}, environ={})


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.org"},
        {"issuer": "https://ann:pw@login.example.org"},
        {"client_secret_file": "/nothing"},
        {"provider_scopes": ["email"]},
        {"allow": [{"claim": "sub", "values": []}]},
        {"allow": [{"claim": "sub", "values": ["u"], "scopes": ["admin"], "sources": [1]}]},
    ],
)
def test_what_cannot_be_meant_does_not_start(tmp_path, provider, wrong):
    facts = oidc.settings(provider) | {f"api.oidc.{name}": value for name, value in wrong.items()}
    with pytest.raises(BadConfig) as told:
        mem_config.load({"data_dir": str(tmp_path), **facts}, environ={})
    assert "pw" not in str(told.value).split()


def test_the_secret_can_stand_in_a_file_or_the_environment(tmp_path, provider):
    file = tmp_path / "secret"
    facts = {**oidc.settings(provider), "data_dir": str(tmp_path / "data")}
    del facts["api.oidc.client_secret"]
    named = {"MEM_API__OIDC__CLIENT_SECRET": oidc.SECRET}
    assert signing.opened(mem_config.load(facts, environ=named).api.oidc).provider.secret == oidc.SECRET
    config = mem_config.load({**facts, "api.oidc.client_secret_file": str(file)}, environ={})
    with open_memory(config) as memory:
        for text in (None, " \n"):
            if text is not None:
                file.write_text(text)
            with pytest.raises(BadConfig, match="client_secret_file"):
                posture.check(config, memory)
        file.write_text(f"{oidc.SECRET}\n")
        posture.check(config, memory)
    assert signing.opened(config.api.oidc).provider.secret == oidc.SECRET


def test_others_may_reach_a_server_that_asks_who_they_are(tmp_path, provider):
    facts = {**oidc.settings(provider), "data_dir": str(tmp_path / "data"), "api.host": "0.0.0.0"}
    with open_memory(mem_config.load(facts, environ={})) as memory:
        posture.check(memory.config, memory)


def test_no_error_tells_the_secret(serve, provider, caplog):
    browser = far(serve(**{"api.oidc.client_secret": "canary-9d2"}).app)
    answer = sign_in(browser)
    assert answer.status_code == 502
    assert "canary-9d2" not in answer.text + caplog.text
