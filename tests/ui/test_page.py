"""The page in a real browser: each screen's main path, by mouse, by keyboard and on a phone."""

import random
import re
import time
from pathlib import Path

import pytest

from tests.ui.looking import PHONE, TALK, settled, text
from tests.ui.story import Story

OVERFLOW = """Math.max(...[...document.querySelectorAll('body, main > section, .bar, .timeline')]
    .map((each) => each.scrollWidth - each.clientWidth))"""
RIGHT = """Math.max(...[...document.querySelectorAll('.bar a, .timeline-bar button')]
    .map((each) => each.getBoundingClientRect().right))"""


def test_it_opens_at_the_last_recorded_day(page):
    page.goto("/")
    page.locator(".picture img[data-full]").wait_for()
    assert text(page, "#day h1") == "Front door"
    assert text(page, ".date") == "Friday, 20 November 2026"
    assert text(page, ".zone") == "Europe/Berlin"


def test_an_address_shows_the_picture_and_underlines_the_word_of_its_instant(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    assert text(page, ".day-head .now") == "14:05:07"
    line = page.locator(".said .current")
    start = line.locator(".spoken").get_attribute("data-at")
    assert int(start) <= 1795179907000 < int(start) + 320
    assert page.locator(".picture img").get_attribute("alt") == "Meetings at 14:05:07"


def test_a_time_says_itself_in_utc_when_pointed_at(page):
    page.goto(TALK)
    assert page.locator(".said time").first.get_attribute("title").endswith(" UTC")
    assert page.locator(".day-head .now").get_attribute("title").endswith("2026-11-20 13:05:07 UTC")


def test_arrows_go_from_frame_to_frame_and_the_address_follows(page):
    page.goto(TALK)
    page.locator(".picture img[data-full]").wait_for()
    first = page.locator(".picture img[data-full]").get_attribute("data-full")
    page.keyboard.press("ArrowRight")
    settled(page, f"document.querySelector('.picture img').dataset.full === '{int(first) + 1}'")
    settled(page, "!location.search.includes('13:05:07')")
    page.keyboard.press("ArrowLeft")
    settled(page, f"document.querySelector('.picture img').dataset.full === '{first}'")


def test_a_click_on_the_timeline_goes_there_and_a_drag_only_moves_it(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + 900, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 800, box["y"] + 60, steps=5)
    page.mouse.up()
    assert text(page, ".day-head .now") == "14:05:07"
    page.mouse.click(box["x"] + 700, box["y"] + 100)
    settled(page, "document.querySelector('#day h1').textContent === 'Front door'")
    assert text(page, ".day-head .now") != "14:05:07"


def test_wheel_keys_and_buttons_zoom(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    box = page.locator(".canvas").bounding_box()
    zoom = "Number(new URLSearchParams(location.search).get('zoom'))"
    settled(page, f"{zoom} > 0")
    before = page.evaluate(zoom)
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.wheel(0, -240)
    settled(page, f"{zoom} < {before}")
    page.get_by_role("button", name="Year").click()
    settled(page, f"{zoom} === 365 * 86400")
    page.locator(".canvas").focus()
    page.keyboard.press("+")
    settled(page, f"{zoom} < 365 * 86400")
    page.get_by_role("button", name="Day", exact=True).click()
    settled(page, f"{zoom} === 86400")


def test_a_date_can_be_jumped_to(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.locator(".date").click()
    page.get_by_label("Date and time").fill("2026-11-19T13:10:00")
    page.get_by_role("button", name="Go", exact=True).click()
    settled(page, "document.querySelector('.date').textContent === 'Thursday, 19 November 2026'")
    assert text(page, ".about") == "front-door-thursday.mp4 · time from file name"


def test_where_nothing_was_recorded_the_nearest_recording_is_offered(page):
    page.goto("/?at=2026-11-20T23:00:00.000Z")
    assert "Nothing was recorded at 00:00:00" in text(page, "#day .empty h1")
    page.get_by_role("button", name="before: front-door-1300.mp4").click()
    settled(page, "document.querySelector('#day h1').textContent === 'Front door'")


def test_slash_searches_and_enter_opens_the_moment(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("invoice northwind")
    page.wait_for_url("**q=invoice+northwind**")
    marks = "[...document.querySelectorAll('.moments mark')].slice(0, 2).map((mark) => mark.textContent)"
    settled(page, f"String({marks}) === 'invoice,Northwind'")
    when = text(page, ".moments li:nth-child(2) time")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".spoken").wait_for()
    settled(page, f"{when!r}.endsWith(document.querySelector('.day-head .now').textContent)")
    page.go_back()
    page.locator(".moments li").first.wait_for()


def test_search_says_how_many_lie_outside_the_range_and_widens(page):
    page.goto("/?screen=search&q=northwind&within=day&at=2026-11-17T12:25:00.000Z")
    page.locator(".search-foot").get_by_text("more outside this time").wait_for()
    inside = page.locator(".moments li").count()
    page.get_by_role("button", name="Search all time").click()
    settled(page, f"document.querySelectorAll('.moments li').length > {inside}")
    settled(page, "!location.search.includes('within')")


def test_no_match_says_so(page):
    page.goto("/?screen=search&q=zebra")
    assert "Nothing matches “zebra”." in page.locator(".search-foot .none").inner_text()


def test_words_of_a_recording_are_never_markup(page):
    page.goto("/?screen=search&q=onerror")
    page.locator(".moments mark").first.wait_for()
    page.goto(TALK)
    page.get_by_text("<img src=x onerror=window.ran=1>").first.wait_for()
    assert page.evaluate("window.ran") is None


def test_a_file_is_sent_becomes_work_and_is_followed_to_its_end(page, server, tmp_path: Path):
    file = tmp_path / "lunch & <b>talk.mp4"
    file.write_bytes(b"0" * 300_000)
    page.goto("/?screen=intake")
    page.locator("input[type=file]").set_input_files(file)
    row = page.locator(".rows li", has_text=file.name)
    row.get_by_text("Waiting").wait_for()
    assert server.uploads == [(file.name, 300_000)]
    number = len(server.story.jobs)
    server.story.change(number, "claimed", state="running", stage="see", progress=0.1)
    row.get_by_text("looking at the picture").wait_for()
    server.story.change(number, "progress", stage="hear", progress=0.5)
    row.get_by_text("50 % · writing down what was said").wait_for()
    server.story.change(number, "done", state="done", progress=1.0, source_id=4)
    row.get_by_text("Done").wait_for()
    row.get_by_role("button", name="Open").click()
    settled(page, "document.querySelector('#day h1').textContent === 'Meetings'")


def choose(page, file: Path, size: int) -> bytes:
    """Choose a file of so many bytes to be sent; gives its content."""
    if not file.exists():
        file.write_bytes(random.Random(size).randbytes(size))
    page.goto("/?screen=intake")
    page.locator("input[type=file]").set_input_files(file)
    return file.read_bytes()


def sent(server) -> bytes:
    return bytes(server.partial["1"]["content"])


def test_a_connection_that_breaks_is_made_again_and_nothing_is_sent_twice(page, server, tmp_path: Path):
    server.cut_at = 200_000
    content = choose(page, tmp_path / "long.mp4", 500_000)
    page.locator(".rows li", has_text="long.mp4").get_by_text("Waiting").wait_for()
    assert sent(server) == content
    assert server.uploads == [("long.mp4", 500_000)]


def test_a_file_can_pause_and_go_on(page, server, tmp_path: Path):
    server.slowness = 0.05
    content = choose(page, tmp_path / "long.mp4", 3_000_000)
    page.get_by_role("button", name="Pause: long.mp4").click()
    page.get_by_text("paused").wait_for()
    server.slowness = 0
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Go on: long.mp4").click()
    page.locator(".rows li", has_text="long.mp4").get_by_text("Waiting").wait_for()
    assert sent(server) == content
    assert len(server.uploads) == 1


def test_a_file_that_is_given_up_is_dropped_at_the_server(page, server, tmp_path: Path):
    server.slowness = 0.05
    choose(page, tmp_path / "long.mp4", 3_000_000)
    page.get_by_role("button", name="Cancel: long.mp4").click()
    page.locator(".rows li", has_text="long.mp4").wait_for(state="detached")
    settled(page, "Object.keys(localStorage).filter((name) => name.startsWith('mem.upload')).length === 0")
    deadline = time.monotonic() + 10
    while server.partial:
        assert time.monotonic() < deadline
        page.wait_for_timeout(30)


def test_the_same_file_chosen_again_after_the_page_was_closed_goes_on(page, server, tmp_path: Path):
    server.slowness = 0.05
    choose(page, tmp_path / "long.mp4", 3_000_000)
    settled(page, "Object.keys(localStorage).some((name) => name.startsWith('mem.upload'))")
    deadline = time.monotonic() + 10
    while len(sent(server)) < 100_000:
        assert time.monotonic() < deadline
        page.wait_for_timeout(30)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    server.slowness = 0
    content = choose(page, tmp_path / "long.mp4", 3_000_000)
    page.locator(".rows li", has_text="long.mp4").get_by_text("Waiting").wait_for()
    assert sent(server) == content
    assert len(server.uploads) == 1


def test_a_file_dropped_anywhere_is_taken_in(page, server):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["x".repeat(5000)], "dropped.mp4", { type: "video/mp4" }));
            for (const type of ["dragenter", "drop"]) {
                const how = { dataTransfer: data, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new DragEvent(type, how));
            }
        }"""
    )
    page.locator(".rows li", has_text="dropped.mp4").get_by_text("Waiting").wait_for()
    assert server.uploads == [("dropped.mp4", 5000)]
    assert page.locator("#drop").is_hidden()


def test_what_cannot_be_taken_in_is_said_in_plain_words(page, tmp_path: Path):
    for name in ("list.txt", "kick-off.mp4"):
        (tmp_path / name).write_bytes(b"words")
    page.goto("/?screen=intake")
    page.locator("input[type=file]").set_input_files([tmp_path / "list.txt", tmp_path / "kick-off.mp4"])
    page.get_by_text(
        "The file is not a video or audio recording that Mem can read. Mem reads MP4"
    ).first.wait_for()
    known = page.locator(".rows li", has_text="Known already")
    known.get_by_role("button", name="Open").click()
    settled(page, "document.querySelector('#day h1').textContent === 'Meetings'")


def test_a_full_disk_is_said_and_the_file_goes_when_there_is_room(page, server, tmp_path: Path):
    server.full = True
    choose(page, tmp_path / "long.mp4", 50_000)
    page.get_by_text("The disk has 1.2 GB left, of which 2 GB are kept free. Make room").wait_for()
    server.full = False
    page.get_by_role("button", name="Try again: long.mp4").click()
    page.locator(".rows li", has_text="long.mp4").get_by_text("Waiting").wait_for()
    assert server.uploads == [("long.mp4", 50_000)]


def test_a_job_can_be_cancelled_and_tried_again(page):
    page.goto("/?screen=intake")
    page.get_by_role("button", name="Cancel: dock-07.mp4").click()
    page.locator(".rows li", has_text="dock-07.mp4").get_by_text("Cancelled").wait_for()
    page.get_by_role("button", name="Retry: dock-07.mp4").click()
    page.locator(".rows li", has_text="dock-07.mp4").get_by_text("Waiting").wait_for()


def test_a_doubtful_time_is_shown_and_put_right(page, server):
    page.goto("/?at=2026-11-20T15:20:00.000Z&source=5")
    page.get_by_role("button", name="time doubtful").click()
    row = page.locator("#doubts li", has_text="review.mp4")
    row.get_by_label("Began").fill("2026-11-20T17:30:00")
    row.get_by_role("button", name="It began then").click()
    row.wait_for(state="detached")
    assert server.story.sources[5]["started_at"] == "2026-11-20T16:30:00.000Z"
    page.get_by_role("link", name="System").click()
    page.get_by_role("button", name="Open review.mp4").click()
    settled(page, "document.querySelector('.day-head .now').textContent === '17:30:00'")
    settled(page, "document.querySelector('.picture img[data-full]')")


def test_a_recording_is_deleted_only_after_its_name_was_read(page, server):
    page.goto("/?screen=system")
    page.get_by_role("button", name="Change stand-up.mp4").click()
    row = page.locator("section:last-of-type > .rows > li", has_text="stand-up.mp4")
    row.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    assert "Delete stand-up.mp4?" in dialog.inner_text()
    dialog.get_by_role("button", name="Keep it").click()
    assert 8 in server.story.sources
    row.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    row.wait_for(state="detached")
    assert 8 not in server.story.sources


@pytest.mark.parametrize("key", ["Enter", "Control+Enter"])
def test_a_note_is_added_at_the_instant(page, server, key):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.get_by_label("Note at 14:05:07").fill("Call back #later")
    page.keyboard.press(key)
    page.locator(".said .note", has_text="Call back #later").wait_for()
    assert server.story.notes[-1]["start"] == "2026-11-20T13:05:07.000Z"
    assert server.story.notes[-1]["tags"] == ["later"]


def test_playing_without_a_video_runs_over_the_frames(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    page.keyboard.press("Space")
    settled(page, "document.querySelector('.day-head .now').textContent > '14:05:07'")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()


def test_system_says_how_mem_is(page):
    page.goto("/?screen=system")
    page.get_by_text("All is well.").wait_for()
    assert "86\u00a0% showed nothing new" in text(page, ".facts")
    assert "412 GB free" in text(page, ".facts")


def test_a_server_that_is_gone_is_said_and_healed_without_reload(page, server):
    page.goto("/?screen=system")
    page.get_by_text("All is well.").wait_for()
    server.down = True
    page.get_by_text("Mem is not answering. This page goes on by itself").wait_for()
    server.down = False
    page.locator("#notice").wait_for(state="hidden")
    page.get_by_text("All is well.").wait_for()


class TestAnEmptyMemory:
    @pytest.fixture
    def story(self):
        return Story()

    def test_says_the_one_thing_to_do(self, page):
        page.goto("/")
        page.get_by_text("Drop a recording anywhere").wait_for()
        with page.expect_file_chooser():
            page.get_by_role("button", name="Choose files").click()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 360, "height": 640}, {"width": 844, "height": 390}])
def test_nothing_sticks_out_on_a_phone(page, viewport):
    for screen in ("day", "intake", "system", "search&q=northwind"):
        page.goto(f"{TALK}&screen={screen}")
        page.locator("main > section:not([hidden])").wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate(OVERFLOW) <= 0, screen
        assert page.evaluate(RIGHT) <= viewport["width"], screen


def test_everything_on_the_way_can_be_reached_by_tab(page):
    page.goto(TALK)
    page.locator(".spoken").wait_for()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if "canvas" in reached:
            break
    assert {"query", "canvas", "pill", "date", "said"} <= {re.sub(r" .*", "", name) for name in reached}
