"""The engine for several processes: PostgreSQL, reached through a pool of connections."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from mem.errors import DatabaseFailed, DiskFull, TooBusy
from mem.store.database import Engine, Row, bulk, load_queries, parameter, with_zone

_MAX_CONNECTIONS = 8
_CONNECT_SECONDS = 10.0
_TIMESTAMP = psycopg.adapters.types["timestamp"].oid
# A plan made for any value cannot use an index for "$1 is null or column = $1".
_OPTIONS = "-c timezone=UTC -c plan_cache_mode=force_custom_plan"

Connection = psycopg.Connection[TupleRow]
Pool = ConnectionPool[Connection]


def open_url(url: str) -> "PostgresDatabase":
    """Connect to the database at `url`. Raises DatabaseFailed when it does not answer in 10 s."""
    pool: Pool = ConnectionPool(
        url,
        min_size=1,
        max_size=_MAX_CONNECTIONS,
        timeout=_CONNECT_SECONDS,
        kwargs={"autocommit": True, "cursor_factory": RawCursor, "options": _OPTIONS},
        check=ConnectionPool.check_connection,
        open=False,
        name="mem",
    )
    try:
        pool.open(wait=True, timeout=_CONNECT_SECONDS)
    except psycopg.Error as error:
        pool.close()
        raise DatabaseFailed(
            "PostgreSQL does not answer.", hint="See that it runs and that database.url is right."
        ) from error
    return PostgresDatabase(pool, load_queries("postgres"))


@contextmanager
def _failures() -> Iterator[None]:
    """Turn a lost connection into DatabaseFailed, and what may work a moment later into TooBusy."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise DiskFull("The disk of PostgreSQL is full.") from error
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise TooBusy("Two writers were in each other's way.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseFailed(f"The database failed: {str(error).splitlines()[0]}") from error


class PostgresDatabase:
    """One PostgreSQL database. Its writers run side by side, in this process and in others."""

    engine: Engine = "postgres"

    def __init__(self, pool: Pool, queries: Mapping[str, str]) -> None:
        self._pool = pool
        self._queries = queries
        self._here = threading.local()

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, from the last committed state."""
        with _failures(), self._pool.connection() as connection:
            return _execute(connection, self._queries[query], params)

    @contextmanager
    def write(self) -> Iterator["PostgresWriter"]:
        """A transaction, committed on a clean exit."""
        if getattr(self._here, "writing", False):
            raise RuntimeError("a transaction is open in this thread already")
        self._here.writing = True
        try:
            with _failures(), self._pool.connection() as connection, connection.transaction():
                yield PostgresWriter(connection, self._queries)
        finally:
            self._here.writing = False

    def size_bytes(self) -> int:
        """Bytes of the database on the server's disk."""
        return int(self.read("postgres.size")[0]["bytes"])

    def check_alive(self) -> None:
        """Raise DatabaseFailed unless a query works."""
        self.read("postgres.alive")

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class PostgresWriter:
    """One open transaction."""

    def __init__(self, connection: Connection, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, this transaction's own changes included."""
        return _execute(self._connection, self._queries[query], params)

    def run(self, query: str, *params: object) -> list[Row]:
        """Change something; gives the rows that the statement returns."""
        return _execute(self._connection, self._queries[query], params)

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows at once."""
        for batch in bulk(rows):
            self.run(query, batch)

    def script(self, text: str) -> None:
        """Run the statements of a migration."""
        self._connection.execute(text.encode())


def _execute(connection: Connection, sql: str, params: Sequence[object]) -> list[Row]:
    cursor = connection.execute(sql.encode(), [_parameter(value) for value in params] or None)
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    times = [column.name for column in cursor.description if column.type_code == _TIMESTAMP]
    shaped: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in shaped:
        for name in times:
            row[name] = with_zone(row[name])
    return list(shaped)


def _parameter(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else parameter(value)
