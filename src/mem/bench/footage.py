"""Footage with ground truth, made from a seed: what the keep rule is measured on.

A kind of footage is a stream of looks, five seconds apart. Each is a thumb of a 1080p picture with
the statistics that one has after scaling - text is drawn in full size and averaged down, noise is
what averaging leaves of a sensor's - and says what a person would say it shows. Decoding and scaling
are left out, so an hour takes seconds.
"""

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mem.bench.drawing import HIGH, WIDE, Canvas, person, text
from mem.media.thumb import Thumb

_HUES = 18  # 20 degrees apart; closer ones are one colour to the eye
Chance = np.random.Generator
Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """One sample, and what it shows: two that show the same are one too many in a memory."""

    thumb: Thumb
    shows: Hashable


Kind = Callable[[int, int], Iterator[Look]]  # seed, number of looks


def camera(seed: int, count: int) -> Iterator[Look]:
    """A fixed camera with sensor noise and drifting light; people pass, things are left and taken."""
    yield from scene(seed, count, light=0.25)


def night(seed: int, count: int) -> Iterator[Look]:
    """The same in the dark: little light, four times the noise."""
    yield from scene(seed, count, noise=2.6, dim=0.3, contrast=28)


def stamp(seed: int, count: int) -> Iterator[Look]:
    """A camera that burns date and time into a corner; people also walk through that corner."""
    chance = np.random.default_rng(seed)
    size, left = int(chance.integers(24, 61)), bool(chance.integers(2))
    at = (24 if left else 1880 - 11 * size, 24)

    def over(canvas: Canvas, number: int) -> None:
        second = 55_000 + 5 * number
        now = f"2026-11-23 {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        text(canvas, now, at, size, 235)

    yield from scene(seed, count, over=over, corner=(at[0] + 8 * size, 20))


def timer(seed: int, count: int) -> Iterator[Look]:
    """A screen with a large running stopwatch; windows open and lines are typed beside it."""
    chance = np.random.default_rng(seed)
    size, at = int(chance.integers(30, 90)), (int(chance.integers(1300, 1500)), int(chance.integers(30, 120)))

    def over(canvas: Canvas, number: int) -> None:
        canvas.box((at[0] - 20, at[1] - 10, 5 * size + 40, size + 30), (40, 128, 128))
        text(canvas, f"{5 * number // 60 % 60:02d}:{5 * number % 60:02d}.{number * 37 % 10}", at, size, 230)

    yield from _desk(seed, count, over=over, busy=0.06)


def trees(seed: int, count: int) -> Iterator[Look]:
    """A camera on trees in the wind, a quarter of the picture; people walk in front of them, too."""
    chance = np.random.default_rng(seed)
    leaves = texture(chance, 340, 620, 2.0) * 16
    x, wide = int(chance.integers(0, 300)), int(chance.integers(120, 180))
    strength = float(chance.uniform(1.0, 3.0))

    def under(canvas: Canvas, number: int) -> None:
        wind = np.random.default_rng((seed, number))
        moved = _swayed(leaves, wind, strength, (170, wide))
        canvas.luma[10:180, x : x + wide] = 95 + moved
        canvas.chroma[0, 5:90, x // 2 : x // 2 + wide // 2] = 116
        canvas.chroma[1, 5:90, x // 2 : x // 2 + wide // 2] = 120

    yield from scene(seed, count, under=under)


def rain(seed: int, count: int) -> Iterator[Look]:
    """A camera in the rain: streaks everywhere, others in each look."""
    drops = int(np.random.default_rng(seed).integers(80, 300))

    def over(canvas: Canvas, number: int) -> None:
        falling = np.random.default_rng((seed, number))
        high, wide = canvas.luma.shape
        for _ in range(drops):
            y, x = int(falling.integers(0, high - 20)), int(falling.integers(0, wide))
            canvas.luma[y : y + int(falling.integers(5, 16)), x] += falling.uniform(6, 20)

    yield from scene(seed, count, over=over)


def street(seed: int, count: int) -> Iterator[Look]:
    """A busy camera: cars on a road in every other look, people on the pavement."""
    chance = np.random.default_rng(seed)
    passing = [bool(chance.random() < 0.5) for _ in range(count)]

    def cars(number: int) -> Hashable:
        return ("car", number) if passing[number] else None

    def under(canvas: Canvas, number: int) -> None:
        if passing[number]:
            driving = np.random.default_rng((seed, number))
            for _ in range(int(driving.integers(1, 3))):
                size = int(driving.integers(200, 420)), int(driving.integers(100, 170))
                at = int(driving.integers(0, 1500)), int(driving.integers(640, 800))
                canvas.body((*at, *size), driving, 40)

    yield from scene(seed, count, under=under, also=cars)


def screen(seed: int, count: int) -> Iterator[Look]:
    """Work at a screen: typing, scrolling, switching windows, popups, a clock, a cursor, the mouse."""
    yield from _desk(seed, count, busy=0.25)


def film(seed: int, count: int) -> Iterator[Look]:
    """A film in a corner of the screen, while lines are typed and windows open beside it."""
    wide = int(np.random.default_rng(seed).integers(120, 150))

    def over(canvas: Canvas, number: int) -> None:
        playing = np.random.default_rng((seed, number))
        high = wide * 9 // 16 // 4 * 4
        picture = texture(playing, high, wide, 8.0) * 45 + playing.uniform(70, 160)
        canvas.luma[16 : 16 + high, 470 - wide : 470] = np.clip(picture, 0, 255)
        tint = playing.uniform(110, 146, 2).astype(np.float32)
        canvas.chroma[:, 8 : 8 + high // 2, 235 - wide // 2 : 235] = tint[:, None, None]

    yield from _desk(seed, count, over=over, busy=0.08, left=True)


def subtitles(seed: int, count: int) -> Iterator[Look]:
    """A slide with a line of subtitles below, another one every look or two."""
    chance = np.random.default_rng(seed)
    canvas = page(chance, 6, 34)
    line, shows = "", 0
    for number in range(count):
        if chance.random() < 0.8 or not line:
            line, shows = wording(chance, int(chance.integers(24, 60))), number
        shown = canvas.copy()
        shown.box((300, 960, 1320, 80), (30, 128, 128))
        text(shown, line, (340, 975), 40, 225)
        yield Look(thumb_of(shown, chance, 0.0), shows)


def pale(seed: int, count: int) -> Iterator[Look]:
    """Lines of 20 characters, 12 to 20 pixels high, 40 grey levels from their ground, come and go."""
    yield from _lines(seed, count, 40, (12, 21))


def lines(seed: int, count: int) -> Iterator[Look]:
    """The same at 80 grey levels and more, 10 to 24 pixels high."""
    yield from _lines(seed, count, 80, (10, 25))


def colours(seed: int, count: int) -> Iterator[Look]:
    """A lamp of 1 % of the picture turns to another of 18 hues, all of them as bright, under noise."""
    chance = np.random.default_rng(seed)
    base = room(chance)
    x, y, size = int(chance.integers(40, 1700)), int(chance.integers(40, 860)), 144
    grey, lit, turn = int(chance.integers(70, 180)), 0, chance.uniform(0, 6.28)
    for number in range(count):
        if number and chance.random() < 0.15:
            lit = (lit + int(chance.integers(1, _HUES))) % _HUES
        shown, angle = base.copy(), lit * 2 * math.pi / _HUES + turn
        around = (128 + 30 * math.cos(angle), 128 + 30 * math.sin(angle))
        shown.box((x, y, size, size), (grey, *around))
        yield Look(thumb_of(shown, chance, 0.8), lit)


KINDS: dict[str, Kind] = {
    "camera": camera, "night": night, "stamp": stamp, "timer": timer, "trees": trees, "rain": rain,
    "street": street, "screen": screen, "film": film, "subtitles": subtitles, "lines": lines,
    "pale": pale, "colours": colours,
}  # fmt: skip

Over = Callable[[Canvas, int], None]


def scene(
    seed: int, count: int, *, noise: float = 0.8, dim: float = 1.0, contrast: float = 35, light: float = 0.1,
    under: Over | None = None, over: Over | None = None, corner: tuple[int, int] | None = None,
    also: Callable[[int], Hashable] | None = None,
) -> Iterator[Look]:  # fmt: skip
    """What a fixed camera sees. Someone passes now and then; a thing is put down or taken away."""
    chance = np.random.default_rng(seed)
    base, thing = room(chance).dimmed(dim), None
    passing, until, who = 0, 0, 0
    for number in range(count):
        shown = base.copy()
        if chance.random() < 0.02:
            thing = (
                None if thing else (int(chance.integers(60, 1600)), int(chance.integers(500, 840)), number)
            )
        if number >= until and chance.random() < 0.04:
            passing, until, who = number, number + int(chance.integers(1, 5)), int(chance.integers(2**31))
        if under:
            under(shown, number)
        if thing:
            shown.body((*thing[:2], 190, 130), np.random.default_rng(thing[2]), contrast)
        present = number < until
        if present:
            _walk(shown, who, number - passing, contrast, corner)
        shown = shown.dimmed(1 + light * math.sin(number / 60 + seed))
        if over:
            over(shown, number)
        shows = ((who, number) if present else None, thing, also(number) if also else None)
        yield Look(thumb_of(shown, chance, noise), shows)


def _walk(canvas: Canvas, who: int, step: int, contrast: float, corner: tuple[int, int] | None) -> None:
    """Someone, `step` samples after entering, somewhere else each time; every other one by the corner."""
    chance = np.random.default_rng(who)
    high = int(chance.integers(300, 520))
    x, y = int(chance.integers(0, 400)) + 330 * step, int(chance.integers(200, 540))
    if corner and who % 2:
        x, y = corner[0] + (150 if corner[0] < 900 else -150) * step, corner[1]
    person(canvas, (min(x, 1700), min(y, 1060 - high)), high, chance, contrast)


def _desk(
    seed: int, count: int, *, busy: float, over: Over | None = None, left: bool = False
) -> Iterator[Look]:
    """A screen at work. What it shows is its window, how far that is scrolled, its lines and a popup."""
    chance = np.random.default_rng(seed)
    kinds = ("type", "scroll", "switch", "popup") if not left else ("type", "popup")
    window, scrolled, typed, popup = 0, 0, 0, 0
    x = 60 if left else 200
    for number in range(count):
        if number and chance.random() < busy:
            match kinds[int(chance.integers(len(kinds)))]:
                case "type":
                    typed += 1
                case "scroll":
                    scrolled += int(chance.integers(2, 9))
                case "switch":
                    window, scrolled = (window + int(chance.integers(1, 4))) % 4, 0
                case _:
                    popup = 0 if popup else number
        shown = _window(seed, window, scrolled, typed, x)
        if popup:
            shown.box((x + 100, 500, 420, 180), (200, 120, 130))
            text(shown, wording(np.random.default_rng(popup), 28), (x + 120, 560), 22, 20)
        text(shown, f"14:{number // 12 % 60:02d}", (1850, 1050), 16, 20)
        if number % 2:
            shown.box((x + 10, 700, 2, 18), (10, 128, 128))
        mouse = chance.integers((0, 100), (1900, 1040))
        shown.box((int(mouse[0]), int(mouse[1]), 10, 16), (5, 128, 128))
        if over:
            over(shown, number)
        yield Look(thumb_of(shown, chance, 0.0), (window, scrolled, typed, popup))


def _window(seed: int, window: int, scrolled: int, typed: int, x: int) -> Canvas:
    """A window of text, of which `scrolled` lines are above its upper edge and `typed` below its lower."""
    paper = 245 if window % 2 else 30
    ink = 40 if window % 2 else 200
    canvas = Canvas.of(paper)
    for row in range(34 if scrolled or window else 26):
        line = np.random.default_rng((seed, window, row + scrolled))
        if line.random() < 0.85:
            text(canvas, wording(line, int(line.integers(22, 90))), (x, 40 + 24 * row), 15, ink)
    for row in range(typed % 8 if typed else 0):
        line = np.random.default_rng((seed, 99, typed // 8, row))
        text(canvas, wording(line, int(line.integers(22, 60))), (x, 870 + 20 * row), 14, ink)
    if typed:
        text(canvas, f"{wording(np.random.default_rng((seed, 98, typed // 8)), 30)}", (x, 1040), 14, ink)
    return canvas


def _lines(seed: int, count: int, contrast: int, sizes: tuple[int, int]) -> Iterator[Look]:
    chance = np.random.default_rng(seed)
    canvas = page(chance, 8, 18)
    paper, line, shows = float(canvas.luma[140, 240]), None, 0
    for number in range(count):
        if number and chance.random() < 0.3:
            at, size = (
                (int(chance.integers(40, 1500)), int(chance.integers(560, 1030))),
                chance.integers(*sizes),
            )
            line, shows = (None, 0) if line else ((wording(chance, 20), at, int(size)), number)
        shown = canvas.copy()
        if line:
            text(shown, *line, paper - contrast if paper > 128 else paper + contrast)
        yield Look(thumb_of(shown, chance, 0.0), shows)


def page(chance: Chance, rows: int, size: int) -> Canvas:
    """The upper half of a page with text on it."""
    light = bool(chance.integers(2))
    canvas = Canvas.of(float(chance.integers(225, 250) if light else chance.integers(20, 50)))
    for row in range(rows):
        words = wording(chance, int(chance.integers(20, 60)))
        text(canvas, words, (100, 60 + 2 * size * row), size, 30 if light else 220)
    return canvas


def room(chance: Chance) -> Canvas:
    """A scene of surfaces with some texture."""
    canvas = Canvas.of(float(chance.integers(90, 150)))
    for _ in range(24):
        at = int(chance.integers(0, 1800)), int(chance.integers(0, 1000))
        size = int(chance.integers(60, 700)), int(chance.integers(60, 500))
        canvas.box(
            (*at, *size), (float(chance.integers(40, 210)), *chance.integers(108, 149, 2).astype(float))
        )
    canvas.luma += texture(chance, HIGH, WIDE, 1.5) * 4
    return canvas


def texture(chance: Chance, high: int, wide: int, grain: float) -> Plane:
    """Smooth noise of spread 1, with details of about `grain` pixels."""
    coarse = chance.normal(0, 1, (int(high / grain) + 3, int(wide / grain) + 3)).astype(np.float32)
    y, x = np.arange(high, dtype=np.float32) / grain, np.arange(wide, dtype=np.float32) / grain
    found = _between(coarse, *np.meshgrid(y, x, indexing="ij"))
    return found / np.float32(max(float(found.std()), 1e-6))


def _swayed(leaves: Plane, wind: Chance, strength: float, shape: tuple[int, int]) -> Plane:
    """A part of the leaves, each bough of which was bent its own way."""
    y, x = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in shape), indexing="ij")
    bent = [texture(wind, *shape, 24.0) * strength + 20 for _ in range(2)]
    return _between(leaves, y + bent[0].clip(0, 40), x + bent[1].clip(0, 40))


def _between(values: Plane, y: Plane, x: Plane) -> Plane:
    """The values at places between pixels."""
    row, column = y.astype(np.intp), x.astype(np.intp)
    down, right = y - row, x - column
    upper = values[row, column] * (1 - right) + values[row, column + 1] * right
    lower = values[row + 1, column] * (1 - right) + values[row + 1, column + 1] * right
    found: Plane = (upper * (1 - down) + lower * down).astype(np.float32)
    return found


def wording(chance: Chance, count: int) -> str:
    """So many characters that look like words."""
    letters = np.array(list("abcdefghijklmnoprstuvwy"))
    made = chance.choice(letters, count)
    made[int(chance.integers(3, 8)) : count - 1 : 7] = " "
    return "".join(made)


def thumb_of(canvas: Canvas, chance: Chance, noise: float) -> Thumb:
    """The thumb, with what scaling leaves of a sensor's noise; a coder's is not on it."""
    luma = canvas.luma
    if noise:
        high, wide = luma.shape
        fine = chance.normal(0, noise, luma.shape)
        blocks = chance.normal(0, noise / 2, (high // 2, wide // 2)).repeat(2, axis=0).repeat(2, axis=1)
        luma = (luma + fine + blocks).astype(np.float32)
    return canvas.thumb(luma, chance, noise)
