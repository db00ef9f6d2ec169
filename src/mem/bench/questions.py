"""What is asked of the year: five kinds of questions, each in many wordings."""

import random
from collections.abc import Mapping

from mem.bench.corpus import ACTIONS, FIRST_NAMES, QUALITIES, THINGS

_LONG = [word for word in (*THINGS, *ACTIONS, *QUALITIES) if len(word) >= 6 and word.isalpha()]


def asked(count: int, seed: int = 7) -> Mapping[str, list[str]]:
    """`count` questions of each kind."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    one = chance.choice
    return {
        "word": [one(_LONG) for _ in range(count)],
        "two words": [f"{one(THINGS)} {one(QUALITIES)}" for _ in range(count)],
        "prefix": [f"{one(_LONG)[: chance.randint(3, 5)]}*" for _ in range(count)],
        "phrase": [f'"the {one(QUALITIES)} {one(THINGS)}"' for _ in range(count)],
        "typo": [_mistyped(one(_LONG), chance) for _ in range(count)],
        "name": [f"{one(FIRST_NAMES)} -{one(THINGS)}" for _ in range(count)],
    }


def _mistyped(word: str, chance: random.Random) -> str:
    """The word with two of its inner letters swapped, or one of them lost."""
    place = chance.randint(2, len(word) - 3)
    if word[place] != word[place + 1]:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :]
