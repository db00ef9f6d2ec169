"""How a query is read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mem.index import Every, Word
from mem.search import parse

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("", "everything"),
        ("budget invoice", "budget AND invoice"),
        ("a AND b && c", "a AND b AND c"),
        ("a OR b c", "(a OR b) AND c"),
        ("a | b OR c", "(a OR b OR c)"),
        ("a or b", "a AND or AND b"),
        ("-a NOT b", "NOT a AND NOT b"),
        ('"one two" -"three"*', '"one two" AND NOT three*'),
        ('"one"', '"one"'),
        ("“one two” „three four“", '"one two" AND "three four"'),
        ("invoic* rec~ recieve~", "invoic* AND rec AND recieve~"),
        ("RE16-TGK", '("re16 tgk" OR re16tgk)'),
        ("e-mail*", '"e mail"*'),
        ("http://x.com/a?b=c", '"http x com a b c"'),
        ("會議", '"會 議"'),
        ("C++ (really?)", "c AND really"),
        ("kind:speech,notes", "everything; kind: speech or note"),
        ('source:"front door" -tag:done lang:EN', "everything; source: front door; tag not: done; lang: EN"),
        ("after:2026-11-20 before:2h", "everything; from 2026-11-20T00:00:00Z; before 2026-11-23T10:30:00Z"),
        ("after:2026 after:2025-03", "everything; from 2026-01-01T00:00:00Z"),
        ("x before:2026-11-20T14:05+01:00", "x; before 2026-11-20T13:05:00Z"),
        # What is none of this is read as words, and the answer says so.
        ("OR a", "or AND a; an OR without a neighbour was read as a word"),
        ("a OR", "a AND or; an OR without a neighbour was read as a word"),
        ("a NOT", "a AND not"),
        ('the "open quote', "the AND open AND quote; a quotation mark without its pair was left out"),
        ("kind:film", '"kind film"; kind:film is no filter and was read as words'),
        ("before:banana", '"before banana"; before:banana names no time and was read as words'),
        ("before:2026-13", '"before 2026 13"; before:2026-13 names no time and was read as words'),
        ("source: x", "source AND x; source: has no value and was read as a word"),
        (
            "before: lang:",
            "before AND lang"
            + "".join(f"; {key}: has no value and was read as a word" for key in ("before", "lang")),
        ),
        ("-before:2026", 'NOT "before 2026"; before:2026 cannot be excluded and was read as words'),
        ("colour:red", '"colour red"'),
        ("AND", "and"),
        ("a AND", "a AND and"),
        ("&& a |", "a"),
        ("kind:note AND a AND lang:en", "a; kind: note; lang: en"),
        # What holds no word finds nothing; a star alone is everything.
        ("*", "everything"),
        *(
            (symbols, "nothing; it holds no word, so it finds nothing")
            for symbols in ("👍", "%", '""', "- || &&")
        ),
        ("kind:note 👍", "nothing; kind: note; it holds no word, so it finds nothing"),
        ("% kind:", "kind; kind: has no value and was read as a word"),
        ("1,234.56", '("1 234 56" OR 1234.56)'),
        ("1234.56", '("1234 56" OR 1234.56)'),
    ],
)
def test_a_query_is_read_as(text: str, read_as: str):
    assert parse(text, now=NOW).read_as == read_as


def test_local_times_are_in_the_zone_that_is_given():
    zone = ZoneInfo("Europe/Berlin")
    assert parse("after:2026-11-20", zone=zone, now=NOW).after == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert parse("after:today", zone=zone, now=NOW).after == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert parse("after:2026-11-20T14:05", zone=zone).after == datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def test_a_query_is_read_to_its_512th_character_and_a_word_that_is_cut_there_is_left_out():
    parsed = parse("word " * 200)
    assert len(parsed.clause.clauses) == 102
    assert "only the first 512 characters were read" in parsed.read_as
    [word] = parse("q" * 600).clause.clauses
    assert word.text == "q" * 64


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_the_first_and_the_last_instant_are_times_in_every_zone(zone: str):
    parsed = parse("after:0001-01-01 before:9999-12-31T23:59:59.999", zone=ZoneInfo(zone), now=NOW)
    assert (parsed.after.year, parsed.before.year) == (1, 9999)


@given(st.text(max_size=600))
@example("\ud800 \x00")
@example('"' * 512)
@example("-" * 512)
@example("OR " * 170)
@example("after:" + "9" * 400)
@example("before:99999w after:-999999w before:0001-01-01T00:00+14:00")
def test_nothing_is_an_error(text: str):
    assert parse(text, zone=ZoneInfo("Pacific/Kiritimati"), now=NOW).read_as


@given(st.lists(st.text("abcdefgh123éß", min_size=1, max_size=9), max_size=20))
def test_plain_words_are_all_wanted(words: list[str]):
    clause = parse(" ".join(words)).clause
    assert isinstance(clause, Every)
    assert len(clause.clauses) == len(words)
    assert all(isinstance(each, Word) for each in clause.clauses)
