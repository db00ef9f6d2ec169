"""Makes the pictures of the page that stand in the documentation: `python -m tests.ui.pictures`.

The made-up memory of the tests, in a real Chromium, is opened at each screen, light, dark and on a phone,
checked as the tests check it (everything has a name, can be read, and fits), and then pictured into
docs/images. `--talk FILE` takes the pictures of the talk from a recording, in place of drawn ones.
"""

import argparse
import io
import shutil
from pathlib import Path
from typing import Any

import av
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.ui.checks import FAINT, STUCK, UNNAMED
from tests.ui.conftest import FLAGS
from tests.ui.fake import serving
from tests.ui.looking import DESK, PHONE, TALK
from tests.ui.story import Story, afternoon

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDE = {"width": 1440, "height": 900}
RANGE = "&range=2026-11-20T12:10:00.000Z/2026-11-20T12:30:00.000Z"
# name: address, look, window, what is waited for, a key that is pressed then
SHOTS: dict[str, tuple[str, str, dict[str, int], str, str]] = {
    "day-dark": (TALK, "dark", WIDE, ".spoken", ""),
    "day-light": (TALK, "light", WIDE, ".spoken", ""),
    "day-phone": (TALK, "dark", PHONE, ".spoken", ""),
    "text-light": (f"{DESK}{RANGE}", "light", WIDE, ".legend span", "t"),
    "cover-light": (TALK, "light", WIDE, ".picture img[data-full]", "x"),
    "search-dark": ("/?screen=search&q=northwind", "dark", WIDE, ".moments mark", ""),
    "search-light": ("/?screen=search&q=northwind", "light", WIDE, ".moments mark", ""),
    "search-phone": ("/?screen=search&q=northwind", "light", PHONE, ".moments mark", ""),
    "asking-light": ("/?screen=search", "light", WIDE, ".examples", ""),
    "intake-light": ("/?screen=intake", "light", WIDE, "#doubts li", ""),
    "intake-phone": ("/?screen=intake", "dark", PHONE, "#doubts li", ""),
    "system-dark": ("/?screen=system", "dark", WIDE, "#storage rect", ""),
    "system-light": ("/?screen=system", "light", WIDE, "#storage rect", ""),
    "system-phone": ("/?screen=system", "light", PHONE, "#storage rect", ""),
    "keys-light": (TALK, "light", WIDE, ".spoken", "?"),
}


def stills(path: Path, count: int = 40) -> list[Image.Image]:
    """Pictures of a recording, evenly spread."""
    with av.open(str(path)) as film:
        every = max(1, (film.streams.video[0].frames or 400) // count)
        return [frame.to_image() for n, frame in enumerate(film.decode(video=0)) if n % every == 0][:count]


def look(page: Page, name: str) -> None:
    """Hold the page to what the tests hold it to, and picture it."""
    wrong = [*page.evaluate(UNNAMED), *page.evaluate(FAINT), *page.evaluate(STUCK)]
    if wrong:
        raise AssertionError(f"{name}: {wrong}")
    held = io.BytesIO(page.screenshot())
    Image.open(held).save(FOLDER / f"{name}.webp", quality=80, method=6)


def take(browser: Any, story: Story) -> None:
    """Picture every screen."""
    with serving(story) as server:
        for name, (address, scheme, window, waited, key) in SHOTS.items():
            with browser.new_context(
                base_url=server.url, timezone_id="Europe/Berlin", viewport=window, color_scheme=scheme,
                reduced_motion="reduce", locale="en-GB", has_touch=window is PHONE,
            ) as context:  # fmt: skip
                page = context.new_page()
                page.goto(address)
                page.locator(waited).first.wait_for()
                if key:
                    page.keyboard.press(key)
                page.wait_for_timeout(1500)  # until the small pictures of the timeline have come
                look(page, name)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--talk", type=Path, help="a recording whose pictures the talk shows")
    given = parser.parse_args()
    story = afternoon()
    if given.talk:
        story.stills["talk"] = stills(given.talk)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        path = shutil.which("chromium") or driver.chromium.executable_path
        with driver.chromium.launch(executable_path=path, args=[*FLAGS]) as browser:
            take(browser, story)


if __name__ == "__main__":
    main()
