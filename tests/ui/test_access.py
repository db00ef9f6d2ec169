"""Everybody can use the page: names, contrast, room on any screen; and no content ever runs as code."""

import pytest

from tests.ui.checks import FAINT, STUCK, UNNAMED
from tests.ui.looking import DESK, TALK, settled
from tests.ui.story import afternoon

SCREENS = {
    "day": TALK,
    "range": f"{DESK}&range=2026-11-20T12:10:00.000Z/2026-11-20T12:30:00.000Z",
    "asking": "/?screen=search",
    "search": "/?screen=search&q=northwind",
    "none": "/?screen=search&q=zebra",
    "intake": "/?screen=intake",
    "system": "/?screen=system",
}
PAYLOADS = (
    "<img src=x onerror=window.ran=1>",
    "<script>window.ran=1</script>",
    "\"><svg onload=window.ran=1>",
    "javascript:window.ran=1",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "</title><iframe srcdoc='<script>parent.ran=1</script>'>",
    "\u202egpj.exe\u202c \u0000 \ud83d\ude00 e\u0301",
)  # fmt: skip


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_everything_has_a_name_and_can_be_read(page, screen, look):
    page.emulate_media(color_scheme=look)
    page.goto(SCREENS[screen])
    page.locator("main > section:not([hidden]) h1:visible").first.wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize(
    "viewport",
    [{"width": 360, "height": 740}, {"width": 1024, "height": 700}, {"width": 3840, "height": 2160}],
)
def test_every_screen_fits_from_a_phone_to_4k(page, viewport):
    for screen, address in SCREENS.items():
        page.goto(address)
        page.locator("main > section:not([hidden]) h1:visible").first.wait_for()
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], screen
        stuck = page.evaluate(STUCK)
        assert stuck == [], screen


class TestContentThatLooksLikeCode:
    @pytest.fixture
    def story(self):
        story = afternoon()
        for number, text in enumerate(PAYLOADS):
            source = story.sources[number % len(story.sources) + 1]
            source.update(name=text, location=text if number % 2 else None, time_evidence=text)
            story.note(4, 65 + number / 10, text, "tag")
            story.segments[number]["text"] = text
            story.screen[number]["text"] = text
            story.job(text, "failed", error_code="not_media", error_detail=text)
            story.token(text, ["read"])
        return story

    def test_never_runs(self, page):
        for address in SCREENS.values():
            page.goto(address)
            page.locator("main > section:not([hidden]) h1:visible").first.wait_for()
            page.wait_for_timeout(200)
            assert page.evaluate("window.ran") is None
            assert page.locator("iframe, main script, svg[onload]").count() == 0
        page.goto(f"/?screen=search&q={'%3Cimg src=x onerror=window.ran=1%3E'}")
        page.wait_for_timeout(300)
        assert page.evaluate("window.ran") is None


def test_playing_and_zooming_do_not_move_for_those_who_asked_for_rest(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    page.get_by_role("button", name="Hour", exact=True).click()
    settled(page, "new URLSearchParams(location.search).get('zoom') === '3600'")
    moving = page.evaluate("document.getAnimations().filter((each) => each.playState === 'running').length")
    assert moving == 0
