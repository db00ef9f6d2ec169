"""The embedded engine: one DuckDB file, owned by this process alone."""

import errno
import json
import os
import re
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from mem.errors import DatabaseFailed, DiskFull, Locked, TooBusy
from mem.store.database import Engine, Row, bulk, load_queries, parameter, with_zone

# Bytes that must be free for a transaction to begin. A commit that finds the disk full and has updated an
# indexed row ends the whole process: DuckDB's undoing of it throws where nothing may be thrown.
ROOM = 8 * 2**20
_IDLE_CURSORS = 16
_WRITER_WAIT_SECONDS = 60.0
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "JSON": lambda text: None if text is None else json.loads(text),
    "TIMESTAMP": with_zone,
}


def open_file(file: Path, *, memory_limit: int, threads: int) -> "DuckDatabase":
    """Open or make the database `file`, readable by its owner only. `memory_limit` is in bytes.

    Raises Locked when another process, or another part of this one, has it open.
    """
    folder = file.absolute().parent
    spill = folder / "tmp"
    spill.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(
            str(file),
            config={
                "memory_limit": f"{memory_limit}B",
                "threads": threads,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    except duckdb.ConnectionException as error:
        raise Locked(f"This process has {file} open already: {error}") from None
    except duckdb.Error as error:
        raise _not_opened(file, error) from error
    try:
        _harden(connection, folder, spill)
        file.chmod(0o600)
    except duckdb.InvalidInputException as error:  # the settings of an open database are locked
        connection.close()
        raise Locked(f"This process has {file} open already.") from error
    return DuckDatabase(connection, file, load_queries("duckdb"))


def _harden(connection: duckdb.DuckDBPyConnection, folder: Path, spill: Path) -> None:
    """Leave SQL no way out of the data directory. The order matters: the last steps bar the first."""
    connection.execute("set allowed_directories = $1", [[str(folder)]])
    connection.execute("set temp_directory = $1", [str(spill)])
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _not_opened(file: Path, error: duckdb.Error) -> Locked | DatabaseFailed:
    message = str(error).splitlines()[0]
    held = re.search(r"lock is held in (.+?) \(PID (\d+)\)", message)
    if held:
        return Locked(f"Process {held[2]} ({Path(held[1]).name}) holds {file}.")
    if "Could not set lock" in message:
        return Locked(f"Another process holds {file}.")
    return DatabaseFailed(
        f"{file} cannot be opened: {message}",
        hint="It may be damaged, or written by a newer Mem. Restore a backup, or start the newer Mem.",
    )


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the disk or DuckDB itself did into DiskFull or DatabaseFailed.

    A commit that finds the disk full is undone and the database goes on, if it only added rows (see
    ROOM); where DuckDB reports it as fatal it refuses every later statement.
    """
    try:
        yield
    except (duckdb.FatalException, duckdb.InternalException) as error:
        raise _failed(error) from error
    except (duckdb.IOException, duckdb.TransactionException) as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise DiskFull from error
        raise _failed(error) from error
    except duckdb.ConnectionException as error:
        raise DatabaseFailed("The database is closed.") from error


def _failed(error: duckdb.Error) -> DatabaseFailed:
    return DatabaseFailed(f"The database failed: {str(error).splitlines()[0]}")


class DuckDatabase:
    """The only owner of one DuckDB file. Readers have a cursor each; writers take turns."""

    engine: Engine = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._file = file
        self._queries = queries
        self._idle: deque[duckdb.DuckDBPyConnection] = deque()
        self._turn = threading.Lock()
        self._writing: int | None = None  # ident of the thread whose turn it is
        self._closed = False
        self._failure: DatabaseFailed | None = None  # of a commit: what it did is not known for sure

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, from the last committed state."""
        with self._cursor() as cursor:
            return _execute(cursor, self._queries[query], params)

    @contextmanager
    def write(self) -> Iterator["DuckWriter"]:
        """The one open transaction. Raises DiskFull, and TooBusy when the one before takes a minute."""
        if self._writing == threading.get_ident():
            raise RuntimeError("a transaction is open in this thread already")
        if not self._turn.acquire(timeout=_WRITER_WAIT_SECONDS):
            raise TooBusy("The database was busy writing for too long.")
        self._writing = threading.get_ident()
        try:
            self._check_room()
            with self._cursor() as cursor:
                yield from self._transaction(cursor)
        finally:
            self._writing = None
            self._turn.release()

    def size_bytes(self) -> int:
        """Bytes of the file and its log."""
        log = self._file.with_name(self._file.name + ".wal")
        return sum(file.stat().st_size for file in (self._file, log) if file.exists())

    def check_alive(self) -> None:
        """Raise DatabaseFailed unless a query works and no commit has failed."""
        if self._failure is not None:
            raise DatabaseFailed(self._failure.detail)
        with self._cursor() as cursor, _failures():
            cursor.execute("select 1").fetchall()

    def close(self) -> None:
        """Wait for the open transaction, then write the log into the file and close it."""
        with self._turn:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._connection.close()

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._file.parent).free
        if free < ROOM:
            raise DiskFull(f"{free:,} bytes are free; the database needs {ROOM:,} to write.")

    def _transaction(self, cursor: duckdb.DuckDBPyConnection) -> Iterator["DuckWriter"]:
        with _failures():
            cursor.begin()
        committed = False
        try:
            yield DuckWriter(cursor, self._queries)
            self._commit(cursor)
            committed = True
        finally:
            if not committed:
                with suppress(duckdb.Error):  # what broke it is already being raised
                    cursor.rollback()

    def _commit(self, cursor: duckdb.DuckDBPyConnection) -> None:
        try:
            with _failures():
                cursor.commit()
        except DatabaseFailed as error:
            self._failure = error
            raise

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with _failures():
            try:
                cursor = self._idle.pop()
            except IndexError:
                cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            if self._closed or len(self._idle) >= _IDLE_CURSORS:
                cursor.close()
            else:
                self._idle.append(cursor)


class DuckWriter:
    """One open transaction."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> None:
        self._cursor = cursor
        self._queries = queries

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, this transaction's own changes included."""
        return _execute(self._cursor, self._queries[query], params)

    def run(self, query: str, *params: object) -> list[Row]:
        """Change something; gives the rows that the statement returns."""
        return _execute(self._cursor, self._queries[query], params)

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows at once."""
        for batch in bulk(rows):
            self.run(query, batch)

    def script(self, text: str) -> None:
        """Run the statements of a migration."""
        with _failures():
            self._cursor.execute(text)


def _execute(cursor: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object]) -> list[Row]:
    with _failures():
        cursor.execute(sql, [_parameter(value) for value in params])
        rows = cursor.fetchall()
        columns = cursor.description or []
    names = [str(column[0]) for column in columns]
    decoders = [
        (name, _DECODERS[str(column[1])])
        for name, column in zip(names, columns, strict=True)
        if str(column[1]) in _DECODERS
    ]
    shaped = [dict(zip(names, row, strict=True)) for row in rows]
    for row in shaped:
        for name, decode in decoders:
            row[name] = decode(row[name])
    return list(shaped)


def _parameter(value: object) -> object:
    """As text, a list of 200 numbers binds in 2 ms and not in 20: each item costs a look for pandas."""
    return str(list(value)) if isinstance(value, list | tuple) else parameter(value)
