"""The memory as someone with limits may know it: the same, with less in it.

Rows come through `store.view`; the index is asked with the limits added to every question. What tells of
everything, such as sizes, and whatever writes is refused.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from mem import reindex
from mem.errors import OutsideLimits
from mem.index import Choice, Entry, EntryKind, Found, Question, Reading, Sort, Transaction, Word
from mem.memory import Memory
from mem.store import sources
from mem.store.view import View
from mem.types import Limits

_MOST_SOURCES = 1_000_000  # of one name, before those are left out that are not permitted


def memory(whole: Memory, limits: Limits) -> Memory:
    """`whole` within `limits`, for reading."""
    return dataclasses.replace(whole, db=View(whole.db, limits), index=Bounded(whole, limits))


def check(limits: Limits, source_id: int | None, start: datetime, end: datetime) -> None:
    """Raise OutsideLimits unless what is about a source and `[start, end)` lies within the limits."""
    if limits.source_ids is not None and source_id not in limits.source_ids:
        raise OutsideLimits("The token is limited to other sources.")
    if (limits.start is not None and start < limits.start) or (limits.end is not None and end > limits.end):
        raise OutsideLimits("The token is limited to another time.")


class Bounded:
    """The search index within limits: finds, counts and knows nothing else."""

    def __init__(self, whole: Memory, limits: Limits) -> None:
        self._whole = whole
        self._limits = limits
        self._seen = View(whole.db, limits)
        self.seen = 0
        self.level: int | None = None
        self.firm: int | None = None
        self.kept = False
        self.bounded = True
        self.watcher: Callable[[str, set[int]], None] | None = None

    @property
    def whole(self) -> bool:
        """Whether the index can be asked; one that must be made anew is made so here."""
        reindex.refresh(self._whole.db, self._whole.index)
        return self._whole.index.whole

    def find(
        self,
        question: Question,
        *,
        limit: int,
        sort: Sort = "relevance",
        offset: int = 0,
        before: datetime | None = None,
    ) -> Found:
        """The hits within the limits, and how many there are."""
        return self._whole.index.find(
            self._narrowed(question), limit=limit, sort=sort, offset=offset, before=before
        )

    def known(self, words: Iterable[str]) -> set[str]:
        """Those of the folded words that stand in a text within the limits."""
        return {word for word in words if self.find(Question(clause=Word(word)), limit=1).total}

    def sources(self, name: str = "", location: str = "", limit: int = 1000) -> list[int]:
        """Ids of permitted sources whose name and location hold all these words."""
        found = self._whole.index.sources(name=name, location=location, limit=_MOST_SOURCES)
        return sorted(sources.by_ids(self._seen, found))[:limit]  # others take up no place among them

    def _narrowed(self, question: Question) -> Question:
        given = question.sources
        if self._limits.source_ids is not None:
            permitted = frozenset(map(str, self._limits.source_ids))
            only = permitted if given.only is None else given.only & permitted
            given = Choice(only=only, never=given.never)
        return dataclasses.replace(
            question,
            sources=given,
            not_before=self._limits.start,
            not_after=self._limits.end,
            alone=True,
        )

    def turn(self, wait: float | None = None) -> AbstractContextManager[Transaction | None]:  # noqa: ARG002
        """Raises OutsideLimits, as everything does that changes the index."""
        raise OutsideLimits

    def add(self, entries: Iterable[Entry]) -> None:  # noqa: ARG002
        """Raises OutsideLimits."""
        raise OutsideLimits

    def fill(self, entries: Iterable[Entry]) -> None:  # noqa: ARG002
        """Raises OutsideLimits."""
        raise OutsideLimits

    def remove(self, kind: EntryKind, ids: Iterable[int]) -> None:  # noqa: ARG002
        """Raises OutsideLimits."""
        raise OutsideLimits

    def remove_source(self, source_id: int) -> None:  # noqa: ARG002
        """Raises OutsideLimits."""
        raise OutsideLimits

    def commit(self) -> None:
        """Raises OutsideLimits."""
        raise OutsideLimits

    def scrub(self, read: Reading) -> bool:  # noqa: ARG002
        """Raises OutsideLimits."""
        raise OutsideLimits

    def empty(self) -> None:
        """Raises OutsideLimits."""
        raise OutsideLimits

    def complete(self) -> None:
        """Raises OutsideLimits."""
        raise OutsideLimits

    def counts(self) -> Mapping[EntryKind, int]:
        """Raises OutsideLimits."""
        raise OutsideLimits

    def close(self) -> None:
        """Raises OutsideLimits."""
        raise OutsideLimits
