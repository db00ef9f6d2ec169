"""The page asks who is there only when the server does, and a one-time link answers it."""

import httpx
import pytest

from tests import servers


@pytest.fixture
def server(tmp_path):
    """A real `mem serve` that has a token."""
    with servers.running(tmp_path / "data") as running:
        headers = {"Authorization": f"Bearer {running.key}"}
        body = {"name": "reader", "scopes": ["read"]}
        made = httpx.post(f"{running.url}/api/tokens", json=body, headers=headers).json()
        running.secret = made["secret"]
        running.owner = headers
        yield running


def test_a_token_signs_in_and_out(page, server):
    page.goto("/")
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.wait_for()
    page.get_by_label("Token").fill("mem_wrong")
    dialog.get_by_role("button", name="Sign in").click()
    dialog.get_by_text("not one of this server's").wait_for()
    page.get_by_label("Token").fill(server.secret)
    page.evaluate("window.still = true")
    dialog.get_by_role("button", name="Sign in").click()
    page.get_by_text("Drop a recording anywhere").wait_for()
    assert page.evaluate("window.still")  # healed without loading the page again
    page.goto("/?screen=system")
    page.get_by_role("button", name="Sign out").wait_for()
    assert dialog.count() == 0
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    dialog.wait_for()


def test_a_one_time_link_signs_in_and_leaves_the_address(page, server):
    link = httpx.post(f"{server.url}/api/session/link", headers=server.owner).json()["path"]
    page.goto(link)
    page.wait_for_function("location.hash === ''")
    page.goto("/?screen=system")
    page.get_by_role("button", name="Sign out").wait_for()
    assert page.get_by_role("dialog", name="Sign in").count() == 0
