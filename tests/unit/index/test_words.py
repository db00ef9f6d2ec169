"""How texts are cut into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.index import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("RE16-TGK", ["re16", "tgk"]),
        ("don't", ["don", "t"]),
        ("snake_case", ["snake", "case"]),
        ("Café naïve Ørsted Straße œuvre", ["cafe", "naive", "orsted", "strasse", "oeuvre"]),
        ("e\u0301te\u0301", ["ete"]),
        ("ﬁne ½", ["fine", "1", "2"]),
        ("İstanbul", ["istanbul"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("会議の", ["会", "議", "の"]),
        ("GPU使用率", ["gpu", "使", "用", "率"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("مُحَمَّد", ["محمد"]),
        ("ภาษาไทย ที่", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย", "ที่"]),
        ("ລາວ ខ្មែរ မြန်မာ", ["ລ", "າ", "ວ", "ខ្", "មែ", "រ", "မြ", "န်", "မာ"]),
        ("が・か", ["か\u3099", "か"]),
        ("soft\u00adhyphen zero\u200bwidth می\u200cخواهم", ["softhyphen", "zerowidth", "میخواهم"]),
        ("ab\u2060c\ufeff 葛\U000e0100城", ["abc", "葛", "城"]),
        ("\ud800 a\x00b", ["a", "b"]),
        ("", []),
        ("🙂 --- …", []),
    ],
)
def test_tokens(text: str, expected: list[str]):
    assert words.plain(text) == expected
    assert [token.text for token in words.tokens(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words only", []),
        ("RE16-TGK", [("re16tgk", "RE16-TGK"), ("re", "RE"), ("16", "16")]),
        ("getUserName", [("get", "get"), ("user", "User"), ("name", "Name")]),
        ("HTTPServer", [("http", "HTTP"), ("server", "Server")]),
        ("an e-mail isn’t", [("email", "e-mail"), ("isnt", "isn’t")]),
        ("10,000, 1,234,567 1,2 12,3456", [("10000", "10,000"), ("1234567", "1,234,567")]),
        ("2026-11-20 3.5 1234.56.78 2026.11.20", []),
        ("at 1234.56, 1,234.56", [("1234", "1,234"), ("1234.56", "1234.56"), ("1234.56", "1,234.56")]),
        ("mp4", [("mp", "mp")]),
    ],
)
def test_parts(text: str, expected: list[tuple[str, str]]):
    assert [(part.text, text[part.start : part.end]) for part in words.parts(text)] == expected


@given(st.text())
def test_places_are_exact(text: str):
    """Each token, cut out of the original by its place, is that token again."""
    found = words.tokens(text)
    assert [token.text for token in found] == words.plain(text)
    for token in found:
        assert 0 <= token.start < token.end <= len(text)
        assert token.text in words.fold(text[token.start : token.end])
    assert [token.start for token in found] == sorted(token.start for token in found)


@given(st.text(st.sampled_from("aBc1-_', é’") | st.characters()))
def test_the_short_ways_agree_with_the_long_ones(text: str):
    assert words.spaced(text).split() == words.plain(text)
    assert words.may_have_parts(text) or not list(words.parts(text))


def test_a_word_of_any_length_is_cut():
    long = "x" * 100
    assert words.spaced(f"a {long}") == f"a {long[: words.LONGEST]}"


@given(st.text(alphabet=st.characters(categories=["L", "N"])))
def test_folding_twice_changes_nothing(text: str):
    assert words.fold(words.fold(text)) == words.fold(text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("invoice", ("invoices",)),
        ("invoices", ("invoice",)),
        ("company", ("companies",)),
        ("companies", ("company",)),
        ("boxes", ("box", "boxe")),
        ("address", ("addresses",)),
        ("toy", ()),
        ("news", ()),
        ("grün", ()),
        ("re16", ()),
    ],
)
def test_forms(word: str, expected: tuple[str, ...]):
    assert words.forms(word) == expected


@pytest.mark.parametrize(
    ("word", "other", "errors"),
    [
        ("invoice", "invoice", 0),
        ("invocie", "invoice", 1),
        ("invoic", "invoice", 1),
        ("onvoice", "invoice", 1),
        ("invoices", "invoice", 1),
        ("recieev", "receive", 2),
        ("abc", "cab", 2),
        ("", "ab", 2),
    ],
)
def test_typing_errors_are_counted(word: str, other: str, errors: int):
    assert words.within(word, other, errors)
    assert errors == 0 or not words.within(word, other, errors - 1)


@pytest.mark.parametrize(
    ("word", "errors"), [("four", 0), ("seven", 1), ("elephants", 2), ("re16abc", 0), ("12345", 0)]
)
def test_only_longer_words_may_be_mistyped(word: str, errors: int):
    assert words.tolerance(word) == errors
