"""The engine for several processes: PostgreSQL, reached through a pool of connections."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import ConnectionPool

from mem.errors import BadRequest, DatabaseFailed, DiskFull, TooBusy
from mem.store.database import Answer, Engine, Row, bulk, load_queries, parameter, with_zone

_MAX_CONNECTIONS = 8
_CONNECT_SECONDS = 10.0
_WAIT_SECONDS = 5.0  # for a connection, before the answer is 503
_STATEMENT_SECONDS = 60.0
_RETRY_SECONDS = 4.0  # after which lost connections are made anew at the next question, not by longer waits
_TIMESTAMP = psycopg.adapters.types["timestamp"].oid
# A plan made for any value cannot use an index for "$1 is null or column = $1".
# A process that was frozen inside a transaction must not hold up the others for long.
_OPTIONS = (
    "-c timezone=UTC -c plan_cache_mode=force_custom_plan -c idle_in_transaction_session_timeout=30s "
    "-c lock_timeout=20s -c statement_timeout={milliseconds}"
)
# A server that vanished without a word is noticed by these, not after hours.
_LINK: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# For sessions: one state throughout, and nothing changes even where a statement ends the transaction.
_READ_ONLY = (
    "-c timezone=UTC -c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
)

Connection = psycopg.Connection[TupleRow]
Pool = ConnectionPool[Connection]


def open_url(
    url: str, *, connections: int = _MAX_CONNECTIONS, statement_seconds: float = _STATEMENT_SECONDS
) -> "PostgresDatabase":
    """Connect to the database at `url`. Raises DatabaseFailed when it does not answer in 10 s.

    At most so many `connections` are kept; a statement that takes longer than that ends with TooBusy.
    """
    options = _OPTIONS.format(milliseconds=round(statement_seconds * 1000))
    pool: Pool = ConnectionPool(
        url,
        min_size=1,
        max_size=connections,
        timeout=_WAIT_SECONDS,
        reconnect_timeout=_RETRY_SECONDS,
        kwargs={"autocommit": True, "cursor_factory": RawCursor, "options": options, **_LINK},
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
    return PostgresDatabase(pool, load_queries("postgres"), url)


def others(url: str) -> list[int]:
    """The processes of PostgreSQL that serve whoever else has the database at `url` open."""
    with _failures(), psycopg.connect(url, cursor_factory=RawCursor) as own:
        return [row["pid"] for row in _execute(own, load_queries("postgres")["postgres.others"], ())]


@contextmanager
def _failures() -> Iterator[None]:
    """Turn a lost connection into DatabaseFailed, and what may work a moment later into TooBusy."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise DiskFull("The disk of PostgreSQL is full.") from error
    except (
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.LockNotAvailable,
    ) as error:
        raise TooBusy("Two writers were in each other's way.") from error
    except psycopg.errors.QueryCanceled as error:
        raise TooBusy(
            "PostgreSQL took longer than database.statement_timeout_seconds.", hint="Ask for less."
        ) from error
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.ReadOnlySqlTransaction,  # a standby that was not promoted yet
    ) as error:
        raise DatabaseFailed(
            f"The database failed: {str(error).splitlines()[0]}",
            hint="The next request asks it again; nothing that was acknowledged is lost.",
        ) from error


class PostgresDatabase:
    """One PostgreSQL database. Its writers run side by side, in this process and in others."""

    engine: Engine = "postgres"
    remembered = None  # other processes write too

    def __init__(self, pool: Pool, queries: Mapping[str, str], url: str) -> None:
        self._pool = pool
        self.url = url
        self._queries = queries
        self._here = threading.local()

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, from the last committed state."""
        with _failures(), self._pool.connection() as connection:
            return _execute(connection, self._queries[query], params)

    def read_text(self, sql: str, *params: object) -> list[Row]:
        """The rows of a text made of named queries, from the last committed state."""
        with _failures(), self._pool.connection() as connection:
            return _execute(connection, sql, params)

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

    @contextmanager
    def session(self) -> Iterator["PostgresSession"]:
        """A connection of its own that sees one state throughout and changes nothing."""
        with _failures(), psycopg.connect(self.url, options=_READ_ONLY, cursor_factory=RawCursor) as own:
            yield PostgresSession(own)
            own.rollback()

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

    def change(self, query: str, *params: object) -> int:
        """Change something by a statement that returns nothing; gives how many rows it changed."""
        return _run(self._connection, self._queries[query], params).rowcount

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows at once."""
        for batch in bulk(rows):
            self.run(query, batch)

    def script(self, text: str) -> None:
        """Run the statements of a migration, which may take as long as they need."""
        self._connection.execute(b"set local statement_timeout = 0")
        self._connection.execute(text.encode())

    def put(self, sql: str, rows: str) -> None:
        """Insert rows that are given as one json."""
        _execute(self._connection, sql, [rows])


class PostgresSession:
    """A connection of its own; nothing that is done with it lasts."""

    engine: Engine = "postgres"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, *params: object) -> list[Row]:
        """Run one statement of the store's own making."""
        return _execute(self._connection, sql, params)

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a statement of the store's own making, one after the other."""
        with self._connection.cursor(name="stream", row_factory=dict_row) as cursor:
            yield from cursor.execute(sql.encode())

    def ask(self, sql: str, *, limit: int, seconds: float) -> Answer:
        """What a person's question answers, `limit` rows at most. Raises BadRequest, TooBusy."""
        self._connection.execute(f"set statement_timeout = {round(seconds * 1000)}".encode())
        try:  # prepared, so that it can only be one statement
            cursor = self._connection.execute(sql.encode(), prepare=True)
            if cursor.description is None:
                raise BadRequest("One statement that only reads is answered.", hint="Begin it with SELECT.")
            rows = cursor.fetchmany(limit + 1)
        except psycopg.errors.QueryCanceled:
            raise TooBusy(f"The question took longer than {seconds:g} s.", hint="Ask for less.") from None
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except psycopg.Error as error:
            raise BadRequest(str(error)) from None
        return Answer(tuple(column.name for column in cursor.description), rows[:limit], len(rows) > limit)


def _run(connection: Connection, sql: str, params: Sequence[object]) -> psycopg.Cursor[TupleRow]:
    return connection.execute(sql.encode(), [_parameter(value) for value in params] or None)


def _execute(connection: Connection, sql: str, params: Sequence[object]) -> list[Row]:
    cursor = _run(connection, sql, params)
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
