"""What is covered before a text is stored, and what is left as it is."""

import pytest

from mem.capture import masks

ALL = ("cards", "emails", "keys")


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("pay 4111 1111 1111 1111 now", "pay [card] now"),
        ("5500-0000-0000-0004", "[card]"),
        ("write to ada.l+x@mail.example.org.", "write to [email]."),
        ("ada at example dot org", "[email]"),
        ("ada [at] example [dot] co [dot] uk", "[email]"),
        ("key AKIAIOSFODNN7EXAMPLE end", "key [key] end"),
        ("ghp_0123456789abcdefghij0123456789abcdef", "[key]"),
        ("mem_ab12cd34_0123456789abcdefghijklmnop", "[key]"),
        ("postgresql://ada:hunter2hunter@db/x", "postgresql://[key]@db/x"),
        ("password: correct-horse", "[key]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF", "[key]"),
        ("-----BEGIN RSA PRIVATE KEY-----", "[key]"),
    ],
)
def test_what_is_secret_is_covered(text, covered):
    assert masks.text(text, ALL) == covered


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # no card has that last digit
        "0000 0000 0000 0000",
        "meet at noon dot dot dot",
        "the password is short",
        "call +49 30 1234567 at 14:00",
        "2026-11-23T14:00:05.500Z",
        "@everyone",
    ],
)
def test_what_is_no_secret_is_left(text):
    assert masks.text(text, ALL) == text


def test_only_what_is_asked_for_is_covered():
    text = "4111 1111 1111 1111 a@b.org"
    assert masks.text(text, ("emails",)) == "4111 1111 1111 1111 [email]"
    assert masks.text(text, ()) == text


def test_a_number_that_was_spoken_in_parts_is_covered_in_each_of_them():
    said = [" the", " card", " 4111", " 1111", " 1111", " 1111", " please"]
    assert masks.words(said, ALL) == [" the", " card", *[" [card]"] * 4, " please"]


def test_words_without_spaces_are_taken_as_words():
    assert masks.words(["write", "a@b.org", "now"], ALL) == ["write", "[email]", "now"]
