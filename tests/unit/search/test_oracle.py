"""Any question finds exactly what reading every text would find, on both engines.

`EXAMPLES=10000 pytest tests/unit/search/test_oracle.py` asks that many questions of each engine.
"""

import os
import random
import string
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mem.search import Query

from .conftest import Recalled, at

VOCABULARY = (
    "apple", "apples", "apply", "banana", "bananas", "box", "boxes", "cat", "house", "mouse", "night",
    "nights", "red", "reds", "zebra",
)  # fmt: skip
LANGUAGES = ("en", "de")
TAGS = ("todo", "Done deal")
EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking costs minutes and shows little more


@dataclass(frozen=True)
class Text:
    """A text as the oracle knows it."""

    kind: str
    source: str
    location: str
    language: str
    tags: tuple[str, ...]
    start: int
    end: int
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def filled(recalled: Recalled) -> dict[tuple[str, int], Text]:
    """Speech, notes and lines on screen in four sources, and what they are."""
    chance = random.Random(7)
    sources = [
        (recalled.source(name, location=place), name, place)
        for name, place in (
            ("alpha one", "Hall"),
            ("beta one", "Hall west"),
            ("gamma", "Attic"),
            ("delta", None),
        )
    ]
    known = {}
    for number in range(120):
        spoken = tuple(chance.choices(VOCABULARY[:-1], k=chance.randint(1, 6)))
        second, lasting = chance.randrange(0, 100_000), chance.randint(1, 50)
        source, name, place = chance.choice(sources)
        if number % 6 == 1:
            number_of = recalled.read(source, " ".join(spoken), second, lasting=lasting)
            facts = ("screen", name, place or "", "", ())
        elif number % 4:
            language = chance.choice(LANGUAGES)
            number_of = recalled.say(
                source, " ".join(spoken).title(), second, lasting=lasting, language=language
            )
            facts = ("speech", name, place or "", language, ())
        else:
            tags = tuple(chance.sample(TAGS, chance.randint(0, 2)))
            about = source if number % 8 else None
            number_of = recalled.note(" ".join(spoken), second, lasting=lasting, source=about, tags=tags)
            facts = ("note", name if about else "", (place or "") if about else "", "", tags)
        known[facts[0], number_of] = Text(*facts, second, second + lasting, spoken)
    return known


# A question is built twice over: as what a person types, and as a function of a text.


def forms(word: str) -> set[str]:
    found = {word}
    for other in VOCABULARY:
        if len(word) > 3 and len(other) > 2 and other in (word + "s", word + "es"):
            found.add(other)
        if len(word) > 4 and word in (other + "s", other + "es"):
            found.add(other)
    return found


@st.composite
def plain(draw):
    word = draw(st.sampled_from(VOCABULARY[:-1]))
    written = draw(st.sampled_from((word, word.upper(), word.title())))
    return written, lambda text: bool(forms(word) & set(text.words))


@st.composite
def mistyped(draw):
    """A word with one typing error that is no other word's form."""
    word = draw(st.sampled_from([w for w in VOCABULARY[:-1] if len(w) >= 5]))
    place = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    wrong = draw(
        st.sampled_from(
            (
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place + 1 :],
                word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
            )
        )
    )
    if not 5 <= len(wrong) <= 8:
        return word, lambda text: bool(forms(word) & set(text.words))
    if any(wrong in inflected(w) or w in inflected(wrong) for w in VOCABULARY[:-1]):
        return word, lambda text: bool(forms(word) & set(text.words))
    return wrong, lambda text: any(one_edit(wrong, other) for other in text.words)


def inflected(word: str) -> set[str]:
    return {word, word + "s", word + "es"} | ({word[:-1] + "ies"} if word.endswith("y") else set())


def one_edit(a: str, b: str) -> bool:
    edits = {a}
    for i in range(len(a) + 1):
        edits.add(a[:i] + a[i + 1 :])
        edits.add(a[:i] + a[i : i + 2][::-1] + a[i + 2 :])
        for letter in string.ascii_lowercase:
            edits.add(a[:i] + letter + a[i:])
            edits.add(a[:i] + letter + a[i + 1 :])
    return b in edits


@st.composite
def prefix(draw):
    word = draw(st.sampled_from(VOCABULARY))
    begin = word[: draw(st.integers(1, len(word)))]
    return begin + "*", lambda text: any(other.startswith(begin) for other in text.words)


@st.composite
def phrase(draw):
    row = tuple(draw(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3)))
    open_end = draw(st.booleans())
    if open_end:
        row = (*row[:-1], row[-1][:2])
    written = f'"{" ".join(row)}"' + "*" * open_end

    def matches(text: Text) -> bool:
        for i in range(len(text.words) - len(row) + 1):
            *firsts, last = text.words[i : i + len(row)]
            if tuple(firsts) == row[:-1] and (last.startswith(row[-1]) if open_end else last == row[-1]):
                return True
        return False

    return written, matches


@st.composite
def filters(draw):
    choices = [
        ("kind", lambda v: lambda t: t.kind == v, ("speech", "note", "screen")),
        ("lang", lambda v: lambda t: t.language == v, LANGUAGES),
        ("source", lambda v: lambda t: v in t.source.split(), ("alpha", "one", "gamma", "nowhere")),
        ("location", lambda v: lambda t: v in t.location.lower().split(), ("hall", "west", "attic")),
        ("tag", lambda v: lambda t: v in [tag.lower() for tag in t.tags], ("todo", "done deal")),
    ]
    key, holds, values = draw(st.sampled_from(choices))
    value = draw(st.sampled_from(values))
    return f'{key}:"{value}"', holds(value)


def negated(pair):
    return "-" + pair[0], lambda text: not pair[1](text)


exact = st.one_of(plain(), plain(), prefix(), phrase())
maybe_negated = st.one_of(exact, exact, mistyped(), exact.map(negated))  # what is excluded is taken literally
either = st.lists(maybe_negated, min_size=2, max_size=3).map(
    lambda pairs: (" OR ".join(p[0] for p in pairs), lambda text: any(p[1](text) for p in pairs))
)
clauses = st.lists(st.one_of(maybe_negated, either), max_size=3)
# Two filters of one key would mean either of them; at most one is drawn.
filtered = st.lists(st.one_of(filters(), filters().map(negated)), max_size=1)
ranges = st.tuples(st.none() | st.integers(0, 100_000), st.none() | st.integers(0, 100_000)).filter(
    lambda pair: None in pair or pair[0] < pair[1]
)


@pytest.mark.timeout(240 + EXAMPLES // 10)
def test_any_question_finds_what_reading_everything_finds(recalled: Recalled):
    known = filled(recalled)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(asked=clauses, narrowed=filtered, between=ranges, sort=st.sampled_from(("relevance", "time")))
    def check(asked, narrowed, between, sort):
        start, end = between
        query = Query(
            text=" ".join(written for written, _ in (*asked, *narrowed)),
            start=None if start is None else at(start),
            end=None if end is None else at(end),
            limit=200,
            sort=sort,
        )
        answers = {key for key, text in known.items() if all(holds(text) for _, holds in (*asked, *narrowed))}
        inside = {
            key
            for key in answers
            if (start is None or known[key].end > start) and (end is None or known[key].start < end)
        }
        page = recalled.ask(query.text, start=query.start, end=query.end, limit=200, sort=sort)
        found = [(hit.kind, hit.id) for moment in page.moments for hit in moment.hits]
        assert len(found) == len(set(found)) == page.total
        assert set(found) == inside, (query.text, page.read_as)
        assert page.outside_range == len(answers) - len(inside)

    check()
