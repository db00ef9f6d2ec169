"""Measures how quick the page is over a year: `python benchmarks/page.py` (`--days 30` for a month).

A real server over the year of recordings that `mem bench search` makes, its newest day with pictures, and
twenty cameras that showed 100,000 frames in one afternoon. A headless Chromium at 1440 x 900 opens the page,
drags and zooms, points at things and types questions. Frames of the screen are counted by
requestAnimationFrame; beside them stands what the page itself works in each, which a machine that is busy
with other things changes less.
"""

import argparse
import gzip
import io
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from mem.api import pages
from mem.bench import served, year
from mem.bench.timing import percentile
from mem.memory import Memory, open_memory
from mem.store import frames, sources
from mem.types import Span, StartTime

CAMERAS, SHOWN = 20, 5_000  # frames of each
PICTURES = 8  # that differ
AFTERNOON = timedelta(hours=5)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
WORK = """(() => {
    window.worked = [];
    const later = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (act) => later((now) => {
        const began = performance.now();
        act(now);
        if (window.counting) window.worked.push(performance.now() - began);
    });
})()"""
MOVE = """async (zooming) => {
    const canvas = document.querySelector('.canvas'), box = canvas.getBoundingClientRect();
    const [clientX, clientY] = [box.left + box.width / 2, box.top + 60];
    const place = { clientX, clientY, bubbles: true, cancelable: true };
    const frames = [];
    window.worked = [];
    window.counting = true;
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < 160; i += 1) { // there and back twice, so that the view ends where it began
        const back = Math.floor(i / 40) % 2;
        const wish = zooming ? { deltaY: back ? 18 : -18 } : { deltaX: back ? -24 : 24 };
        canvas.dispatchEvent(new WheelEvent('wheel', { ...place, ...wish }));
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    window.counting = false;
    return { frames, worked: window.worked };
}"""
HOVER = """async (count) => {
    const canvas = document.querySelector('.canvas'), box = canvas.getBoundingClientRect();
    const times = [];
    for (let i = 0; i < count; i += 1) {
        const at = (i * 0.6180339887) % 1, began = performance.now();
        const clientX = box.left + box.width * (0.1 + 0.5 * at), clientY = box.top + 44 + 53 * (1 + i % 2);
        const point = { clientX, clientY, pointerType: 'mouse', bubbles: true };
        canvas.dispatchEvent(new PointerEvent('pointermove', point));
        const image = document.querySelector('.preview img');
        while (!(image.src && image.complete && image.naturalWidth) && performance.now() - began < 1000) {
            await new Promise((done) => setTimeout(done));
        }
        times.push(performance.now() - began); // one that never came counts as a second
        canvas.dispatchEvent(new PointerEvent('pointerleave'));
        image.removeAttribute('src');
        await new Promise((done) => setTimeout(done, 30));
    }
    return times;
}"""
TYPE = """async (words) => {
    const box = document.querySelector('#query'), top = document.querySelector('.search-top');
    const times = [];
    for (const word of words) for (let n = 3; n <= word.length; n += 1) {
        const changed = new Promise((done) => {
            const seen = new MutationObserver(() => { seen.disconnect(); done(); });
            seen.observe(top, { childList: true });
        });
        box.value = word.slice(0, n);
        const began = performance.now();
        box.dispatchEvent(new Event('input', { bubbles: true }));
        await changed;
        times.push(performance.now() - began);
        await new Promise((done) => setTimeout(done, 120));
    }
    return times;
}"""
WORDS = ("invoice", "garden", "telescope", "meeting", "window")


def picture(number: int, width: int, size: int) -> bytes:
    """A small scene as WebP, filled up to `size` bytes."""
    image = Image.radial_gradient("L").resize((width, width * 9 // 16))
    image = Image.merge("RGB", (image, image.rotate(number * 7), image.rotate(180)))
    held = io.BytesIO()
    image.save(held, "WEBP", quality=60, method=0)
    return held.getvalue().ljust(size, b"\0")[:size]


def show(folder: Path, source_folder: str, kinds: list[bytes], count: int) -> None:
    """Write `count` pictures of a source, of these kinds, where its rows say that they lie."""
    at = folder / source_folder
    at.mkdir(parents=True, exist_ok=True)
    with (at / "frames-000001.tar").open("wb") as pack:
        for number in range(count):
            pack.seek(number * 70_000)
            pack.write(kinds[number % PICTURES])
        pack.truncate(count * 70_000)


def frame(source: int, number: int, moment: datetime) -> frames.NewFrame:
    """A frame of a camera: one of few pictures, each standing in the pack once."""
    place = number % PICTURES * 70_000
    made = year.new_frame(source, number, moment)
    return replace(made, offset=place, thumb_offset=place + 60_000)


def cameras(folder: Path, memory: Memory, kinds: list[bytes], start: datetime) -> None:
    """One afternoon in which twenty cameras saw something new every few seconds."""
    step = AFTERNOON / SHOWN
    moments = [start + step * n for n in range(SHOWN + 1)]
    for number in range(CAMERAS):
        evidence = StartTime(started_at=start, time_source="caller", confidence="high", evidence="")
        with memory.db.write() as w:
            source, _ = sources.add(
                w, kind="live", name=f"camera {number + 1}", location=f"Camera {number + 1:02}",
                device="camera", content_hash=f"camera{number}", size=10**9, path=None, original=None,
                start=evidence, media=None, added_at=start,
            )  # fmt: skip
            ids = frames.add_many(w, source.id, [frame(source.id, n, t) for n, t in enumerate(moments[:-1])])
            spans = [
                Span(source_id=source.id, frame_id=one, start=a, end=b, samples=1)
                for one, a, b in zip(ids, moments[:-1], moments[1:], strict=True)
            ]
            frames.add_spans(w, spans)
            sources.settle(w, source.id, state="ready", ended_at=moments[-1])
        show(folder, source.folder, kinds, PICTURES)


def build(folder: Path, days: int) -> datetime:
    """The memory, unless it was built before; gives the instant at which its afternoon begins."""
    begun = folder / "afternoon"
    if begun.exists():
        return datetime.fromisoformat(begun.read_text())
    built = year.build(folder, days, lambda _: None)
    start = built.end + timedelta(hours=12)
    kinds = [picture(n, 1280, 60_000) + picture(n, 320, 8_000) for n in range(PICTURES)]
    with open_memory(year.config(folder)) as memory:
        for source in sources.by_ids(memory.db, built.source_ids[-year.PER_DAY :]).values():
            show(folder, source.folder, kinds, year.FRAMES)
        cameras(folder, memory, kinds, start)
    begun.write_text(start.isoformat())
    return start


def load() -> int:
    """Bytes of the page as it travels, all of it."""
    files = [file for file in pages.FOLDER.iterdir() if file.suffix in (".js", ".css", ".html", ".svg")]
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def ask(page: Page, url: str, start: datetime) -> dict[str, tuple[float, float | None, str]]:
    """What was measured: value, target, unit."""
    found: dict[str, tuple[float, float | None, str]] = {"first load, packed": (load() / 1000, 150, "kB")}
    paints, pictures = [], []
    at = (start + AFTERNOON / 2).isoformat().replace("+00:00", ".000Z")
    for _ in range(5):
        page.goto(url)
        page.locator(".picture img[data-full]").wait_for(timeout=30_000)
        pictures.append(page.evaluate("performance.now()"))
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    found["first paint, median of 5"] = (percentile(paints, 0.5), 1000, "ms")
    found["first picture, whole, median of 5"] = (percentile(pictures, 0.5), None, "ms")
    for name, zoom in (("100,000 spans", 5 * 3600), ("a year", 366 * 86400)):
        page.goto(f"{url}?at={at}&zoom={zoom}")
        page.locator(".picture img[data-full]").wait_for(timeout=30_000)
        page.wait_for_timeout(25_000 if zoom < 86400 else 3000)  # until all of it is known
        for act, zooming in (("drag", False), ("zoom", True)):
            moved = page.evaluate(MOVE, zooming)
            found[f"{act} over {name}: frame p95"] = (percentile(moved["frames"], 0.95), 25, "ms")
            found[f"{act} over {name}: work in a frame p95"] = (percentile(moved["worked"], 0.95), None, "ms")
        if zoom < 86400:  # of most of the year the rows are there and not the pictures
            times = page.evaluate(HOVER, 40)
            found[f"picture under the pointer, p95 of {len(times)}"] = (percentile(times, 0.95), 50, "ms")
        print({measure: round(value) for measure, (value, _, _) in found.items()}, file=sys.stderr)
    page.goto(f"{url}?screen=search")
    page.locator(".before-asking").wait_for()
    page.wait_for_timeout(2000)
    typed = page.evaluate(TYPE, WORDS)
    found[f"search as typed, letter to moments, p95 of {len(typed)}"] = (percentile(typed, 0.95), 100, "ms")
    return found


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="build the memory here, and use it again the next time")
    parser.add_argument("--build", action="store_true", help="only build it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mem-page-") as made:
        folder = given.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        start = build(folder, given.days)
        if given.build:
            return
        with served.running(folder) as server, sync_playwright() as driver:
            path = shutil.which("chromium") or driver.chromium.executable_path
            with driver.chromium.launch(executable_path=path, args=list(FLAGS)) as browser:
                headers = {"Authorization": f"Bearer {server.key}"}
                window = browser.new_context(
                    viewport={"width": 1440, "height": 900}, extra_http_headers=headers
                )
                window.add_init_script(WORK)
                found = ask(window.new_page(), f"{server.url}/", start)
    if given.json:
        print(json.dumps({name: value for name, (value, _, _) in found.items()}))
        return
    print("| measure | value | target | |\n|---|---|---|---|")
    for name, (value, target, unit) in found.items():
        held = "" if target is None else "met" if value <= target else "not met"
        print(f"| {name} | {value:.1f} {unit} | {'' if target is None else f'{target:g}'} | {held} |")


if __name__ == "__main__":
    main()
