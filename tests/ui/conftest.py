"""A real Chromium on a made-up memory. Without one these tests are skipped, and say what they lack."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.fake import Fake, serving
from tests.ui.story import Story, afternoon

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, driven by Playwright."""
    api = pytest.importorskip(
        "playwright.sync_api",
        reason="THE PAGE IS NOT TESTED: there is no playwright (pip install playwright)",
    )
    with api.sync_playwright() as driver:
        found = next(
            (path for name in NAMES if (path := shutil.which(name))), driver.chromium.executable_path
        )
        if not Path(found).exists():
            pytest.skip("THE PAGE IS NOT TESTED: there is no Chromium (apt-get install chromium)")
        with driver.chromium.launch(executable_path=found, args=[*FLAGS]) as chromium:
            yield chromium


@pytest.fixture
def story() -> Story:
    """What the memory holds; a test may change it before the page opens."""
    return afternoon()


@pytest.fixture
def server(story: Story) -> Iterator[Fake]:
    """The fake, serving the page and the story."""
    with serving(story) as fake:
        yield fake


@pytest.fixture
def viewport() -> dict[str, int]:
    """The size of the window, in px; parametrize it to change it."""
    return {"width": 1440, "height": 900}


@pytest.fixture
def page(browser: Any, server: Fake, viewport: dict[str, int]) -> Iterator[Any]:
    """A page in Berlin; any error on its console fails the test, a server that was stopped aside."""
    with browser.new_context(
        base_url=server.url, timezone_id="Europe/Berlin", viewport=viewport, reduced_motion="reduce"
    ) as context:
        made = context.new_page()
        made.set_default_timeout(10_000)
        said: list[str] = []
        made.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        made.on("pageerror", lambda error: said.append(str(error)))
        yield made
    wrong = [text for text in said if "Failed to load resource" not in text]
    assert not wrong, wrong
