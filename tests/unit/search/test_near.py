"""Finding by meaning, with the real model, over real rows."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from mem import limited, reindex, search
from mem.errors import NoMeaning
from mem.index.vectors import Vectors, key
from mem.meaning import Meaning
from mem.search import Query, near
from mem.store import notes, sources
from mem.store.view import View
from mem.types import Limits

from .conftest import NOON, Recalled, at, opened

SAID = (
    "We should water the plants before the weekend",
    "The invoice has not been paid yet",
    "My dog was barking all night long",
    "The train to the city leaves at eight",
    "She bought a red bicycle for her son",
    "He fixed the leaking tap in the kitchen",
)
WAIT_SECONDS = 20


@dataclass
class Understood(Recalled):
    """A memory that also finds by meaning."""

    meaning: Meaning | None = None

    def ask(self, text: str = "", **given):
        return search.ask(self.db, self.index, Query(text=text, **given), meaning=self.meaning)

    def settle(self) -> None:
        """Wait until every text has its vector."""
        reindex.refresh(self.db, self.index)
        assert self.meaning.wait(WAIT_SECONDS)


@pytest.fixture
def remembered(tmp_path) -> Iterator[Understood]:
    with understood(tmp_path) as memory:
        yield memory


@contextlib.contextmanager
def understood(folder) -> Iterator[Understood]:
    with opened(None, folder) as recalled:
        meaning = Meaning(recalled.db, folder / "meaning")
        recalled.index.watcher = meaning.changed
        with contextlib.closing(meaning), meaning.kept():
            yield Understood(recalled.db, recalled.index, meaning=meaning)


@pytest.fixture
def spoken(remembered) -> Understood:
    source = remembered.source()
    for number, text in enumerate(SAID):
        remembered.say(source, text, number * 60)
    remembered.settle()
    return remembered


def vectors(memory: Understood) -> Vectors:
    return memory.meaning._parts()[1]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("outstanding bill", SAID[1]),
        ("noisy pet keeping people awake", SAID[2]),
        ("railway departure time", SAID[3]),
        ("plumbing repair", SAID[5]),
    ],
)
def test_what_is_meant_is_found_without_its_words(spoken, asked, meant):
    assert spoken.found(asked) == []
    page = spoken.ask(asked, meaning=True)
    assert page.moments[0].hits[0].text == meant
    assert page.moments[0].hits[0].highlights == ()
    assert page.total == sum(moment.hit_count for moment in page.moments)


def test_without_being_asked_for_meaning_decides_nothing(spoken):
    assert spoken.ask("invoice").total == 1


def test_a_name_or_a_number_is_found_by_its_words_first(remembered):
    source = remembered.source()
    remembered.say(source, "The bill from the plumber is on the table", 0)
    remembered.say(source, "Invoices are late and nobody paid the money that is owed", 120)
    remembered.say(source, "something quite unlike it in which invoice 4711 is a word among many others", 240)
    remembered.settle()
    texts = [m.hits[0].text for m in remembered.ask("invoice 4711", meaning=True).moments]
    assert "4711" in texts[0]
    assert len(texts) > 1


def test_filters_hold_for_what_is_near_in_meaning_too(spoken):
    asked = {"text": "outstanding bill", "meaning": True}
    assert spoken.ask(**asked, kinds=("note",)).total == 0
    assert SAID[1] not in spoken.found("outstanding bill", meaning=True, start=at(200))
    assert spoken.ask("outstanding bill -invoice", meaning=True).total == 0


def test_who_is_limited_is_given_the_nearest_of_what_they_may_know(spoken):
    """However much lies nearer in what they may not."""
    hidden = spoken.source("b.mp4")
    for number in range(near.MOST):
        spoken.say(hidden, f"an outstanding bill, the bill {number}", number * 60)
    spoken.settle()
    limits = Limits(source_ids=(1,))
    finder, seen = limited.Bounded(spoken, limits), View(spoken.db, limits)
    page = search.ask(seen, finder, Query(text="outstanding bill", meaning=True), meaning=spoken.meaning)
    assert page.moments[0].hits[0].text == SAID[1]
    assert set(page.counts_by_source) == {1}


def test_by_time_the_newest_of_both_comes_first(spoken):
    source = spoken.source("b.mp4", began=7200)
    spoken.say(source, "an invoice once more", 7200)
    spoken.settle()
    found = spoken.found("unpaid invoice OR invoice", meaning=True, sort="time")
    assert found.index("an invoice once more") < found.index(SAID[1])


def test_pages_show_every_moment_once(spoken):
    first = spoken.ask("invoice OR train OR tap OR dog OR plants", meaning=True, limit=1)
    rest = spoken.ask("invoice OR train OR tap OR dog OR plants", meaning=True, limit=50, cursor=first.cursor)
    shown = [hit.text for page in (first, rest) for moment in page.moments for hit in moment.hits]
    assert len(shown) == len(set(shown)) == first.total > 1


def test_what_is_changed_is_found_as_it_is_now(spoken):
    number = spoken.note("lunch with the sales team", 900)
    spoken.settle()
    assert "lunch with the sales team" in spoken.found("meal with colleagues", meaning=True)
    with spoken.db.write() as w:
        notes.edit(w, number, text="the roof needs new tiles", now=NOON)
    spoken.settle()
    assert "the roof needs new tiles" in spoken.found("roofing work on the house", meaning=True)
    assert spoken.found("meal with colleagues", meaning=True) == []


def test_what_is_deleted_is_on_no_disk(spoken, tmp_path):
    held = len(vectors(spoken))
    vector = spoken.meaning._parts()[0].vector(SAID[1]).tobytes()
    assert vector in (tmp_path / "meaning" / "rows.bin").read_bytes()
    with spoken.db.write() as w:
        sources.delete(w, spoken.ask("invoice").moments[0].source_id)
    spoken.meaning.prune()
    assert len(vectors(spoken)) == 0 < held
    assert vector not in (tmp_path / "meaning" / "rows.bin").read_bytes()


def test_vectors_are_kept_and_what_is_missing_is_made_at_the_next_start(tmp_path):
    with understood(tmp_path) as memory:
        source = memory.source()
        memory.say(source, SAID[0])
        memory.settle()
        made = vectors(memory).held()[0].tolist()
    with opened(None, tmp_path) as memory:  # nobody makes vectors meanwhile
        memory.say(source, SAID[1], 60)
    with understood(tmp_path) as memory:
        memory.settle()
        assert made[0] in vectors(memory).held()[0]
        assert memory.found("outstanding bill", meaning=True) == [SAID[1]]


@pytest.mark.parametrize("broken", [b"", b"x" * 1000])
def test_a_file_that_is_broken_is_made_anew(tmp_path, broken):
    with understood(tmp_path) as memory:
        memory.say(memory.source(), SAID[1])
        memory.settle()
    (tmp_path / "meaning" / "make.json").write_bytes(broken)
    with understood(tmp_path) as memory:
        memory.settle()
        assert memory.found("outstanding bill", meaning=True) == [SAID[1]]


def test_where_it_is_off_or_the_engine_has_none_it_is_refused(recalled):
    with pytest.raises(NoMeaning):
        recalled.ask("word", meaning=True)


def test_the_nearest_of_many_are_found_exactly(tmp_path):
    chance = np.random.default_rng(1)
    made = chance.standard_normal((6_000, 384)).astype(np.float32)
    made[:50] = made[0] + 0.3 * made[:50]
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    kept = Vectors(tmp_path / "meaning")
    for number, vector in enumerate(made):
        kept.put(key("speech", number), number, vector.astype(np.float16))
    nearest = kept.nearest(made[0].astype(np.float16), 20, 0.3)
    wanted = np.argsort(-(made @ made[0]))[:20]
    assert set(nearest) == {key("speech", int(number)) for number in wanted}
    among = np.array([key("speech", number) for number in range(100, 200)])
    assert set(kept.nearest(made[0].astype(np.float16), 20, -1.0, among)) <= set(among.tolist())
    kept.close()
