"""What the tests of the page share: waiting, reading, and places of the story worth looking at."""

import time

PHONE = {"width": 390, "height": 844}
TALK = "/?at=2026-11-20T13:05:07.000Z&source=4"
DESK = "/?at=2026-11-20T12:20:07.000Z&source=2"


def text(page, selector):
    """The words that can be seen in an element."""
    return page.locator(selector).inner_text()


def settled(page, script):
    """Wait until the script's expression holds; the page's own policy forbids the driver's way to wait."""
    deadline = time.monotonic() + 40
    while not page.evaluate(script):
        assert time.monotonic() < deadline, f"not within 40 s: {script}"
        page.wait_for_timeout(30)


def talk(page):
    """Open the talk and wait until its word is underlined."""
    page.goto(TALK)
    page.locator(".spoken").wait_for()
