"""Time on the page: days of 23 and 25 hours, ten years and one second, and how long things take."""

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


def test_lengths_are_in_the_units_that_matter(page):
    page.goto(TALK)
    lengths = page.evaluate(
        "async (all) => { const { length } = await import('/web/time.js'); return all.map(length); }",
        [14_000, 155_000, 4_320_000, 3 * 86_400_000, 9593.2 * 86_400_000],
    )
    assert [said.replace("\u00a0", " ") for said in lengths] == [
        "14 s", "2 min 35 s", "1 h 12 min", "3 days", "26 years",
    ]  # fmt: skip


def test_what_waits_counts_in_how_long_all_work_takes(page):
    page.goto(TALK)
    left = page.evaluate("""async () => {
        const { Jobs } = await import('/web/jobs.js');
        const jobs = new Jobs(), began = new Date(Date.now() - 60_000).toISOString();
        const times = { started_at: began, created_at: began };
        const running = { id: 1, state: 'running', progress: 0.5, source_id: null, ...times };
        jobs.add(running);
        const alone = jobs.allLeft();
        for (const id of [2, 3]) jobs.add({ ...running, id, state: 'queued', progress: 0, started_at: null });
        const three = jobs.allLeft();
        jobs.add({ ...running, id: 4, progress: 1 });
        return [alone, three, jobs.left(jobs.all.get(4))].map((ms) => ms && Math.round(ms / 1000));
    }""")
    assert left == [60, 300, None]
