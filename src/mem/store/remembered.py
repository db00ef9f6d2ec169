"""What has been read, kept for as long as the tables that it came from do not change.

Only where this process alone writes, as with DuckDB. Which tables a transaction changes is read off the
texts of the queries that it runs; they are counted when it has committed, before its writer goes on. So
whoever reads after a commit never meets what was remembered before it.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar, cast

Value = TypeVar("Value")

_CHANGES = re.compile(r"\b(insert into|update|delete from)\s+(\w+)", re.IGNORECASE)
# Changes that take nothing away and move nothing: what was true of an instant of a span still is.
_GROWS = frozenset({"frames.extend_span"})


class Noted(Mapping[str, str]):
    """The queries, as one transaction sees them; remembers which of them it ran."""

    def __init__(self, queries: Mapping[str, str]) -> None:
        self._queries = queries
        self.ran: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.ran.add(name)
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


class Remembered:
    """Values by key, each with the versions of the tables that it was made from."""

    def __init__(self, queries: Mapping[str, str]) -> None:
        self._changes = {name: _changed(name, text) for name, text in queries.items()}
        self._versions: Counter[str] = Counter()
        self._kept: dict[Hashable, tuple[int, object]] = {}
        self._lock = threading.Lock()

    def committed(self, queries: Noted) -> None:
        """Count what the transaction changed."""
        with self._lock:
            self._versions.update({table for name in queries.ran for table in self._changes[name]})

    def version(self, *tables: str) -> int:
        """Grows with each change of these tables. "spans": rows changed or went; "spans+": some came."""
        with self._lock:
            return sum(self._versions[table] for table in tables)

    def get(self, key: Hashable, tables: tuple[str, ...], make: Callable[[], Value]) -> Value:
        """What is remembered under `key`, or is made now because one of the tables changed."""
        version = self.version(*tables)  # before the rows are read: a change meanwhile makes it old at once
        kept = self._kept.get(key)
        if kept is None or kept[0] != version:
            kept = (version, make())
            self._kept[key] = kept
        return cast("Value", kept[1])

    def forget(self, key: Hashable) -> None:
        """Make the value anew when it is asked for next."""
        self._kept.pop(key, None)

    def forget_all(self) -> None:
        """As after a start."""
        self._kept.clear()


def _changed(name: str, text: str) -> frozenset[str]:
    found = set()
    for how, table in _CHANGES.findall(text):
        grows = how.lower() == "insert into" or name in _GROWS
        found.add(table.lower() + "+" * grows)
        if grows and "do update" in text.lower():
            found.add(table.lower())
    return frozenset(found)
