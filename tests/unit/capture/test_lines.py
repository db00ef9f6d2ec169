"""Lines over time."""

from mem.capture.lines import Standing
from mem.capture.plan import Shown
from mem.ocr import Line
from mem.types import Box

PLACE = Box(40, 100, 200, 16)


def line(text: str, box: Box = PLACE) -> Line:
    return Line(text, 0.9, box)


def rows(*scenes: list[Line], gap_before: int | None = None) -> list[tuple[str, int, int, int]]:
    """Text, start and end (in s) and first frame of the rows that scenes of 1 s each make."""
    standing = Standing(0, [])
    for number, lines in enumerate(scenes):
        late = 500 if gap_before is not None and number >= gap_before else 0
        standing.show(Shown(number, number * 1000 + late, (number + 1) * 1000 + late), lines)
    return [(s.line.text, s.start_ms, s.end_ms, s.frame_id) for s in standing.new()]


def test_a_line_that_stands_over_many_frames_is_one_row():
    assert rows(*[[line("a")]] * 50) == [("a", 0, 50_000, 0)]


def test_a_line_ends_where_it_is_gone_and_begins_again_where_it_comes_back():
    assert rows([line("a")], [], [line("a")]) == [("a", 0, 1000, 0), ("a", 2000, 3000, 2)]


def test_another_text_at_the_same_place_is_another_row():
    assert rows([line("a")], [line("ab")]) == [("a", 0, 1000, 0), ("ab", 1000, 2000, 1)]


def test_readings_that_differ_in_space_and_case_are_one_row():
    assert rows([line("In voice 2381")], [line("Invoice 2381")]) == [("In voice 2381", 0, 2000, 0)]


def test_a_line_that_trembles_is_one_row_and_one_that_moved_away_another():
    moved = [Box(41, 101, 199, 15), Box(40, 140, 200, 16)]
    told = rows([line("a")], *[[line("a", box)] for box in moved])
    assert told == [("a", 0, 2000, 0), ("a", 2000, 3000, 2)]


def test_equal_lines_at_different_places_are_told_apart():
    below = Box(40, 130, 200, 16)
    assert rows([line("a"), line("a", below)], [line("a", below)]) == [("a", 0, 1000, 0), ("a", 0, 2000, 0)]


def test_nothing_stands_over_a_time_that_was_not_seen():
    assert rows([line("a")], [line("a")], gap_before=1) == [("a", 0, 1000, 0), ("a", 1500, 2500, 1)]


def test_what_is_stored_is_told_again_only_when_it_stands_longer():
    standing = Standing(0, [])
    standing.show(Shown(1, 0, 1000), [line("a")])
    (row,) = standing.new()
    row.id = 7
    standing.stored()
    assert list(standing.ends()) == []
    standing.show(Shown(2, 1000, 2000), [line("a")])
    assert (list(standing.ends()), standing.new()) == ([(7, 2000)], [])
