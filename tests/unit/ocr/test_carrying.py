"""Which lines go over from one picture to the next."""

import numpy as np
import pytest

from mem.ocr import Line
from mem.ocr.carrying import Carried
from mem.ocr.changes import Band
from mem.types import Box

HEIGHT, WIDTH = 30, 40  # cells
BAND = Band(64, 112)


def line(text: str, x: int, y: int, width: int = 100, height: int = 16) -> Line:
    return Line(text, 0.9, Box(x, y, width, height))


def changed(*where: tuple[int, int]) -> np.ndarray:
    """Cells, row and column of those that changed."""
    cells = np.zeros((HEIGHT, WIDTH), bool)
    for place in where:
        cells[place] = True
    return cells


def texts(lines) -> list[str]:
    return [one.text for one in lines]


def test_what_nothing_touches_goes_over():
    carried = Carried.of(changed((20, 5)), [line("stands", 16, 80)])
    assert texts(carried.joined([line("new", 16, 160)])) == ["stands", "new"]


def test_a_line_that_was_typed_on_takes_the_place_of_what_stood():
    standing, grown = line("one two", 16, 80, 96), line("one two three", 16, 80, 144)
    carried = Carried.of(changed((10, 16), (11, 16)), [standing])  # columns 128 to 135, behind it
    assert carried.kept == [standing]
    assert carried.wanted(grown.box, BAND)
    assert texts(carried.joined([grown])) == ["one two three"]


def test_what_cannot_be_read_takes_no_place():
    carried = Carried.of(changed((10, 16)), [line("one two", 16, 80, 96)])
    assert texts(carried.joined([])) == ["one two"]


@pytest.mark.parametrize("part", [Box(16, 98, 150, 14), Box(16, 64, 150, 14)])
def test_a_part_that_the_edge_of_a_band_cuts_off_takes_no_place(part):
    carried = Carried.of(changed((8, 18), (13, 18)), [line("one two", 16, part.y, 110, 18)])
    assert not carried.wanted(part, BAND)


def test_at_the_edge_of_the_picture_nothing_is_cut_off():
    carried = Carried.of(changed((0, 18), (29, 18)), [line("top", 16, 0), line("end", 16, 224)])
    assert carried.wanted(Box(16, 0, 150, 16), Band(0, 64))
    assert carried.wanted(Box(16, 224, 150, 16), Band(200, 240))


def test_the_lower_half_of_a_line_takes_no_place():
    carried = Carried.of(changed((10, 16)), [line("tall", 16, 72, 100, 24)])
    assert not carried.wanted(Box(16, 86, 120, 10), BAND)


def test_a_touched_line_is_read_again_though_its_place_is_found_a_little_elsewhere():
    carried = Carried.of(changed((11, 5)), [line("near a change", 16, 73)])  # rows 88 to 95 changed
    assert texts(carried.touched) == ["near a change"]
    assert carried.wanted(Box(17, 74, 98, 14), BAND)
    assert not carried.wanted(Box(17, 40, 98, 14), BAND)


def test_a_line_touched_a_little_stands_where_nothing_else_is_found():
    carried = Carried.of(changed((9, 2)), [line("stands", 16, 72)])
    assert texts(carried.joined([])) == ["stands"]
    assert texts(carried.joined([line("reads", 16, 72)])) == ["reads"]
    assert texts(carried.joined([line("below", 16, 87)])) == ["stands", "below"]


def test_a_line_that_changed_and_is_not_found_again_is_gone():
    carried = Carried.of(changed(*((9, column) for column in range(2, 15))), [line("went", 16, 72)])
    assert carried.joined([]) == []
