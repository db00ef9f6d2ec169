"""A provider that is hostile or broken, and sites beside this one: nobody is signed in by them."""

import gzip
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from .access import far
from .test_problems import check

pytest.importorskip("authlib", reason="the extra `oidc` is not installed")
oidc = pytest.importorskip("tests.oidc")

from .test_signing import sign_in  # noqa: E402


@pytest.mark.parametrize("by", ["jwk", "jku", "x5u", "kid"])
def test_a_token_does_not_say_itself_which_key_is_good(serve, provider, by):
    provider.signs = "second"  # which the provider does not tell of
    own = oidc.KEYS["second"].as_dict(private=False)
    provider.header = {"kid": "first"} | {by: own if by == "jwk" else f"{provider.url}/mine"}
    check(sign_in(far(serve().app)), 403, "bad_identity")
    assert "/mine" not in provider.asked


ANSWERS = {
    "more than can be meant": (b"200 OK", b" " * 2**21),
    "much in little": (b"200 OK\r\nContent-Encoding: gzip", gzip.compress(b"[" * 2**24)),
    "a list": (b"200 OK", b"[]"),
    "nothing": (b"200 OK", b""),
    "nested without end": (b"200 OK", b'{"a":' * 100_000),
    "another address": (b"307 Temporary Redirect\r\nLocation: /mine", b""),
    "a page": (b"200 OK\r\nContent-Type: text/html", b"<script>alert(1)</script>"),
}


@pytest.mark.parametrize("said", ANSWERS)
def test_what_a_provider_must_not_answer_is_told_of(serve, provider, said):
    head, body = ANSWERS[said]
    provider.raw = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    provider.held.set()
    answer = sign_in(far(serve().app))
    check(answer, 502, "provider_failed")
    assert "script" not in answer.text
    assert "/mine" not in provider.asked


def test_a_provider_that_never_comes_to_the_end_is_given_up(serve, provider):
    provider.raw = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    check(sign_in(far(serve(**{"api.oidc.timeout_seconds": 0.3}).app)), 503, "provider_away")


def test_over_https_a_sign_in_that_a_neighbour_host_planted_is_not_ended(serve):
    """Else a site beside this one could sign visitors in as somebody else."""
    given = {"api.trusted_proxies": ["10.0.0.0/8"], "api.allowed_hosts": ["mem.example.org"]}
    app = serve(**given).app
    come = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    site = {"Origin": "https://mem.example.org"}
    browser = TestClient(app, base_url="http://mem.example.org", client=("10.0.0.2", 5), headers=come)
    begun = browser.post("/api/session/provider", headers=site)
    value = begun.headers["set-cookie"].partition("=")[2].partition(";")[0]
    sent = httpx.get(begun.json()["url"], follow_redirects=False)
    back = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    browser.cookies.clear()
    for name, status in (("mem_signin", 400), ("__Host-mem_signin", 200)):
        headers = site | {"Cookie": f"{name}={value}"}
        answer = browser.post("/api/session/provider/return", json=back, headers=headers)
        assert answer.status_code == status, answer.text
