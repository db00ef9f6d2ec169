"""Plain tables and cleaned texts."""

from hypothesis import given
from hypothesis import strategies as st

from mem.cli import render
from mem.cli.render import Cell, Column

COLUMNS = (Column("Id", right=True), Column("Name"), Column("What", wide=True))


def lines(*rows):
    return list(render.plain_lines(COLUMNS, [[render.cell(value) for value in row] for row in rows]))


def test_columns_are_aligned_and_the_last_is_as_long_as_it_is():
    assert lines((1, "a", "x" * 200), (12, None, "y")) == [
        "ID  NAME  WHAT",
        " 1  a     " + "x" * 200,
        "12        y",
    ]


def test_wide_characters_take_two_columns():
    first, second = lines((1, "日本", "x"), (2, "ab", "y"))[1:]
    assert (first, second) == (" 1  日本  x", " 2  ab    y")


@given(st.text())
def test_cleaning_keeps_the_length_and_nothing_that_steers(text):
    cleaned = render.clean(text)
    assert len(cleaned) == len(text)
    assert not set(cleaned) & set("\x00\x1b\x9b\n\r\t\u202e\u2066")


def test_marks_survive_cleaning():
    assert render.cell(Cell("a\nword", "speech", ((2, 6),))) == Cell("a word", "speech", ((2, 6),))
