"""The page over the real server: a recording is dropped, followed, looked at and found."""

import pytest

from tests import recordings, servers


@pytest.fixture
def server(tmp_path):
    """A real `mem serve`, in place of the made-up one."""
    with servers.running(tmp_path / "data") as running:
        yield running


@pytest.mark.parametrize("screen", ["day", "search", "intake", "system"])
def test_a_caller_without_a_token_is_refused_nothing_that_the_page_asks(page, server, screen):
    wrong = []
    page.on(
        "response", lambda answer: wrong.append((answer.status, answer.url)) if answer.status >= 400 else None
    )
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    with page.expect_response("**/api/sources?*"):
        page.goto(f"/?screen={screen}")
    if screen == "system":
        page.get_by_text("Tokens are shown to whoever signed in").wait_for()
    page.locator("main > section:not([hidden])").first.wait_for()
    assert wrong == []


def test_a_recording_goes_in_through_the_page_and_is_found_there(page, server, tmp_path):
    page.set_default_timeout(60_000)
    recording = recordings.make(tmp_path / "2026-11-20_14-00-00 Evening.mp4")
    page.goto("/?screen=intake")
    page.locator("input[type=file]").set_input_files(recording)
    row = page.locator(".rows li", has_text=recording.name)
    row.get_by_text("Done").wait_for()
    row.get_by_role("button", name="Open").click()
    page.get_by_text("The invoice for the red bicycle arrived this morning.").wait_for()

    page.keyboard.press("/")
    page.keyboard.type("mountains")
    page.locator("mark", has_text="mountains").first.wait_for()
    page.goto("/?screen=system")
    page.get_by_text(recording.name).filter(visible=True).first.wait_for()
    source = server.get("/api/sources").json()["sources"][0]
    assert source["started_at"] == "2026-11-20T14:00:00.000Z"
    assert (source["time_source"], source["state"]) == ("filename", "ready")
