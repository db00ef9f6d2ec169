"""A moment: the text over its picture, its keys, its notes, and ranges around it."""

import re

from tests.ui.looking import DESK, TALK, settled, talk, text

NOW = "document.querySelector('.day-head .now').textContent"


def test_the_text_of_a_picture_lies_over_it_and_can_be_selected(page):
    page.goto(DESK)
    words = page.locator(".legend span", has_text="Invoice 2026-")
    words.wait_for()
    page.locator(".picture img[data-full]").wait_for()
    box, picture = words.bounding_box(), page.locator(".picture img").bounding_box()
    scale = min(picture["width"] / 960, picture["height"] / 540)
    left = picture["x"] + (picture["width"] - 960 * scale) / 2
    assert abs(box["x"] - (left + 220 * scale)) < 2
    assert abs(box["width"] - 300 * scale) < 3
    words.dblclick()
    settled(page, "['Invoice', '2026'].includes(String(getSelection()).trim().slice(0, 7).split('-')[0])")


def test_the_shown_tab_lists_the_text_of_the_picture(page):
    page.goto(DESK)
    page.locator(".legend span").first.wait_for()
    page.get_by_role("button", name="Shown", exact=True).click()
    assert text(page, ".said li p").startswith("Invoice 2026-")
    page.goto(TALK)
    page.get_by_role("button", name="Shown", exact=True).click()
    page.get_by_text("No text was read off this picture.").wait_for()


def test_arrow_up_goes_to_where_the_text_of_the_picture_began(page):
    page.goto(DESK)
    page.locator(".legend span").first.wait_for()
    page.get_by_role("button", name="Shown", exact=True).click()
    began = page.locator(".said .stamp").first.get_attribute("data-at")
    page.locator(".said").press("ArrowUp")
    settled(page, f"Date.parse(new URLSearchParams(location.search).get('at')) === {began}")


def test_t_marks_the_text(page):
    page.goto(DESK)
    page.locator(".legend span").first.wait_for()
    page.keyboard.press("t")
    page.locator(".legend.marked").wait_for()
    assert page.get_by_role("button", name="Text", exact=True).get_attribute("aria-pressed") == "true"


def test_l_plays_faster_each_time_j_backwards_and_k_stops(page):
    talk(page)
    for _ in range(3):
        page.keyboard.press("l")
    page.get_by_text("4×", exact=True).wait_for()
    settled(page, f"{NOW} > '14:05:10'")
    page.keyboard.press("j")
    reached = text(page, ".day-head .now")
    page.keyboard.press("j")
    page.get_by_text("−2×", exact=True).wait_for()
    settled(page, f"{NOW} < '{reached}'")
    page.keyboard.press("k")
    page.get_by_role("button", name="Play", exact=True).wait_for()


def test_comma_and_full_stop_go_picture_by_picture(page):
    talk(page)
    first = text(page, ".day-head .now")
    page.keyboard.press(".")
    settled(page, f"{NOW} > '{first}'")
    page.keyboard.press(",")
    page.keyboard.press(",")
    settled(page, f"{NOW} < '{first}'")


def test_a_note_is_changed_in_place_and_deleted(page, server):
    talk(page)
    row = page.locator(".said .note", has_text="Ask Maria")
    row.hover()
    row.get_by_role("button", name="Edit").click()
    page.get_by_label("Note", exact=True).fill("Maria has signed #done")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator(".said .note", has_text="Maria has signed #done")
    row.wait_for()
    assert (server.story.notes[0]["text"], server.story.notes[0]["tags"]) == ("Maria has signed", ["done"])
    row.hover()
    row.get_by_role("button", name="Delete").click()
    row.wait_for(state="detached")
    assert all(note["source_id"] != 4 for note in server.story.notes)


def test_a_note_that_somebody_else_changed_is_not_overwritten(page, server):
    talk(page)
    row = page.locator(".said .note", has_text="Ask Maria")
    row.hover()
    row.get_by_role("button", name="Edit").click()
    page.get_by_label("Note", exact=True).fill("Mine")
    server.story.notes[0].update(text="Theirs", updated_at="2026-11-20T15:00:00.000Z")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Somebody else changed this note meanwhile").first.wait_for()
    page.locator(".said .note", has_text="Theirs").wait_for()


def test_a_line_is_corrected_in_place_and_taken_back(page, server):
    talk(page)
    page.locator(".said .current").get_by_role("button", name="Correct").click()
    page.get_by_label("What was really said").fill("Nobody said anything of boxes.")
    page.get_by_role("button", name="Save", exact=True).click()
    line = page.locator(".said .current", has_text="Nobody said anything of boxes.")
    line.wait_for()
    assert any(said["text"] == "Nobody said anything of boxes." for said in server.story.segments)
    line.get_by_role("button", name="Correct").click()
    page.get_by_role("button", name="As it was heard").click()
    page.locator(".said .current", has_text="red boxes").wait_for()


def test_a_range_is_dragged_with_shift_held_by_the_address_and_exported(page):
    talk(page)
    box = page.locator(".canvas").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 500, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 60, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    asked = "new URL([...document.links].find((link) => link.textContent === 'Export').href).searchParams"
    held = "new URLSearchParams(location.search).get('range')"
    settled(page, f"{held} === {asked}.get('from') + '/' + {asked}.get('to')")
    assert text(page, ".day-head .now") == "14:05:07"
    page.reload()
    page.get_by_role("group", name="Chosen range").wait_for()
    page.get_by_role("button", name="Clear").click()
    settled(page, "!location.search.includes('range=')")


def test_brackets_choose_a_range_by_keyboard(page):
    talk(page)
    page.keyboard.press("[")
    page.keyboard.press("ArrowRight")
    settled(page, f"{NOW} > '14:05:07'")
    page.keyboard.press("]")
    assert text(page, ".chosen-range .grow").startswith("14:05:07 to 14:05:")


def test_deleting_a_range_says_what_goes_before_it_goes(page, server):
    page.goto(f"{TALK}&range=2026-11-20T13:04:00.000Z/2026-11-20T13:07:00.000Z")
    page.locator(".spoken").wait_for()
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("lines of speech").wait_for()
    before = len(server.story.spans)
    assert "14:04:00 to Fri 20 Nov, 14:07:00, of all recordings" in dialog.inner_text()
    dialog.get_by_role("button", name="Keep it").click()
    assert len(server.story.spans) == before
    page.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name=re.compile(r"Delete \d+ frames")).click()
    dialog.wait_for(state="detached")
    assert len(server.story.spans) < before
    settled(page, "!location.search.includes('range=')")
    page.get_by_text("No picture of this instant was kept.").wait_for()


def test_the_picture_under_the_pointer_is_shown_however_wide_the_view_is(page):
    page.goto(f"{TALK}&zoom=2592000")
    page.locator(".spoken").wait_for()
    box = page.locator(".canvas").bounding_box()
    settled(page, "document.querySelector('[aria-pressed=true]') !== null")
    share = page.evaluate("""() => {
        const zoom = 2592000e3, from = Date.parse('2026-11-20T13:05:07Z') - zoom * 0.3;
        return (Date.parse('2026-11-20T14:30:00Z') - from) / zoom;
    }""")
    page.mouse.move(box["x"] + share * box["width"], box["y"] + 34 + 53 + 10)
    page.locator(".preview img[src*='/api/frames/']").wait_for()
    assert "UTC" in text(page, ".preview")


def test_a_question_mark_lists_the_keys(page):
    talk(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_text("play backwards, then faster").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_g_and_a_letter_change_the_screen(page):
    talk(page)
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.get_by_role("heading", name="System").wait_for()
