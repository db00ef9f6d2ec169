"""What every engine offers, and what crosses its boundary in which form.

A query is called by name: ``frames.at`` is the block ``-- at --`` of ``queries/frames.sql``. Its
parameters are ``$1`` and so on. Times go in and come out as aware UTC and lie in the database as UTC
without zone; columns of type json come out decoded.
"""

import dataclasses
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from mem.errors import NaiveTime
from mem.store.remembered import Remembered

Row = Mapping[str, Any]
Engine = Literal["duckdb", "postgres"]
Record = TypeVar("Record")

BULK_ROWS = 5_000  # rows in one statement of `many`, so that its text stays within a few MB


class Reader(Protocol):
    """Something that answers named queries."""

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, keys being column names."""


class Writer(Reader, Protocol):
    """One open transaction."""

    def run(self, query: str, *params: object) -> list[Row]:
        """Change something; gives the rows that the statement returns."""

    def change(self, query: str, *params: object) -> int:
        """Change something by a statement that returns nothing; gives how many rows it changed.

        To return something DuckDB deletes the row and adds it again: an update costs twice as much, and one
        that finds the disk full when it is committed can end the process, as it is undone in the key's index.
        """

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows at once with a query that takes them all as one json (see `bulk`)."""

    def script(self, text: str) -> None:
        """Run the statements of a migration."""

    def put(self, sql: str, rows: str) -> None:
        """Insert rows, given as one json (see `bulk`), with a statement of transfer.py's making."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Rows that a person asked for; `more` says whether there were others."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    more: bool


class Session(Protocol):
    """A connection of its own, for what concerns the database as a whole (see whole.py)."""

    @property
    def engine(self) -> Engine:
        """Which engine it is."""

    def run(self, sql: str, *params: object) -> list[Row]:
        """Run one statement of the store's own making, which names tables as no parameter can."""

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a statement of the store's own making, one after the other."""

    def ask(self, sql: str, *, limit: int, seconds: float) -> Answer:
        """What a person's question answers, reading only. Raises BadRequest, and TooBusy when it is slow."""


class Database(Reader, Protocol):
    """An open database. Its methods may be called from any thread."""

    @property
    def engine(self) -> Engine:
        """Which engine it is."""

    @property
    def remembered(self) -> Remembered | None:
        """What has been read and still holds; None where other processes write too."""

    def read_text(self, sql: str, *params: object) -> list[Row]:
        """The rows of a text that view.py made of named queries."""

    def write(self) -> AbstractContextManager[Writer]:
        """A transaction: committed on a clean exit, rolled back on an exception.

        With DuckDB there is one at a time in all threads. Keep it short: do slow work before.
        """

    def session(self) -> AbstractContextManager[Session]:
        """A connection of its own; what it has not committed is undone at its end."""

    def size_bytes(self) -> int:
        """Bytes on disk."""

    def check_alive(self) -> None:
        """Raise DatabaseFailed unless the database answers."""

    def close(self) -> None:
        """Close it; a second call does nothing."""


def sync_folder(folder: Path) -> None:
    """Make durable which files `folder` has."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def load_queries(engine: Engine) -> dict[str, str]:
    """Every named query: ``module.block`` to its SQL text.

    ``module.postgres.sql`` holds the few blocks that PostgreSQL needs in another form.
    """
    found: dict[str, str] = {}
    files = sorted((resources.files("mem.store") / "queries").iterdir(), key=lambda file: len(file.name))
    for file in files:  # the longer name comes later and replaces
        module, _, only = file.name.removesuffix(".sql").partition(".")
        if only not in ("", engine):
            continue
        parts = re.split(r"^-- (\w+) --$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            lines = [line for line in text.splitlines() if not line.startswith("--")]
            found[f"{module}.{name}"] = "\n".join(lines).strip()
    return found


def build(record: type[Record], row: Row, **given: object) -> Record:
    """A dataclass from the columns that bear its fields' names; `given` fields come first."""
    names = record.__dataclass_fields__  # type: ignore[attr-defined]
    return record(**{name: given[name] if name in given else row[name] for name in names})


def by_ids(r: Reader, query: str, ids: Iterable[int]) -> Iterator[Row]:
    """The rows with these ids, by a query that takes some of them, the lowest and the highest.

    A thousand at a time, in order of id; the bounds let DuckDB skip what lies outside them.
    """
    remaining = iter(sorted(set(ids)))
    while batch := list(islice(remaining, 1_000)):
        yield from r.read(query, batch, batch[0], batch[-1])


def parameter(value: object) -> object:
    """A value as the engines take it. Raises NaiveTime for a time without zone."""
    if isinstance(value, datetime):
        return _without_zone(value)
    return _clean(value) if isinstance(value, str) else value


def to_json(value: object) -> str:
    """The text that a json column holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_text)
    if "\\u0000" in text:  # PostgreSQL refuses it even escaped
        text = json.dumps(_cleaned(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    return _clean(text)


def bulk(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Rows as ``{"0": [column, …], …}`` for ``json_each``, which both engines have.

    At most BULK_ROWS in one text. 720 frames take DuckDB 7 ms this way and 1300 ms with executemany:
    its Python client looks for pandas at every single value that it is given.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, BULK_ROWS)):
        yield to_json({str(number): row for number, row in enumerate(batch)})


def with_zone(moment: datetime | None) -> datetime | None:
    """A stored time as the rest of Mem knows it."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def _without_zone(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise NaiveTime(moment)
    return moment.astimezone(UTC).replace(tzinfo=None)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return _without_zone(value).isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored as json")


def _clean(text: str) -> str:
    """Text without what no database stores: NUL, and the lone surrogates of undecodable file names."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _cleaned(item) for key, item in value.items()}
    return value
