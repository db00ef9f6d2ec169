"""The screens that keep a memory going: system, take in, saved searches, and the look."""

from pathlib import Path

from tests.ui.looking import settled, talk, text


def test_system_shows_the_day_on_which_the_disk_is_full(page):
    page.goto("/?screen=system")
    page.get_by_text("Full about Mon 5 Apr 2027, in 133 days").wait_for()
    assert "380 GB originals" in text(page, "#storage > .legend-of")
    page.get_by_text("full about Mon 5 Apr 2027", exact=True).wait_for()
    assert page.locator("#storage .runway .pace").count() == 1


def test_system_shows_what_each_place_keeps_of_each_day(page):
    page.goto("/?screen=system")
    days = page.locator("#storage .plot g")
    days.first.wait_for()
    assert days.count() == 30
    assert page.locator("#storage .plot g rect[class^=place-]").count() > 3
    legend = page.locator("#storage .plot .legend-of li").all_inner_texts()
    assert [line.split(":")[0] for line in legend] == ["Front door", "Desk", "Meetings", "No place named"]
    assert page.evaluate(
        "document.querySelector('#storage .plot g:last-of-type title').textContent"
    ).startswith("Fri 20 Nov: ")


def test_a_backup_is_made(page, server):
    page.goto("/?screen=system")
    page.get_by_text("none yet").wait_for()
    page.get_by_role("button", name="Back up now").click()
    page.get_by_text("not checked yet").wait_for()
    assert server.story.backup is not None


def test_retention_says_what_would_go(page):
    page.goto("/?screen=system")
    page.get_by_text("If the rules ran now, 2 recordings and 1,200 frames would go: 48 MB.").wait_for()


def test_a_range_is_counted_on_the_system_screen(page):
    page.goto("/?screen=system")
    page.get_by_label("From", exact=True).fill("2026-11-20T14:00:00")
    page.get_by_label("To", exact=True).fill("2026-11-20T14:01:00")
    page.get_by_role("button", name="Count what lies in it").click()
    page.get_by_role("dialog").get_by_text("a part of").wait_for()
    page.get_by_role("button", name="Keep it").click()


def test_a_token_is_made_shown_once_and_ended(page, server):
    page.goto("/?screen=system")
    page.locator("#access").get_by_label("Name").fill("kitchen tablet")
    page.get_by_role("button", name="Make a token").click()
    assert page.get_by_label("Copy this token now").input_value() == "mem_a_secret_of_many_letters"
    assert server.story.tokens[0]["scopes"] == ["read"]
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("button", name="End: kitchen tablet").click()
    page.get_by_role("dialog").get_by_role("button", name="End").click()
    page.locator("#access li", has_text="kitchen tablet").wait_for(state="detached")


def test_the_look_is_chosen_and_remembered(page):
    page.goto("/?screen=system")
    background = "getComputedStyle(document.body).backgroundColor"
    page.get_by_label("Look").select_option("dark")
    settled(page, f"{background} === 'rgb(14, 16, 18)'")
    page.reload()
    settled(page, f"{background} === 'rgb(14, 16, 18)'")
    page.get_by_label("Look").select_option("light")
    settled(page, f"{background} === 'rgb(246, 246, 244)'")


def test_watched_folders_say_what_was_passed_over(page):
    page.goto("/?screen=intake")
    page.get_by_text("/home/maria/Recordings").wait_for()
    page.get_by_text("3 files passed over: neither video nor sound").wait_for()


def test_a_job_that_waits_is_done_sooner(page, server):
    server.story.job("second.mp4", "queued")
    page.goto("/?screen=intake")
    page.get_by_role("button", name="Sooner: second.mp4").click()
    settled(page, "document.activeElement !== null")
    page.wait_for_timeout(200)
    assert next(j for j in server.story.jobs.values() if j["params"]["name"] == "second.mp4")["priority"] == 9


def test_a_search_is_saved_and_asked_again(page):
    talk(page)
    page.keyboard.press("/")
    page.get_by_text("Ask for what was said, shown or noted").wait_for()
    page.keyboard.type("northwind")
    page.locator(".moments li").first.wait_for()
    page.get_by_role("button", name="Save this search").click()
    page.locator("#query").fill("")
    page.get_by_role("button", name="northwind", exact=True).first.click()
    page.locator(".moments li").first.wait_for()
    assert page.locator("#query").input_value() == "northwind"


def test_a_filter_in_the_question_is_a_chip_that_takes_itself_out(page):
    page.goto("/?screen=search&q=northwind+kind:speech")
    page.get_by_role("button", name="Without kind:speech").click()
    settled(page, "document.querySelector('#query').value === 'northwind'")
    page.locator(".moments li").first.wait_for()


def test_a_folder_can_be_chosen(page, server, tmp_path: Path):
    folder = tmp_path / "films"
    (folder / "deeper").mkdir(parents=True)
    (folder / "one.mp4").write_bytes(b"1" * 50)
    (folder / "deeper" / "two.mp4").write_bytes(b"2" * 60)
    page.goto("/?screen=intake")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    page.locator(".rows li", has_text="two.mp4").first.wait_for()
    page.locator(".rows li", has_text="one.mp4").get_by_text("Waiting").wait_for()
    assert sorted(server.uploads) == [("one.mp4", 50), ("two.mp4", 60)]
