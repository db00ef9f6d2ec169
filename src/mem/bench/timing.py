"""How long things take."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Asked = TypeVar("Asked")


def milliseconds(do: Callable[[Asked], object], these: Iterable[Asked]) -> list[float]:
    """How long `do` takes for each of these, one after the other."""
    taken = []
    for each in these:
        begin = time.perf_counter()
        do(each)
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def percentile(taken: Sequence[float], share: float) -> float:
    """The time within which `share` (0 to 1) of them ended."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
