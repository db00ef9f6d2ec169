"""Numbers in words."""

import pytest

from mem.cli import words


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (2**30, "1.0 GiB"), (2**50, "1024.0 TiB")],
)
def test_a_size_has_the_unit_that_keeps_it_short(number, text):
    assert words.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (2.76, "2.8 s"), (59, "59 s"), (61, "1:01"), (3599.7, "1:00:00"), (7325, "2:02:05")],
)
def test_a_length_of_time_reads_like_a_clock(seconds, text):
    assert words.duration(seconds) == text


def test_a_share_is_not_rounded_up_to_everything():
    assert [words.share(part) for part in (0, 0.917, 0.9999, 1)] == ["0 %", "92 %", "99.9 %", "100 %"]


def test_one_is_singular():
    assert [words.count(n, "frame") for n in (0, 1, 1204)] == ["0 frames", "1 frame", "1,204 frames"]
