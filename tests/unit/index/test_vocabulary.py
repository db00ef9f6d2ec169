"""The words that a mistyped one may stand for are those that so few edits away are."""

import random

import pytest

from mem.index import words
from mem.index.vocabulary import Vocabulary

LETTERS = "abcdeéß0я漢\U0001f600"


def made_up(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices(LETTERS, k=chance.randint(1, 12))) for _ in range(count)]


@pytest.mark.parametrize("errors", [1, 2])
def test_near_words_are_those_that_a_comparison_with_every_word_gives(errors):
    chance = random.Random(errors)
    held = set(made_up(chance, 3_000))
    vocabulary = Vocabulary()
    for first in range(0, 3_000, 700):
        vocabulary.add(sorted(held)[first : first + 700])
    for asked in made_up(chance, 60):
        if len(asked) >= 5:
            wanted = [word for word in sorted(held) if len(word) >= 4 and words.within(asked, word, errors)]
            assert vocabulary.near(asked, errors) == wanted


def test_a_word_that_is_added_twice_is_held_once():
    vocabulary = Vocabulary()
    vocabulary.add(["invoice", "invoice"])
    vocabulary.add(["invoice", "budget", "receipt"])
    assert vocabulary.near("invocie", 1) == ["invoice"]
    assert len(vocabulary) == 3


def test_nothing_is_near_where_there_is_nothing():
    assert Vocabulary().near("invoice", 2) == []
