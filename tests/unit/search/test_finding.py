"""What is found, on both engines."""

import pytest

from mem import types
from mem.errors import BadCursor, BadRequest, BadTime, NaiveTime
from mem.search import Query
from mem.store import notes, sources
from mem.types import Box

from .conftest import NOON, Recalled, at, start_time

IDENTIFIERS = "Order RE16-TGK, the getUserName call and 10,000 e-mails"


def test_all_words_must_stand_in_a_text(recalled: Recalled):
    source = recalled.source()
    recalled.say(source, "the budget of the invoice", 0)
    recalled.say(source, "the budget only", 100)
    assert recalled.found("invoice budget") == ["the budget of the invoice"]


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        ("red OR green", {"red apple", "green apple", "green pear"}),
        ("apple -red", {"green apple"}),
        ("-apple", {"green pear"}),
        ("NOT apple", {"green pear"}),
        ('"green apple"', {"green apple"}),
        ('"apple green"', set()),
        ("gre*", {"green apple", "green pear"}),
        ('"green p"*', {"green pear"}),
        ("pears", {"green pear"}),
        ('"pears"', set()),
        ("aplpe", {"red apple", "green apple"}),
        ("appel~ red", {"red apple"}),
        ("", {"red apple", "green apple", "green pear"}),
        ("red OR pear -green", {"red apple"}),
        ("“green pear”", {"green pear"}),
    ],
)
def test_operators(recalled: Recalled, query: str, answers: set[str]):
    source = recalled.source()
    for place, text in enumerate(("red apple", "green apple", "green pear")):
        recalled.say(source, text, place * 100)
    assert set(recalled.found(query)) == answers


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("RE16", ["RE16"]),
        ("tgk", ["TGK"]),
        ("16", ["16"]),
        ("re16-tgk", ["RE16-TGK"]),
        ("re16tgk", ["RE16-TGK"]),
        ("user", ["User"]),
        ("getusername", ["getUserName"]),
        ("10000", ["10,000"]),
        ("10,000", ["10,000"]),
        ("emails", ["e-mails"]),
        ("email", ["e-mails"]),
        ("e-mails", ["e-mails"]),
    ],
)
def test_pieces_and_joined_forms_of_identifiers_are_found(recalled: Recalled, query: str, marked: list[str]):
    recalled.say(recalled.source(), IDENTIFIERS)
    [moment] = recalled.ask(query).moments
    [hit] = moment.hits
    assert [hit.text[start:end] for start, end in hit.highlights] == marked


@pytest.mark.parametrize("query", ["cafe", "CAFÉ", "café", "orsted", "strasse", "Strasse", "ете", "会議"])
def test_case_and_accents_do_not_matter(recalled: Recalled, query: str):
    text = "Im Café Ørsted, Hauptstraße: éte ЕТЕ 会議の議事録 Strasse"
    recalled.say(recalled.source(), text)
    assert recalled.found(query) == [text]


def test_a_number_or_a_short_word_is_never_taken_for_another(recalled: Recalled):
    source = recalled.source()
    recalled.say(source, "room 10234 is full")
    assert recalled.found("10235") == []
    assert recalled.found("foll") == []


def test_a_known_word_is_not_taken_for_a_similar_one_and_the_answer_says_when_it_is(recalled: Recalled):
    source = recalled.source()
    recalled.say(source, "my house", 0)
    recalled.say(source, "a mouse", 100)
    assert recalled.found("house") == ["my house"]
    page = recalled.ask("housse")
    assert page.total == 1
    assert page.read_as == 'housse; "housse" stands nowhere, so similar words are found'


def test_filters_in_the_query(recalled: Recalled):
    garage = recalled.source("Garage cam", location="Front Door", began=-1000)
    office = recalled.source("Office", location="Berlin")
    recalled.say(garage, "hello garage", 0)
    recalled.say(office, "hallo office", 50, language="de")
    recalled.note("hello note", 100, tags=["To do", "x"])
    assert recalled.found("kind:note") == ["hello note"]
    assert set(recalled.found("-kind:note")) == {"hello garage", "hallo office"}
    assert set(recalled.found("kind:speech,note hello")) == {"hello garage", "hello note"}
    assert recalled.found("lang:DE") == ["hallo office"]
    assert recalled.found("source:garage") == ["hello garage"]
    assert recalled.found("source:cam source:office lang:en") == ["hello garage"]
    assert set(recalled.found("-source:garage")) == {"hallo office", "hello note"}
    assert recalled.found('location:"front door"') == ["hello garage"]
    assert recalled.found('tag:"to DO"') == ["hello note"]
    assert recalled.found("tag:to") == []
    assert set(recalled.found("-tag:x")) == {"hello garage", "hallo office"}
    assert recalled.found("hello before:2026-11-20T12:01Z") == ["hello garage"]
    assert recalled.found("hello after:2026-11-20T12:01Z") == ["hello note"]
    assert recalled.found("source:nothing") == []
    assert recalled.found(f"source:{office.id}") == ["hallo office"]


def test_parameters_and_filters_in_the_query_must_both_hold(recalled: Recalled):
    first, second = recalled.source("first", location="here"), recalled.source("second", location="there")
    recalled.say(first, "one word", 0)
    recalled.say(second, "two word", 100)
    recalled.note("three word", 200)
    assert recalled.found("word", source_ids=(first.id,)) == ["one word"]
    assert recalled.found("word source:second", source_ids=(first.id,)) == []
    assert recalled.found("word", kinds=("note",)) == ["three word"]
    assert recalled.found("word kind:speech", kinds=("note",)) == []
    assert recalled.found("word", location="THERE") == ["two word"]
    assert recalled.found("word after:2026-11-20T12:03Z", end=at(190)) == []


def test_a_range_finds_what_overlaps_it_and_counts_what_lies_outside(recalled: Recalled):
    source = recalled.source()
    for second in (0, 100, 200):
        recalled.say(source, f"word {second}", second, lasting=10)
    page = recalled.ask("word", start=at(110), end=at(200))
    assert (page.total, page.outside_range) == (0, 3)
    page = recalled.ask("word", start=at(109), end=at(200))
    assert (page.total, page.outside_range) == (1, 2)
    page = recalled.ask("word", start=at(100.5), end=at(201))
    assert (page.total, page.outside_range) == (2, 1)


def test_counts_are_by_kind_and_source(recalled: Recalled):
    first, second = recalled.source(), recalled.source()
    recalled.say(first, "word")
    recalled.say(first, "word again")
    recalled.say(second, "word")
    recalled.note("word")
    page = recalled.ask("word", limit=1)
    assert page.total == 4
    assert page.counts_by_kind == {"speech": 3, "note": 1}
    assert page.counts_by_source == {first.id: 2, second.id: 1, 0: 1}


def test_sources_that_are_called_so_are_named(recalled: Recalled):
    source = recalled.source("Weekly Stand-up.mp4")
    assert recalled.ask("weekly").sources == {source.id: "Weekly Stand-up.mp4"}
    with recalled.db.write() as w:
        sources.edit(w, source.id, name="Monthly")
    assert recalled.ask("weekly").sources == {}
    assert recalled.ask("monthly").sources == {source.id: "Monthly"}


def test_hits_close_together_are_one_moment(recalled: Recalled):
    source, other = recalled.source(), recalled.source()
    for second in (0, 34, 69.999, 105):  # each lasts 5 s: gaps of 29 s, 30.999 s and 30.001 s
        recalled.say(source, f"word {second}", second)
    recalled.say(other, "word elsewhere", 3)
    moments = recalled.ask("word", sort="time").moments
    assert [(m.start, m.end, m.hit_count) for m in moments] == [
        (at(105), at(110), 1),
        (at(69.999), at(74.999), 1),
        (at(3), at(8), 1),
        (at(0), at(39), 2),
    ]


def test_a_moment_shows_the_frame_that_stood_there(recalled: Recalled):
    source = recalled.source("cam")
    recalled.show(source, 0, 60)
    second = recalled.show(source, 60, 120)
    recalled.say(source, "word", 70)
    recalled.say(source, "word", 500)
    late, early = recalled.ask("word", sort="time").moments
    assert (early.frame_id, early.frame_at, early.source_name) == (second, at(60), "cam")
    assert (late.frame_id, late.frame_at) == (None, None)


def test_the_rarer_word_counts_more_and_newer_comes_first_among_equals(recalled: Recalled):
    source = recalled.source()
    for hour in range(5):
        recalled.say(source, "common words here", hour * 40_000)
    recalled.say(source, "rare words here", 100)
    assert recalled.found("words OR rare")[0] == "rare words here"
    scores = [m.start for m in recalled.ask("common").moments]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("sort", ["relevance", "time"])
def test_pages_give_every_moment_once(recalled: Recalled, sort, monkeypatch):
    monkeypatch.setattr("mem.search.WINDOW", 7)
    source = recalled.source()
    for number in range(23):
        recalled.say(source, f"word {number}", number * 100)
    starts, cursor = [], None
    while True:
        page = recalled.ask("word", limit=3, cursor=cursor, sort=sort)
        starts += [moment.start for moment in page.moments]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(starts) == [at(number * 100) for number in range(23)]
    if sort == "time":
        assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "é", "bnVsbA", "W10", "WzEsMiwzLDRd", "A" * 5000])
def test_a_made_up_cursor_is_refused(recalled: Recalled, cursor: str):
    with pytest.raises(BadCursor):
        recalled.ask("word", cursor=cursor)


def test_a_cursor_fits_only_its_own_question(recalled: Recalled):
    source = recalled.source()
    recalled.say(source, "word", 0)
    recalled.say(source, "word", 100)
    cursor = recalled.ask("word", limit=1).cursor
    assert cursor is not None
    with pytest.raises(BadCursor):
        recalled.ask("words", limit=1, cursor=cursor)
    assert len(recalled.ask("word", limit=2, cursor=cursor).moments) == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"limit": 0}, BadRequest),
        ({"limit": 201}, BadRequest),
        ({"location": "x" * 513}, BadRequest),
        ({"start": at(1), "end": at(1)}, BadTime),
        ({"start": at(1).replace(tzinfo=None)}, NaiveTime),
    ],
)
def test_what_cannot_be_asked_is_refused(recalled: Recalled, given, error):
    with pytest.raises(error):
        recalled.ask(**given)


def test_what_changes_is_found_at_once(recalled: Recalled):
    source = recalled.source()
    assert recalled.found("first") == []
    note = recalled.note("first", source=source)
    assert recalled.found("first") == ["first"]
    with recalled.db.write() as w:
        notes.edit(w, note, text="second", now=types.now())
    assert recalled.found("first") == []
    assert recalled.found("second") == ["second"]
    with recalled.db.write() as w:
        notes.delete(w, note)
    assert recalled.found("second") == []


def test_redating_a_source_moves_its_hits_and_deleting_it_removes_them(recalled: Recalled):
    source, other = recalled.source(), recalled.source()
    recalled.say(source, "word here")
    recalled.say(other, "word there")
    recalled.note("word noted", source=source)
    assert recalled.ask("word").total == 3
    with recalled.db.write() as w:
        sources.redate(w, source.id, start_time(at(86_400)))
    assert set(recalled.found("word", start=at(80_000))) == {"word here", "word noted"}
    assert recalled.found("word", end=at(80_000)) == ["word there"]
    with recalled.db.write() as w:
        sources.delete(w, source.id)
    assert recalled.found("word") == ["word there"]


def test_a_moment_holds_its_best_hits_first_and_at_most_twenty(recalled: Recalled):
    source = recalled.source()
    for number in range(60):
        recalled.say(source, "the word among many other words" if number else "word", number)
    [moment] = recalled.ask("word").moments
    assert moment.hit_count == 60
    assert len(moment.hits) == 20
    assert moment.hits[0].text == "word"


def test_the_default_query_is_everything_newest_first(recalled: Recalled):
    source = recalled.source()
    recalled.say(source, "old", 0)
    recalled.say(source, "new", 86_400)
    assert recalled.found() == ["new", "old"]
    assert Query() == Query(text="")
    assert recalled.ask(start=NOON, end=at(10)).total == 1


def test_sources_that_cannot_be_are_no_error(recalled: Recalled):
    recalled.say(recalled.source(), "word")
    assert recalled.found("word", source_ids=(-1, 0, 2**80)) == []
    assert recalled.found(f"word source:{10**15 - 1} source:{'9' * 60}") == []
    assert recalled.index.whole


def test_hits_in_recordings_that_follow_one_another_are_one_moment(recalled: Recalled):
    one, two, apart = (recalled.source(f"{n}.mp4", location="hall", began=n * 60) for n in (0, 1, 3))
    with recalled.db.write() as w:
        for source, end in ((one, 60.5), (two, 120), (apart, 240)):
            sources.settle(w, source.id, state="ready", ended_at=at(end))
    recalled.say(one, "the invoice is", 55, lasting=5)
    recalled.say(two, "the invoice that", 61)
    recalled.say(two, "the invoice again", 115)
    recalled.say(apart, "the invoice later", 181)
    moments = recalled.ask("invoice", sort="time").moments
    assert [moment.hit_count for moment in moments] == [1, 1, 2]
    assert {hit.source_id for hit in moments[-1].hits} == {one.id, two.id}
    assert (moments[-1].start, moments[-1].end) == (at(55), at(66))


def test_a_hit_on_screen_says_where_it_stands_and_in_which_frame(recalled: Recalled):
    source = recalled.source()
    recalled.read(source, "invoice on screen")
    recalled.say(source, "invoice in words")
    hits = {hit.kind: hit for moment in recalled.ask("invoice").moments for hit in moment.hits}
    assert (hits["screen"].frame_id, hits["screen"].box) == (1, Box(x=0, y=0, width=10, height=10))
    assert (hits["speech"].frame_id, hits["speech"].box) == (None, None)


def test_of_a_very_long_question_the_beginning_counts(recalled: Recalled):
    recalled.note("meeting about the budget")
    page = recalled.ask("meeting " * 1_250 + "zebra")
    assert (page.total, "only the first 512 characters were read" in page.read_as) == (1, True)
    assert recalled.ask("x" * 10_000).total == 0


@pytest.mark.parametrize("text", ["👍", "%", '""', '"', "kind:note 🙂", "-- ::", "&&"])
def test_what_holds_no_word_finds_nothing_and_says_so(recalled: Recalled, text: str):
    recalled.note("a note 👍 of 5 %")
    page = recalled.ask(text)
    assert (page.total, page.moments) == (0, ())
    assert "it holds no word, so it finds nothing" in page.read_as


def test_a_time_that_ends_before_it_begins_finds_nothing_and_says_so(recalled: Recalled):
    recalled.note("long standing", 0, lasting=7200)
    asked = {"text": "long after:2026-11-20T13:00Z before:2026-11-20T12:30Z"}
    for given in (asked, {"text": "long before:2026-11-20T12:30Z", "start": at(3600)}):
        page = recalled.ask(**given)
        assert (page.total, page.moments, page.outside_range) == (0, (), 1)
        assert "the time ends before it begins" in page.read_as


@pytest.mark.parametrize(
    ("said", "asked", "marked"),
    [
        ("it cost 1,234.56 in all", ["1234.56", "1,234.56", "$1234.56"], "1,234.56"),
        ("it cost 1234.56 in all", ["1234.56", "1,234.56", "€1,234.56"], "1234.56"),
        ("ภาษาไทย", ["ภาษา"], "ภาษา"),
        ("co\u00adope\u200brate", ["cooperate", "cooper*"], "co\u00adope\u200brate"),
    ],
)
def test_the_same_written_in_another_way_is_found_and_marked(recalled: Recalled, said, asked, marked):
    recalled.note(said)
    for text in asked:
        [hit] = [hit for moment in recalled.ask(text).moments for hit in moment.hits]
        [(first, last)], [(begin, end)] = hit.highlights, hit.highlight_bytes
        assert said[first:last] == said.encode()[begin:end].decode() == marked, text
