"""Footage that is hard on a keep rule, none of which it was made with: weather, lamps, cameras, screens."""

import math
from collections.abc import Iterator

import numpy as np

from mem.bench.drawing import HIGH, WIDE, Canvas, person, text
from mem.bench.footage import Kind, Look, page, room, scene, texture, thumb_of, wording

_ROWS = 36  # of text, 24 pixels apart


def gain(seed: int, count: int) -> Iterator[Look]:
    """A camera at night whose noise grows and shrinks with its gain."""
    chance, strong = np.random.default_rng(seed), 2.0

    def over(canvas: Canvas, number: int) -> None:
        nonlocal strong
        if number % 40 == 0:
            strong = float(chance.uniform(1.0, 5.0))
        canvas.luma += np.random.default_rng((seed, number)).normal(0, strong, canvas.luma.shape)

    yield from scene(seed, count, noise=0.8, dim=0.3, contrast=34, over=over)


def snow(seed: int, count: int) -> Iterator[Look]:
    """A camera in the snow: bright flakes everywhere, others in each look."""
    flakes = int(np.random.default_rng(seed).integers(100, 500))

    def over(canvas: Canvas, number: int) -> None:
        falling = np.random.default_rng((seed, number))
        places = falling.integers((0, 0), (HIGH - 3, WIDE - 3), (flakes, 2))
        for (y, x), side in zip(places, falling.integers(1, 4, flakes), strict=True):
            canvas.luma[y : y + side, x : x + side] += falling.uniform(8, 40)

    yield from scene(seed, count, over=over)


def flicker(seed: int, count: int) -> Iterator[Look]:
    """Lamps on the mains under a rolling shutter: bands of light across the picture, elsewhere each time."""
    chance = np.random.default_rng(seed)
    depth, bands = float(chance.uniform(0.02, 0.07)), float(chance.uniform(1.2, 3.0))
    rows = np.linspace(0, 2 * math.pi * bands, HIGH, dtype=np.float32)[:, None]

    def over(canvas: Canvas, number: int) -> None:
        phase = np.random.default_rng((seed, number)).uniform(0, 6.28)
        canvas.luma *= 1 + depth * np.sin(rows + phase)

    yield from scene(seed, count, over=over)


def exposure(seed: int, count: int) -> Iterator[Look]:
    """A camera that sets its exposure anew now and then, in steps; bright parts are clipped."""
    chance, by = np.random.default_rng(seed), 1.0

    def over(canvas: Canvas, number: int) -> None:  # noqa: ARG001 - whenever
        nonlocal by
        if chance.random() < 0.05:
            by = float(chance.uniform(0.75, 1.3))
        canvas.luma *= np.float32(by)

    yield from scene(seed, count, over=over, light=0)


def infrared(seed: int, count: int) -> Iterator[Look]:
    """A camera that goes over to infrared and back: the same things in other tones, without colours."""
    chance, lit = np.random.default_rng(seed), False
    day, tones = room(chance), texture(chance, HIGH, WIDE, 60.0) * 22
    for number in range(count):
        if number and chance.random() < 0.03:
            lit = not lit
        shown = day.copy()
        if lit:
            shown.luma = 60 + shown.luma * 0.5 + tones
            shown.chroma[:] = 128
        yield Look(thumb_of(shown, chance, 2.0 if lit else 0.8), lit)


def daylight(seed: int, count: int) -> Iterator[Look]:
    """Hours of daylight that comes and goes and tints what it falls on, without a hard shadow."""

    def over(canvas: Canvas, number: int) -> None:
        hour = number / 720 + seed
        slope = np.linspace(-1, 1, WIDE, dtype=np.float32)[None, :]
        canvas.luma *= np.float32(0.75 + 0.35 * math.sin(hour)) * (1 + 0.03 * math.sin(hour * 2) * slope)
        canvas.chroma[0] += 4 * math.sin(hour)

    yield from scene(seed, count, over=over, light=0)


def distance(seed: int, count: int) -> Iterator[Look]:
    """Someone far away, 1 % of the picture and hardly brighter or darker than what is behind them."""
    chance, base = np.random.default_rng(seed), room(np.random.default_rng((seed, 1)))
    for number in range(count):
        shown, there = base.copy(), chance.random() < 0.2
        if there:
            at = int(chance.integers(0, 1800)), int(chance.integers(300, 840))
            person(shown, at, 230, chance, 22)
        yield Look(thumb_of(shown, chance, 0.8), number if there else None)


def slides(seed: int, count: int) -> Iterator[Look]:
    """Slides on which one word becomes another."""
    chance = np.random.default_rng(seed)
    base, word, shows = page(chance, 5, 34), "first draft", 0
    ink = 30 if base.luma[0, 0] > 128 else 220
    for number in range(count):
        if number and chance.random() < 0.2:
            word, shows = wording(chance, int(chance.integers(6, 12))), number
        shown = base.copy()
        text(shown, f"total {word} for this year", (120, 620), 36, ink)
        yield Look(thumb_of(shown, chance, 0.0), shows)


def terminal(seed: int, count: int) -> Iterator[Look]:
    """A terminal: output scrolls by in bursts, then it waits."""
    chance, first, running = np.random.default_rng(seed), 0, False
    for number in range(count):
        if chance.random() < 0.15:
            running = not running
        first += int(chance.integers(1, 40)) if running and number else 0
        yield Look(thumb_of(_rows(seed, first, 12, 200), chance, 0.0), first)


def cells(seed: int, count: int) -> Iterator[Look]:
    """A spreadsheet in which a cell of 20 characters is filled in, now and then."""
    chance, filled = np.random.default_rng(seed), 0
    sheet = Canvas.of(250)
    for row in range(0, 1080, 27):
        sheet.box((0, row, 1920, 1), (215, 128, 128))
    for column in range(0, 1920, 240):
        sheet.box((column, 0, 1, 1080), (215, 128, 128))
    for _ in range(24):
        _fill(sheet, chance)
    for number in range(count):
        if number and chance.random() < 0.2:
            filled = number
            _fill(sheet, chance)
        yield Look(thumb_of(sheet, chance, 0.0), filled)


def _fill(sheet: Canvas, chance: np.random.Generator) -> None:
    at = 240 * int(chance.integers(0, 8)) + 6, 27 * int(chance.integers(1, 39)) + 6
    sheet.box((*at, 230, 18), (250, 128, 128))
    text(sheet, wording(chance, 20), at, 14, 40)


def coding(seed: int, count: int) -> Iterator[Look]:
    """A dark editor in which a line of code is typed, 20 characters and more from look to look."""
    chance, typed, wide = np.random.default_rng(seed), 0, 0
    code = _rows(seed, 0, 15, 170)
    line, row = "", 6
    for number in range(count):
        if number and chance.random() < 0.3:
            typed += 1
            if wide > 60:
                row, wide, line = 6 + (row + 1) % 28, 0, ""
                code = code.copy()
            line += wording(chance, 22)
            wide += 22
        shown = code.copy()
        shown.box((0, 40 + 24 * row - 2, 1920, 24), (30, 128, 128))
        text(shown, line, (200, 40 + 24 * row), 15, 160)
        if number % 2:
            shown.box((206, 900, 2, 18), (200, 128, 128))
        yield Look(thumb_of(shown, chance, 0.0), (typed, row))


def chat(seed: int, count: int) -> Iterator[Look]:
    """A conversation: each message is a bubble that moves those before it up."""
    chance, sent = np.random.default_rng(seed), 12
    for number in range(count):
        if number and chance.random() < 0.15:
            sent += 1
        shown = Canvas.of(240)
        for up in range(12):
            said = np.random.default_rng((seed, sent - up))
            x, wide = (60 if said.random() < 0.5 else 900), int(said.integers(24, 50))
            shown.box((x, 960 - 80 * up, 13 * wide, 56), (215, 120, 120))
            text(shown, wording(said, wide), (x + 16, 974 - 80 * up), 20, 40)
        yield Look(thumb_of(shown, chance, 0.0), sent)


def call(seed: int, count: int) -> Iterator[Look]:
    """A video call: heads that talk and nod at the side, slides that change beside them."""
    chance, slide = np.random.default_rng(seed), 0
    for number in range(count):
        if number and chance.random() < 0.06:
            slide += 1
        shown = page(np.random.default_rng((seed, slide)), 9, 26)
        for place in range(3):
            y = 20 + 280 * place
            shown.box((1500, y, 400, 225), (90 + 20 * place, 124, 132))
            nod = chance.integers(-14, 15, 2)
            shown.box((1630 + int(nod[0]), y + 40 + int(nod[1]), 130, 150), (170, 116, 146))
            shown.box((1670 + int(nod[0]), y + 140, 50, int(chance.integers(4, 20))), (70, 120, 150))
        yield Look(thumb_of(shown, chance, 0.0), slide)


def mouse(seed: int, count: int) -> Iterator[Look]:
    """A page on which only the mouse moves and a caret blinks."""
    chance = np.random.default_rng(seed)
    base = _rows(seed, 0, 15, 170)
    for number in range(count):
        shown = base.copy()
        x, y = (int(side) for side in chance.integers((0, 0), (1900, 1050)))
        shown.box((x, y, 12, 18), (235, 128, 128))
        if number % 2:
            shown.box((420, 520, 2, 18), (200, 128, 128))
        yield Look(thumb_of(shown, chance, 0.0), 0)


def progress(seed: int, count: int) -> Iterator[Look]:
    """A bar that grows in each look; the line below it says another thing when it is full."""
    chance, step, done = np.random.default_rng(seed), 0, 0
    base = page(chance, 6, 20)
    for _ in range(count):
        step += int(chance.integers(1, 3))
        if step > 60:
            step, done = 0, done + 1
        shown = base.copy()
        shown.box((200, 700, 1200, 26), (190, 128, 128))
        shown.box((200, 700, 20 * step, 26), (110, 170, 90))
        shown.box((200, 740, 1200, 30), (25, 128, 128))
        text(shown, wording(np.random.default_rng((seed, done)), 34), (204, 744), 18, 220)
        yield Look(thumb_of(shown, chance, 0.0), done)


def _rows(seed: int, first: int, size: int, ink: float) -> Canvas:
    """A dark page of text from the row `first` on."""
    canvas = Canvas.of(30)
    for row in range(_ROWS):
        line = np.random.default_rng((seed, first + row))
        text(canvas, wording(line, int(line.integers(22, 90))), (60, 40 + 24 * row), size, ink)
    return canvas


KINDS: dict[str, Kind] = {
    "gain": gain, "snow": snow, "flicker": flicker, "exposure": exposure, "infrared": infrared,
    "daylight": daylight, "distance": distance, "slides": slides, "terminal": terminal, "cells": cells,
    "coding": coding, "chat": chat, "call": call, "mouse": mouse, "progress": progress,
}  # fmt: skip
