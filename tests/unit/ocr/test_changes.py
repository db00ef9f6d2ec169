"""What of a picture is read anew."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mem.ocr import changes
from mem.types import Box

LINES = [f"line {number} of a page that stands still" for number in range(12)]
STEP, LEFT = 30, 20


def page(lines: list[str], *, dark: bool = False) -> Image.Image:
    ground, ink = ((30, 30, 30), (212, 212, 212)) if dark else ((255, 255, 255), (20, 20, 20))
    made = Image.new("RGB", (640, 400), ground)
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(14)
    for number, line in enumerate(lines):
        draw.text((LEFT, 10 + number * STEP), line, font=font, fill=ink)
    return made


def kept(made: Image.Image) -> np.ndarray:
    """The page as it comes back out of a frame."""
    out = io.BytesIO()
    made.save(out, "WEBP", quality=75, method=2)
    return np.asarray(Image.open(out).convert("RGB"))


def typed(number: int, more: str) -> list[str]:
    return [line + more if n == number else line for n, line in enumerate(LINES)]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("more", ["x", ".", " il"])
def test_a_single_sign_that_was_typed_is_one_band_around_its_line(dark, more):
    before, now = (kept(page(lines, dark=dark)) for lines in (LINES, typed(5, more)))
    (band,) = changes.bands(now, changes.changed(before, now))
    top = 10 + 5 * STEP
    assert band.top <= top + 2
    assert band.bottom >= top + 14
    assert band.bottom - band.top < 2 * STEP


def test_what_only_its_coding_made_different_has_not_changed():
    before = kept(page(LINES))
    noisy = np.clip(before.astype(int) + np.random.default_rng(3).normal(0, 4, before.shape), 0, 255)
    assert not changes.changed(before, kept(Image.fromarray(noisy.astype(np.uint8)))).any()


def test_faint_text_on_a_like_ground_counts():
    before = np.full((64, 64, 3), 60, np.uint8)
    now = before.copy()
    now[20:30, 20:30] = 90
    assert changes.changed(before, now).any()


@pytest.mark.parametrize(("ground", "ink"), [(240, 200), (30, 70)])
@pytest.mark.parametrize("size", [12, 14, 20])
def test_pale_text_that_is_typed_counts_along_its_line(ground, ink, size):
    made = Image.new("RGB", (640, 64), (ground,) * 3)
    before = kept(made)
    words = "so pale that it is hard to see"
    ImageDraw.Draw(made).text((LEFT, 24), words, font=ImageFont.load_default(size), fill=(ink,) * 3)
    cells = changes.changed(before, kept(made))
    length = ImageFont.load_default(size).getlength(words)
    assert np.count_nonzero(cells.any(axis=0)) > 0.6 * length / changes.CELL
    assert not cells[:, int(LEFT + length) // changes.CELL + 2 :].any()


def test_lines_that_are_to_be_read_as_well_are_within_one_band_each():
    made = kept(page(LINES))
    cells = changes.changed(made, kept(page(typed(5, "x"))))
    near = Box(LEFT, 10 + 6 * STEP, 200, 16)
    far = Box(LEFT, 10 + 10 * STEP, 200, 16)
    bands = changes.bands(made, cells, [far, near])
    assert bands == sorted(bands, key=lambda band: band.top)
    assert all(one.bottom < two.top for one, two in itertools.pairwise(bands))
    for box in (near, far):
        assert any(band.top < box.y and box.y + box.height < band.bottom for band in bands)


def test_what_is_of_one_colour_shows_nothing():
    made = np.full((40, 40, 3), (10, 200, 90), np.uint8)
    made[20, 20] = 0
    assert np.argwhere(changes.drawn(made)).tolist() == [[2, 2]]


def test_changes_far_apart_are_read_apart():
    before, now = kept(page(LINES)), kept(page([*typed(1, "x")[:9], *typed(9, "y")[9:]]))
    bands = changes.bands(now, changes.changed(before, now))
    assert len(bands) == 2
    assert bands[0].bottom < bands[1].top


def test_a_picture_that_did_not_change_has_no_band():
    made = kept(page(LINES))
    assert changes.bands(made, changes.changed(made, made)) == []


def test_a_box_is_touched_by_a_changed_cell_within_it_alone():
    cells = np.zeros((10, 10), bool)
    cells[2, 3] = True  # rows 16 to 23, columns 24 to 31
    assert changes.touched(cells, Box(20, 10, 10, 10))
    assert not changes.touched(cells, Box(32, 10, 10, 10))
    assert not changes.touched(cells, Box(20, 24, 10, 10))


@pytest.mark.parametrize("size", [(2, 1), (7, 9), (33, 17)])
def test_pictures_of_any_size_can_be_compared(size):
    before = np.zeros((*size, 3), np.uint8)
    now = before + 255
    (band,) = changes.bands(now, changes.changed(before, now))
    assert (band.top, band.bottom) == (0, size[0])
