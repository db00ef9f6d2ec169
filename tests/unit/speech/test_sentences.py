import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem.speech import sentences
from mem.speech.sentences import Word
from mem.speech.vad import Region


def words(text, *, step=300, start=0, pauses=None):
    """Each word `step` ms long, with the given pauses (ms) before some of them."""
    made, at = [], start
    for number, word in enumerate(text.split()):
        at += (pauses or {}).get(number, 0)
        made.append(Word(at, at + step, f" {word}", 0.9))
        at += step
    return made


def texts(found):
    return [sentence.text for sentence in sentences.gather(found, "en")]


def test_a_sentence_ends_at_its_punctuation():
    assert texts(words("We met. Did you know? Yes! Fine")) == ["We met.", "Did you know?", "Yes!", "Fine"]


def test_a_title_or_an_initial_does_not_end_a_sentence():
    assert texts(words("I saw Dr. Smith and J. Brown today.")) == ["I saw Dr. Smith and J. Brown today."]


def test_a_closing_quote_belongs_to_its_sentence():
    assert texts(words('He said "go." Then he went.')) == ['He said "go."', "Then he went."]


def test_a_long_pause_ends_a_sentence_without_punctuation():
    assert texts(words("so we left and then we came back", pauses={3: 1_500})) == [
        "so we left",
        "and then we came back",
    ]


def test_a_short_pause_does_not():
    assert len(texts(words("ask not what your country can do", pauses={2: 900}))) == 1


def test_a_capital_after_a_pause_begins_a_sentence():
    assert texts(words("thanks for that This is new", pauses={3: 800})) == ["thanks for that", "This is new"]
    assert len(texts(words("and then I saw it", pauses={2: 800}))) == 1


def test_a_sentence_without_end_is_split_at_its_best_pause():
    found = sentences.gather(words("word " * 100, pauses={52: 500}), "en")
    assert all(sentence.end_ms - sentence.start_ms <= 20_000 for sentence in found)
    assert 52 in [sum(len(s.words) for s in found[: n + 1]) for n in range(len(found))]


def test_punctuation_alone_is_no_sentence():
    assert texts([Word(0, 100, " ...", 0.2)]) == []


def test_confidence_is_the_geometric_mean_of_the_words():
    (sentence,) = sentences.gather([Word(0, 1, " a", 0.9), Word(1, 2, " b", 0.4)], "en")
    assert sentence.confidence == pytest.approx(0.6, abs=1e-3)


def test_a_language_without_spaces_stays_without():
    found = sentences.gather([Word(0, 100, "今", 0.9), Word(100, 200, "日。", 0.9)], "ja")
    assert found[0].text == "今日。"


def test_a_word_that_strays_into_the_pause_is_brought_back():
    speech = [Region(16_000, 32_000), Region(64_000, 80_000)]
    strayed = [Word(1_200, 1_900, " one", 1), Word(2_600, 4_300, " two", 1)]
    one, two = sentences.settle(strayed, speech, 0)
    assert (one.start_ms, one.end_ms) == (1_200, 1_900)
    assert (two.start_ms, two.end_ms) == (3_960, 4_300)


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 3_000)), min_size=1, max_size=60),
    st.lists(st.integers(600, 80_000), min_size=1, max_size=10),
    st.integers(0, 10**9),
)
def test_settled_words_are_in_order_and_never_empty(times, lengths, start):
    at, speech = 0, []
    for length in lengths:
        speech.append(Region(at + 5_000, at + 5_000 + length))
        at += 5_000 + length
    first = start // 16
    said = [Word(first + begin, first + begin + length, " w", 0.5) for begin, length in sorted(times)]
    settled = sentences.settle(said, speech, start)
    assert len(settled) == len(said)
    assert all(word.start_ms < word.end_ms for word in settled)
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(settled))
