"""The embedded index's files."""

import threading
from pathlib import Path

import pytest

from mem.errors import IndexFailed, TooBusy
from mem.index import Entry, Every, Phrase, Question, Typo, Word
from mem.index.tantivy import Tantivy

NOON = 1_795_000_000_000  # ms since 1970


def entry(number: int = 1, text: str = "hello world", **facts) -> Entry:
    given = {"kind": "speech", "source_id": 1, "start": NOON, "end": NOON + 1_000}
    return Entry(id=number, text=text, **(given | facts))


def numbers(index: Tantivy, word: str | None = None) -> list[int]:
    clause = Every() if word is None else Word(word)
    return sorted(hit.id for hit in index.find(Question(clause=clause), limit=100).hits)


def test_a_new_index_is_not_whole_until_it_was_completed(tmp_path: Path):
    index = Tantivy(tmp_path / "index")
    assert not index.whole
    index.add([entry()])
    index.close()
    again = Tantivy(tmp_path / "index")
    assert not again.whole
    assert numbers(again) == []
    again.add([entry()])
    again.complete()
    again.close()
    kept = Tantivy(tmp_path / "index")
    assert kept.whole
    assert numbers(kept, "hello") == [1]


def test_adding_twice_changes_nothing_and_adding_anew_replaces(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add([entry(), entry(), entry(2)])
    index.commit()
    index.add([entry(text="other")])
    index.commit()
    assert numbers(index) == [1, 2]
    assert numbers(index, "hello") == [2]
    assert numbers(index, "other") == [1]
    assert index.known(["hello", "other", "nothing"]) == {"hello", "other"}


def test_entries_go_by_id_and_by_source(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add([entry(1), entry(2), entry(3, source_id=2), entry(1, kind="note")])
    index.remove("speech", [1, 99])
    index.commit()
    assert index.counts() == {"speech": 2, "screen": 0, "note": 1, "source": 0}
    index.remove_source(1)
    index.commit()
    assert numbers(index) == [3]


def test_a_word_that_only_deleted_texts_held_is_not_known(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add([entry(1, "once"), entry(2, "twice")])
    index.commit()
    index.remove("speech", [1])
    index.commit()
    assert index.known(["once", "twice"]) == {"twice"}


def test_an_index_of_another_make_is_emptied(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add([entry()])
    index.complete()
    index.close()
    (tmp_path / "make.json").write_text('["0: key"]')
    again = Tantivy(tmp_path)
    assert not again.whole
    assert numbers(again) == []


@pytest.mark.parametrize("name", ["meta.json", "segments"])
def test_an_unreadable_index_is_emptied(tmp_path: Path, name: str):
    index = Tantivy(tmp_path)
    index.add([entry()])
    index.complete()
    index.close()
    for file in [tmp_path / name] if name == "meta.json" else tmp_path.glob("*.store"):
        file.write_bytes(b"nonsense") if name == "meta.json" else file.unlink()
    again = Tantivy(tmp_path)
    assert not again.whole
    assert numbers(again) == []


def test_an_index_that_breaks_while_it_is_open_asks_to_be_made_anew(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.complete()
    for file in tmp_path.iterdir():
        file.unlink()
    tmp_path.rmdir()
    with pytest.raises(IndexFailed):
        index.add([entry()])
    assert not index.whole
    index.empty()
    index.add([entry()])
    index.complete()
    assert numbers(index) == [1]


def test_writers_take_turns(tmp_path: Path):
    index = Tantivy(tmp_path)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with index.turn():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    with pytest.raises(TooBusy), index.turn(0.01):
        pass
    leave.set()
    thread.join()
    with index.turn(0.01):
        pass


def test_a_phrase_that_may_go_on_in_too_many_ways_is_taken_as_its_words(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add(entry(number, f"the a{number}") for number in range(17_000))
    index.complete()
    found = index.find(Question(clause=Phrase(("the", "a"), True)), limit=1)
    assert found.total == 17_000
    assert index.whole


def in_files(folder: Path, text: str) -> bool:
    """Whether a file of the index holds a word that is like no other."""
    return any(text.encode() in file.read_bytes() for file in folder.iterdir())


@pytest.fixture
def shelves(tmp_path: Path) -> tuple[Tantivy, dict[int, str]]:
    """An index of three segments, and the texts that were put in."""
    index = Tantivy(tmp_path / "index")
    texts = {number: f"text number{number}" for number in range(1, 301)} | {150: "zanzibar", 151: "quixotic"}
    for first in (1, 101, 201):
        index.add([entry(number, texts[number]) for number in range(first, first + 100)])
        index.commit()
    index.complete()
    return index, texts


def test_a_scrubbed_index_holds_in_no_file_what_was_taken_out(tmp_path: Path, shelves):
    index, texts = shelves
    texts.pop(150)
    index.remove("speech", [150])
    index.commit()
    assert in_files(tmp_path / "index", "zanzibar")
    asked: list[int] = []

    def read(kind: str, ids: list[int]) -> list[Entry]:
        asked.extend(ids)
        return [entry(number, texts[number]) for number in ids if number in texts]

    assert index.scrub(read)
    assert sorted(asked) == list(range(101, 201))  # nothing but the segment that held it
    assert index.counts()["speech"] == 299
    assert not in_files(tmp_path / "index", "zanzibar")
    assert in_files(tmp_path / "index", "quixotic")
    assert numbers(Tantivy(tmp_path / "index"), "quixotic") == [151]


def test_a_scrubbed_index_holds_no_earlier_wording(tmp_path: Path, shelves):
    index, texts = shelves
    texts[7] = "other words"
    index.add([entry(7, texts[7])])
    index.commit()
    assert index.scrub(lambda _, ids: [entry(number, texts[number]) for number in ids])
    assert numbers(index, "number7") == []
    assert numbers(index, "words") == [7]
    assert index.counts()["speech"] == 300


def test_where_most_would_be_written_anew_a_rebuild_is_asked_for(shelves):
    index, _ = shelves
    index.remove("speech", [50, 150])
    index.commit()
    assert not index.scrub(lambda kind, ids: pytest.fail("nothing is read"))
    assert index.counts()["speech"] == 298


def test_nothing_is_written_where_nothing_was_taken_out(shelves):
    index, _ = shelves
    assert index.scrub(lambda kind, ids: pytest.fail("nothing is read"))


def test_a_scrub_that_fails_changes_nothing(shelves):
    index, _ = shelves
    index.remove("speech", [150])
    index.commit()

    def fail(kind: str, ids: list[int]) -> list[Entry]:
        raise TooBusy

    with pytest.raises(TooBusy):
        index.scrub(fail)
    index.add([entry(999, "later")])
    index.commit()
    assert index.counts()["speech"] == 300
    assert numbers(index, "quixotic") == [151]


def similar(index: Tantivy, word: str) -> list[int]:
    found = index.find(Question(clause=Typo(word, 1)), limit=100)
    assert found.total == len(found.hits)
    return sorted(hit.id for hit in found.hits)


def test_a_mistyped_word_finds_what_was_committed_after_one_was_asked_for(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.add([entry(1, "the invoice")])
    index.commit()
    assert similar(index, "invocie") == [1]
    index.add([entry(2, "an invoices"), entry(3, "quarterly"), entry(4, "other", also="INVOICE")])
    assert similar(index, "quartely") == []
    index.commit()
    assert similar(index, "quartely") == [3]
    assert similar(index, "invocie") == [1, 4]
    index.remove("speech", [1])
    index.commit()
    assert similar(index, "invocie") == [4]


def test_a_mistyped_word_finds_what_an_index_made_anew_holds(tmp_path: Path):
    index = Tantivy(tmp_path)
    index.fill([entry(1, "the invoice")])
    index.complete()
    assert similar(index, "invocie") == [1]
    index.empty()
    index.fill([entry(2, "the receipt")])
    index.complete()
    assert similar(index, "reciept") == [2]
    assert similar(index, "invocie") == []
