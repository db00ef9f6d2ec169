"""Whoever is limited gets the answers of a memory in which the rest was never stored, letter by letter."""

import contextlib
import dataclasses

import pytest

from benchmarks import attacking

EVERY = 41  # of 7,134 questions; `python -m benchmarks.attacking` asks all, on both engines


@pytest.fixture(scope="module")
def both():
    """A server with something that is hidden, and one without."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(attacking.served(hidden=hidden)) for hidden in (True, False)]


@pytest.mark.parametrize("who", ["limited to a recording", "limited to a time"])
def test_nothing_that_is_hidden_changes_an_answer(both, who):
    count, different = attacking.told_apart(*both, who, every=EVERY)
    assert count > 100
    assert different == []


def test_who_is_not_limited_does_get_other_answers(both):
    """Else the questions could tell nothing apart."""
    full, bare = (dataclasses.replace(one, secrets={"the owner": one.key}) for one in both)
    assert attacking.told_apart(full, bare, "the owner", every=EVERY)[1]
