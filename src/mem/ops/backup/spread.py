"""The same work on many files, several at a time where each of them has to be waited for."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Given = TypeVar("_Given")
_Got = TypeVar("_Got")


def over(at_once: int, work: Callable[[_Given], _Got], given: Iterable[_Given]) -> Iterator[_Got]:
    """What `work` gives for each, in their order. After an error of one, those not yet begun are left."""
    if at_once == 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="backup") as pool:
        try:
            yield from pool.map(work, given)
        finally:
            pool.shutdown(cancel_futures=True)
