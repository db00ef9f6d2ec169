"""What is marked in a text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.index import words
from mem.search import highlight, parse

TEXT = "Ein Café — das CAFÉ e\u0301te\u0301, «naïve» 🙂 Hauptstraße 12: cafés"


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("cafe", ["Café", "CAFÉ", "cafés"]),
        ('"cafe"', ["Café", "CAFÉ"]),
        ("CAFÉ -naive", ["Café", "CAFÉ", "cafés"]),
        ("ete", ["e\u0301te\u0301"]),
        ("hauptstrasse", ["Hauptstraße"]),
        ("haupt*", ["Hauptstraße"]),
        ("hauptstarsse~", ["Hauptstraße"]),
        ('"das cafe ete"', ["das CAFÉ e\u0301te\u0301"]),
        ('"naive haupt"*', ["naïve» 🙂 Hauptstraße"]),
        ("cafe OR 12", ["Café", "CAFÉ", "12", "cafés"]),
        ('cafe "cafe ete"', ["Café", "CAFÉ e\u0301te\u0301", "cafés"]),
        ("", []),
        ("-cafe", []),
    ],
)
def test_marks(query: str, marked: list[str]):
    ranges = highlight.ranges(TEXT, parse(query).clause)
    assert [TEXT[start:end] for start, end in ranges] == marked


@given(st.text(max_size=80), st.data())
def test_a_word_of_a_text_marks_itself(text: str, data: st.DataObject):
    found = words.tokens(text)
    if not found:
        return
    token = data.draw(st.sampled_from(found))
    ranges = highlight.ranges(text, parse(f'"{token.text}"').clause)
    assert any(start <= token.start and token.end <= end for start, end in ranges)
    assert list(ranges) == sorted(ranges)
    assert all(before[1] <= after[0] for before, after in pairwise(ranges))


PLAIN = st.lists(
    st.sampled_from(
        ["red", "red-box", "RE16-TGK", "reddish", "a", "the", "userName", "12", "don't", "_", "r" * 70]
    ),
    max_size=8,
).map(" ".join)
ASKED = st.sampled_from(
    [
        "red",
        "red*",
        "re*",
        '"the red"',
        '"a a"',
        '"the re"*',
        "rdedish~",
        "16",
        "user OR a",
        '"red"',
        "r" * 70,
    ]
)


@given(PLAIN, ASKED)
def test_plain_text_is_marked_as_any_other(text: str, asked: str):
    clause = parse(asked).clause
    assert highlight.ranges(text, clause) == highlight.ranges(f"{text} \u0436", clause)


@given(st.text(max_size=40), st.data())
def test_ranges_in_bytes_cut_out_the_same(text: str, data: st.DataObject):
    text = text.encode("utf-8", "replace").decode()
    places = st.integers(0, len(text))
    found = sorted(data.draw(st.lists(st.tuples(places, places).map(sorted).map(tuple), max_size=4)))
    cut = [text.encode()[start:end].decode() for start, end in highlight.in_bytes(text, found)]
    assert cut == [text[start:end] for start, end in found]
