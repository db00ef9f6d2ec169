"""axe-core finds nothing to complain of on any screen, light or dark, wide or narrow."""

from importlib import resources

import pytest

from tests.ui.looking import DESK, PHONE, TALK
from tests.ui.story import Story

AXE = resources.files("axe_playwright_python") / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# name: address, what is waited for, a key that is pressed then, what is waited for after it
SCREENS = {
    "day": (TALK, ".spoken", "", ""),
    "range": (
        f"{DESK}&range=2026-11-20T12:10:00.000Z/2026-11-20T12:30:00.000Z",
        ".legend span",
        "t",
        ".marked",
    ),
    "cover": (TALK, ".picture img[data-full]", "x", ".cover-box"),
    "keys": (TALK, ".spoken", "?", "dialog"),
    "asking": ("/?screen=search", ".examples", "", ""),
    "search": ("/?screen=search&q=northwind", ".moments mark", "", ""),
    "none": ("/?screen=search&q=zebra", ".search-foot .none", "", ""),
    "intake": ("/?screen=intake", "#doubts li", "", ""),
    "system": ("/?screen=system", "#storage .pace", "", ""),
    "nothing": ("/?at=2026-11-20T23:00:00.000Z", "#day .empty h1", "", ""),
}


def complaints(page) -> list[str]:
    """What axe finds: its rule, what it is about, and where."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("(rules) => axe.run({ runOnly: rules }).then((found) => found.violations)", RULES)
    return [f"{one['id']}: {one['help']}: {node['html'][:150]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_clean(page, screen, look):
    address, waited, key, then = SCREENS[screen]
    page.emulate_media(color_scheme=look)
    page.goto(address)
    page.locator(waited).first.wait_for()
    if key:
        page.keyboard.press(key)
        page.locator(then).first.wait_for()
    assert complaints(page) == []


class TestOnAPhone:
    @pytest.fixture
    def viewport(self):
        return PHONE

    @pytest.mark.parametrize("screen", ["day", "search", "intake", "system"])
    def test_a_screen_is_clean(self, page, screen):
        page.goto(SCREENS[screen][0])
        page.locator(SCREENS[screen][1]).first.wait_for()
        assert complaints(page) == []


class TestAnEmptyMemory:
    @pytest.fixture
    def story(self):
        return Story()

    def test_is_clean(self, page):
        page.goto("/")
        page.get_by_text("Drop a recording anywhere").wait_for()
        assert complaints(page) == []
