"""Time on the page: days of 23 and 25 hours, ten years and one second."""

import pytest

from tests.ui.looking import TALK, settled, text

ZOOM = "Number(new URLSearchParams(location.search).get('zoom'))"


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-11-20", 24)])
def test_a_day_is_as_long_as_its_clock_says(page, day, hours):
    page.goto(f"/?at={day}T11:00:00.000Z&zoom=3600")
    settled(page, f"document.querySelector('.date').textContent.includes('{int(day[-2:])} ')")
    page.get_by_role("button", name="Day", exact=True).click()
    settled(page, f"{ZOOM} === {hours * 3600}")


def test_the_hour_that_comes_twice_is_told_apart_in_utc(page):
    page.goto("/?at=2026-10-25T00:30:00.000Z&zoom=3600")
    page.get_by_role("heading", name="Nothing was recorded at 02:30:00").wait_for()
    assert page.locator(".empty time").get_attribute("title") == "2026-10-25 00:30:00 UTC"
    page.goto("/?at=2026-10-25T01:30:00.000Z&zoom=3600")
    page.get_by_role("heading", name="Nothing was recorded at 02:30:00").wait_for()
    assert page.locator(".empty time").get_attribute("title") == "2026-10-25 01:30:00 UTC"


def test_the_view_goes_from_ten_years_to_one_second(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.locator(".canvas").focus()
    for _ in range(40):
        page.keyboard.press("-")
    settled(page, f"{ZOOM} === {10 * 366 * 86400}")
    for _ in range(60):
        page.keyboard.press("+")
    settled(page, f"{ZOOM} === 1")
    assert text(page, ".day-head .now") == "14:05:07"
