"""People sign in at a provider of another site, and come back to the page as it was."""

import json

import pytest

from tests import servers

oidc = pytest.importorskip("tests.oidc", reason="the extra `oidc` is not installed")


@pytest.fixture
def provider():
    """A provider that is another site than the page: SameSite=Strict counts between them."""
    with oidc.running("localhost") as running:
        yield running


@pytest.fixture
def server(provider, tmp_path):
    """A real `mem serve` whose people sign in at the provider."""
    facts = {name.replace(".", "__"): value for name, value in oidc.settings(provider).items()}
    facts["api__oidc__allow"] = json.dumps(facts["api__oidc__allow"])
    running = servers.start(tmp_path / "data", **facts)
    yield running
    running.process.terminate()
    running.process.wait()


def test_who_signs_in_at_the_provider_comes_back_to_where_they_were(page, server, provider):
    page.goto(f"{server.url}/?screen=system")
    page.get_by_role("button", name="Sign in with Example").click()
    page.get_by_role("button", name="Sign out").wait_for()
    assert page.url == f"{server.url}/?screen=system"
    assert page.get_by_role("dialog", name="Sign in").count() == 0
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(server.url)}
    assert (cookies["mem_session"]["sameSite"], cookies["mem_session"]["httpOnly"]) == ("Strict", True)
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with Example").wait_for()


def test_who_is_not_let_in_is_told_so(page, server, provider):
    provider.claims["email"] = "eve@example.org"
    page.goto(server.url)
    page.get_by_role("button", name="Sign in with Example").click()
    page.get_by_text("nothing lets you in here").wait_for()
    assert page.url == f"{server.url}/"
