"""A database as someone with limits sees it: as if what lies outside them had never been stored.

Each query is run as it stands, over the permitted part of each table: ``queries/view.sql`` says for every
table which part that is, and stands before the query under the table's own name. So whoever asks through
here cannot get, count or search for anything else, whatever the query is. A query about a table that has
no such text is refused, and so is every change.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import NoReturn

from mem.errors import OutsideLimits
from mem.store.database import Database, Engine, Row, Writer, load_queries
from mem.types import Limits

# Where a picture lies that was found within the limits: part of no answer.
_UNLIMITED = ("sources.folder", "frames.place")


class View:
    """The part of a database that lies within limits. Its methods may be called from any thread."""

    remembered = None  # what is kept in memory is of the whole

    def __init__(self, db: Database, limits: Limits) -> None:
        self._db = db
        self._queries = load_queries(db.engine)
        self._parts = {
            name.removeprefix("view."): text
            for name, text in self._queries.items()
            if name.startswith("view.") and name != "view.tables"
        }
        self._tables = {row["name"] for row in db.read("view.tables")}
        self._values = _values(limits)
        self._made: dict[str, str] = {}

    @property
    def engine(self) -> Engine:
        """Which engine it is."""
        return self._db.engine

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query within the limits. Raises OutsideLimits where it cannot be limited."""
        if query in _UNLIMITED:
            return self._db.read(query, *params)
        if query not in self._made:
            self._made[query] = self._limited(self._queries[query])
        return self._db.read_text(self._made[query], *params)

    def read_text(self, sql: str, *params: object) -> list[Row]:
        """The rows of a text made from named queries, within the limits. Raises OutsideLimits."""
        return self._db.read_text(self._limited(sql), *params)

    def write(self) -> AbstractContextManager[Writer]:
        """Raises OutsideLimits."""
        raise OutsideLimits("A token with limits changes nothing by this way.")

    def session(self) -> NoReturn:
        """Raises OutsideLimits."""
        raise OutsideLimits

    def size_bytes(self) -> int:
        """Raises OutsideLimits: the size tells of everything."""
        raise OutsideLimits

    def check_alive(self) -> None:
        """Raise DatabaseFailed unless the database answers."""
        self._db.check_alive()

    def close(self) -> NoReturn:
        """Raises OutsideLimits: whoever opened the database closes it."""
        raise OutsideLimits

    def _limited(self, sql: str) -> str:
        words = set(re.findall(r"\w+", sql)) & self._tables
        unknown = words - self._parts.keys()
        match = re.match(r"(select\b)|with\s+(?!recursive)", sql)
        if unknown or match is None:
            raise OutsideLimits
        parts = [f"{name} as not materialized ({self._filled(self._parts[name])})" for name in sorted(words)]
        if not parts:
            return sql
        rest = sql if match[1] else sql[match.end() :]
        return f"with {', '.join(parts)}{' ' if match[1] else ', '}{rest}"

    def _filled(self, text: str) -> str:
        return re.sub(r"(?<!:):(sources|start|end)\b", lambda found: self._values[found[1]], text)


def _values(limits: Limits) -> Mapping[str, str]:
    """The limits as SQL. They are numbers and instants, so nothing in them can be anything else."""
    numbers = limits.source_ids
    return {
        "sources": "null::bigint[]"
        if numbers is None
        else f"array[{', '.join(str(int(number)) for number in numbers)}]::bigint[]",
        "start": _instant(limits.start),
        "end": _instant(limits.end),
    }


def _instant(moment: datetime | None) -> str:
    if moment is None:
        return "null::timestamp"
    return f"'{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'::timestamp"
