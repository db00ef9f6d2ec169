"""What reading the text off frames costs, and how right it is, on pages drawn for it.

    python -m benchmarks.screen_text [--quick] [--json]

Pages look like an editor: a heading, indented lines of code and prose, dark and light, 12 to 20 px; they go
through WebP as frames do. Every figure is taken through `mem.capture.read`, as the child runs it, on one
thread. `--quick` measures the same on less.
"""

import argparse
import io
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import jiwer
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mem.capture import read
from mem.media.wire import Message
from mem.ocr.rapid import Rapid

WIDTH, HEIGHT = 1920, 1080
FONTS = (
    None,  # the one that comes with Pillow
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
)
SIZES = (12, 14, 16, 20)
THEMES = (((30, 30, 30), (212, 212, 212)), ((255, 255, 255), (24, 24, 24)))
LEFT, TOP = 60, 24
PROSE = """
the meeting was moved to thursday because the second room has no projector please bring the list of open
orders and the invoice for the red bicycle which arrived this morning with two scratches on its frame
""".split()  # noqa: SIM905
CODE = (
    "def total(values):", "return sum(values) / len(values)", "for row in rows:", "if not found:",
    "result = client.get(url, timeout=30)", "raise ValueError('no such order')", "assert code == 404",
    "import json", "Order RE16-TGK: 2381.50 EUR", "https://example.org/orders/77?page=2",
    "user@example.org wrote on 2026-11-20",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure."""

    measure: str
    value: float
    unit: str
    target: float | None
    met: bool | None
    how: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is drawn."""

    font: str | None
    size: int
    theme: tuple[tuple[int, int, int], tuple[int, int, int]]

    @property
    def step(self) -> int:
        """Pixels from line to line."""
        return round(self.size * 1.55)

    @property
    def lines(self) -> int:
        """How many fit."""
        return (HEIGHT - 2 * TOP) // self.step


def looks() -> Iterator[Look]:
    """Every way in which a page is drawn on this machine."""
    for font in FONTS:
        if font is None or Path(font).exists():
            for size in SIZES:
                for theme in THEMES:
                    yield Look(font, size, theme)


def text(count: int, seed: int) -> list[str]:
    """Lines of code and prose."""
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        if chance.random() < 0.5:
            lines.append(" " * 4 * chance.randrange(3) + chance.choice(CODE))
        else:
            lines.append(" ".join(chance.choices(PROSE, k=chance.randrange(5, 15))))
    return lines


def page(lines: Sequence[str], look: Look) -> Image.Image:
    """The lines as a screen shows them."""
    ground, ink = look.theme
    made = Image.new("RGB", (WIDTH, HEIGHT), ground)
    draw = ImageDraw.Draw(made)
    font = ImageFont.truetype(look.font, look.size) if look.font else ImageFont.load_default(look.size)
    for number, line in enumerate(lines):
        draw.text((LEFT, TOP + number * look.step), line, font=font, fill=ink)
    return made


def camera(number: int) -> Image.Image:
    """A room at night: slow shades, a few things, and a sensor's noise."""
    chance = np.random.default_rng(number)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    level = 70 + 40 * np.sin(x / 700) + 30 * np.cos(y / 500)
    for left, top, width, height, shade in (
        (300, 500, 400, 500, 40),
        (1100, 300, 90, 600, 110),
        (1400, 650, 380, 200, 85),
    ):
        level[top : top + height, left : left + width] = shade
    noisy = level[:, :, None] + chance.normal(0, 9, (HEIGHT, WIDTH, 3)).astype(np.float32)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def encoded(made: Image.Image) -> bytes:
    """The picture as a frame holds it."""
    out = io.BytesIO()
    made.save(out, "WEBP", quality=75, method=2)
    return out.getvalue()


def reading(engine: Rapid, images: Sequence[bytes], seconds: float = 5.0) -> Iterator[tuple[Message, float]]:
    """What is read off frames that follow one another, each with the CPU-s since the one before."""
    with tempfile.TemporaryFile() as file:
        places, offset = [], 0
        for number, data in enumerate(images):
            places.append([number, offset, len(data)])
            offset += file.write(data)
        file.flush()
        request = {
            "images": places,
            "steps": [[n, n - 1 if n else None, round(n * seconds * 1000)] for n in range(len(images))],
            "known": [],
            "quiet": [0, 0],
            "last": True,
        }
        began = time.process_time()
        for message in read.read(request, b"", descriptor=file.fileno(), engine=engine):
            if message.kind == "frame":
                yield message, time.process_time() - began
                began = time.process_time()


def wrong(message: Message, lines: Sequence[str], look: Look) -> tuple[float, int]:
    """How many characters of the lines were read wrongly, spaces included, and how many there are."""
    rows: dict[int, list[tuple[int, str]]] = {}
    for said, _, x, y, _, height in message.fields["lines"]:
        rows.setdefault(round((y + height / 2 - TOP - look.size * 0.6) / look.step), []).append((x, said))
    errors = total = 0.0
    for number, line in enumerate(lines):
        true = " ".join(line.split())
        heard = " ".join(part for _, part in sorted(rows.get(number, [])))
        errors += jiwer.cer(true, heard) * len(true)
        total += len(true)
    return errors, round(total)


def accuracy(engine: Rapid, *, quick: bool) -> Iterator[Measure]:
    """Whole pages in every look, then pages that scroll and are typed on."""
    chosen = list(looks())[:: 10 if quick else 1]
    errors = total = 0.0
    costs = []
    for seed, look in enumerate(chosen):
        lines = text(look.lines, seed)
        ((message, cost),) = reading(engine, [encoded(page(lines, look))])
        wrongly, count = wrong(message, lines, look)
        errors, total = errors + wrongly, total + count
        costs.append(cost)
    how = f"{len(chosen)} pages of 1920x1080, {total:.0f} characters, spaces included"
    yield measure("screen_cer_pages", 100 * errors / total, "%", 1.5, how)
    yield measure(
        "screen_cpu_full_frame", float(np.median(costs)), "CPU-s", 7.0, f"median of {len(costs)} whole pages"
    )

    look = Look(None, 14, THEMES[0])
    steps = 3 if quick else 8
    long = text(look.lines + 3 * steps, 99)
    scrolled = [long[3 * n : 3 * n + look.lines] for n in range(steps if not quick else 2)]
    errors, total = edited(engine, scrolled, look)[:2]
    yield measure(
        "screen_cer_scrolling", 100 * errors / total, "%", 1.5, "a page that scrolls by 3 lines a frame"
    )
    line, base = " ".join(PROSE[:12]), text(look.lines - 1, 7)
    typed = [[*base[:20], line[: 8 * (n + 1)].strip(), *base[20:]] for n in range(steps)]
    errors, total, costs = edited(engine, typed, look)
    yield measure("screen_cer_typing", 100 * errors / total, "%", 1.5, "a line typed by 8 characters a frame")
    yield measure(
        "screen_cpu_changed_band", float(np.median(costs[1:])), "CPU-s", 0.55, "one line of a page changed"
    )


def edited(engine: Rapid, scenes: Sequence[list[str]], look: Look) -> tuple[float, float, list[float]]:
    """Wrong characters, characters and CPU-s of pages that follow one another."""
    errors = total = 0.0
    costs = []
    told = reading(engine, [encoded(page(lines, look)) for lines in scenes])
    for (message, cost), lines in zip(told, scenes, strict=True):
        wrongly, count = wrong(message, lines, look)
        errors, total = errors + wrongly, total + count
        costs.append(cost)
    return errors, total, costs


def hours(engine: Rapid, *, quick: bool) -> Iterator[Measure]:
    """An hour of a screen on which a clock goes, and of a camera that shows no text, every look kept."""
    look = Look(None, 14, THEMES[0])
    lines = text(look.lines - 1, 5)
    minutes = 3 if quick else 10
    told = list(reading(engine, [encoded(page([*lines, f"14:{n:02d}"], look)) for n in range(minutes)], 60))
    ticking = told[0][1] + sum(cost for _, cost in told[1:]) / (minutes - 1) * 59
    how = "one whole page, then a clock that changes each minute (59 bands)"
    yield measure("screen_cpu_hour_static", ticking, "CPU-s an hour", 60.0, how)
    frames = 36 if quick else 180
    images = [encoded(camera(n)) for n in range(4)]
    told = list(reading(engine, [images[n % 4] for n in range(frames)]))
    found = sum(len(message.fields["lines"]) for message, _ in told)
    # The first dozen are all looked at, whatever follows; an hour has them once.
    first = sum(cost for _, cost in told[:12])
    rest = sum(cost for _, cost in told[12:]) / (frames - 12) * (720 - 12)
    how = f"720 noisy 1080p frames, none of them dropped by the keep rule; {found} lines found"
    yield measure("screen_cpu_hour_camera", first + rest, "CPU-s an hour", 60.0, how)


def measure(name: str, value: float, unit: str, most: float, how: str) -> Measure:
    """A figure that should not be above `most`."""
    return Measure(name, round(value, 3), unit, most, value <= most, how)


def run(*, quick: bool) -> Iterator[Measure]:
    """Every figure, as it is taken."""
    engine = Rapid(1)
    yield from hours(engine, quick=quick)
    yield from accuracy(engine, quick=quick)
    high = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield measure("screen_memory", high, "MiB", 1200.0, "most that the process ever had in memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="measure the same on less")
    parser.add_argument("--json", action="store_true", help="print a list instead of a table")
    asked = parser.parse_args()
    if asked.json:
        print(json.dumps([asdict(one) for one in run(quick=asked.quick)], indent=1))
        return
    print("| measure | value | unit | target | met | how |\n|---|---|---|---|---|---|")
    for one in run(quick=asked.quick):
        row = f"| {one.measure} | {one.value:g} | {one.unit} | {one.target:g} | {one.met} | {one.how} |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
