"""What is not to be seen: parts of a picture covered for good, and times when nothing is taken in."""

import pytest

from tests.ui.looking import DESK, PHONE, settled, talk, text

REGION = "document.querySelector('.cover-box').getAttribute('aria-label')"


def framed(page):
    """Open the frame over the picture of the talk."""
    talk(page)
    page.locator(".picture img[data-full]").wait_for()
    page.keyboard.press("x")
    page.locator(".cover-box").wait_for()


def test_a_region_is_dragged_counted_and_covered(page, server):
    framed(page)
    before = page.locator(".picture img").get_attribute("src")
    area = page.locator(".cover-area").bounding_box()
    page.mouse.move(area["x"] + area["width"] * 0.1, area["y"] + area["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.35, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Go on…").click()
    dialog = page.get_by_role("dialog", name="Cover this for good?")
    dialog.get_by_text("1 picture is covered").wait_for()
    assert "the original that Mem keeps goes" in dialog.inner_text()
    dialog.get_by_role("button", name="Cover 1 picture").click()
    dialog.wait_for(state="detached")
    (asked,) = server.story.covered
    assert asked["region"] == pytest.approx([0.1, 0.1, 0.5, 0.25], abs=0.005)
    span = next(
        s
        for s in server.story.spans
        if s["source_id"] == 4 and s["start"] <= "2026-11-20T13:05:07" < s["end"]
    )
    assert (asked["from"], asked["to"], asked["source"]) == (span["start"], span["end"], 4)
    settled(page, f"document.querySelector('.picture img[data-full]')?.getAttribute('src') !== '{before}'")
    page.locator(".picture img[src*='version=ffff']").wait_for()


def test_the_frame_is_moved_and_sized_by_keys_and_left_by_escape(page, server):
    framed(page)
    first = page.evaluate(REGION)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate(REGION) == first.replace("35.0% 35.0%", "37.0% 35.0%").replace("× 30.0%", "× 32.0%")
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Cover this for good?").get_by_role("button", name="Leave it").click()
    page.locator(".cover").wait_for(state="detached")
    page.keyboard.press("x")
    page.locator(".cover-box").press("Escape")
    page.locator(".cover").wait_for(state="detached")
    assert server.story.covered == []
    assert page.evaluate("document.activeElement.textContent") == "Cover"


def test_whole_pictures_of_the_chosen_range_become_black(page, server):
    page.goto(f"{DESK}&range=2026-11-20T12:18:00.000Z/2026-11-20T12:25:00.000Z")
    page.locator(".picture img[data-full]").wait_for()
    page.keyboard.press("x")
    page.get_by_role("button", name="Whole picture").click()
    dialog = page.get_by_role("dialog", name="Make these pictures black?")
    dialog.get_by_label("In the chosen range").check()
    dialog.get_by_text("what was said then is forgotten").wait_for()
    dialog.get_by_role("button", name="Cover").click()
    dialog.wait_for(state="detached")
    asked = server.story.covered[0]
    assert (asked["region"], asked["from"][11:19], asked["to"][11:19]) == (None, "12:18:00", "12:25:00")


class TestOnAPhone:
    @pytest.fixture
    def viewport(self):
        return PHONE

    def test_covering_fits_and_can_be_reached(self, page):
        talk(page)
        page.locator(".picture img[data-full]").wait_for()
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("button", name="Cover", exact=True).click()
        page.get_by_role("button", name="Go on…").click()
        page.get_by_role("dialog").get_by_text("1 picture is covered").wait_for()
        assert (
            page.evaluate("document.querySelector('dialog').getBoundingClientRect().right") <= PHONE["width"]
        )


def test_taking_in_pauses_for_an_hour_and_goes_on(page, server):
    page.goto("/?screen=intake")
    page.get_by_text("Mem takes in what comes.").wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="For an hour").click()
    page.get_by_text("Nothing is taken in until").wait_for()
    assert server.story.pause["until"].endswith("Z")
    page.goto("/")
    mark = page.get_by_role("link", name="Paused")
    mark.click()
    page.get_by_role("button", name="Go on now").click()
    page.get_by_text("Mem takes in what comes.").wait_for()
    assert server.story.pause == {}
    assert mark.is_hidden()


def test_a_pause_without_an_end_says_so(page):
    page.goto("/?screen=intake")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Until I go on").click()
    page.get_by_text("Nothing is taken in until somebody goes on.").wait_for()
    assert "Files that come meanwhile are refused" in text(page, ".pausing")
