"""The embedded engine: one DuckDB file, owned by this process alone."""

import errno
import json
import os
import re
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from mem import failpoints
from mem.errors import DatabaseFailed, DiskFull, Locked, TooBusy
from mem.store import literals
from mem.store.columns import Columnar
from mem.store.database import Engine, Row, bulk, load_queries, sync_folder, with_zone
from mem.store.duck_session import DuckSession
from mem.store.remembered import Noted, Remembered

# Bytes that must be free for a transaction to begin. A commit that finds the disk full and has updated an
# indexed column, or returned what it updated, ends the process: DuckDB's undoing throws where nothing may.
ROOM = 8 * 2**20
# Its Python client looks for pandas on the disk at each value that it binds, and never remembers that there
# is none; nothing here wants any.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
_UNBOUND = "no default database set"  # what DuckDB says of a log that it cannot read back by itself
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
    connect = partial(_connect, file, spill, memory_limit, threads)
    return DuckDatabase(connect(), file, load_queries("duckdb"), connect)


def _connect(file: Path, spill: Path, memory_limit: int, threads: int) -> duckdb.DuckDBPyConnection:
    folder = file.absolute().parent
    config = {
        "memory_limit": f"{memory_limit}B",
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        connection = _replayed(file, config)
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
    return connection


def _replayed(file: Path, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """The opened file, its log read back.

    Of a log in which a table with a default such as nextval was altered, DuckDB 1.5 makes an internal error
    when it opens the file itself (duckdb/duckdb#18259), and none when another database attaches the file.
    """
    try:
        return duckdb.connect(str(file), config=config)
    except duckdb.InternalException as error:
        if _UNBOUND not in str(error):
            raise
    with duckdb.connect(":memory:", config=config) as other:
        quoted = str(file).replace("'", "''")
        other.execute(f"attach '{quoted}' as replayed")
        other.execute("checkpoint replayed")
        other.execute("detach replayed")
    return duckdb.connect(str(file), config=config)


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
        hint="It may be damaged: `mem restore`, or `mem db rebuild`. Or a newer Mem wrote it: start that.",
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


class DuckDatabase(Columnar):
    """The only owner of one DuckDB file. Readers have a cursor each; writers take turns."""

    engine: Engine = "duckdb"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: Path,
        queries: Mapping[str, str],
        connect: Callable[[], duckdb.DuckDBPyConnection],
    ) -> None:
        self._connection = connection
        self._file = file
        self._queries = queries
        self.remembered = Remembered(queries)
        self._connect = connect
        self._gate = threading.Condition()
        self._in_use = 0  # cursors that are at work
        self._shut = False  # while another file is put in the place of this one
        self._idle: deque[duckdb.DuckDBPyConnection] = deque()
        self._turn = threading.Lock()
        self._writing: int | None = None  # ident of the thread whose turn it is
        self._closed = False
        self._failure: DatabaseFailed | None = None  # of a commit: what it did is not known for sure

    def read(self, query: str, *params: object) -> list[Row]:
        """The rows of a query, from the last committed state."""
        with self._cursor() as cursor:
            return _execute(cursor, self._queries[query], params)

    def read_text(self, sql: str, *params: object) -> list[Row]:
        """The rows of a text made of named queries, from the last committed state."""
        with self._cursor() as cursor:
            return _execute(cursor, sql, params)

    @contextmanager
    def write(self) -> Iterator["DuckWriter"]:
        """The one open transaction. Raises DiskFull, and TooBusy when the one before takes a minute."""
        with self._only_writer(), self._cursor() as cursor:
            yield from self._transaction(cursor)

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        if self._writing == threading.get_ident():
            raise RuntimeError("a transaction is open in this thread already")
        if not self._turn.acquire(timeout=_WRITER_WAIT_SECONDS):
            raise TooBusy("The database was busy writing for too long.")
        self._writing = threading.get_ident()
        try:
            self._check_room()
            yield
        finally:
            self._writing = None
            self._turn.release()

    @contextmanager
    def session(self) -> Iterator[DuckSession]:
        """A connection of its own, for what concerns the database as a whole (see whole.py)."""
        with self._at_work(), _failures():
            cursor = self._connection.cursor()
            try:
                yield DuckSession(cursor, self._file, _execute)
            finally:
                with suppress(duckdb.Error):  # no transaction is open, or it has failed
                    cursor.rollback()
                cursor.close()

    def renew(self, make: Callable[[DuckSession, Path], None]) -> None:
        """Put the copy of this database that `make` writes in its place.

        Writers wait until it is done, readers while the files are exchanged. Whatever ends the process,
        the old file is there or the new one. Raises DatabaseFailed when neither can be opened again.
        """
        copy = self._file.parent / "tmp" / f"compact-{self._file.name}"
        with self._only_writer():
            copy.unlink(missing_ok=True)
            try:
                with self.session() as session:
                    make(session, copy)
                with self._nobody_else():
                    self._exchange(copy)
            finally:
                copy.unlink(missing_ok=True)

    def _exchange(self, copy: Path) -> None:
        while self._idle:
            self._idle.pop().close()
        log = self._file.with_name(self._file.name + ".wal")
        try:
            with _failures():
                self._connection.close()
            if not log.exists():  # it was written into the file, so the copy holds all that there is
                copy.replace(self._file)
                sync_folder(self._file.parent)
            self._connection = self._connect()
        except (Locked, DatabaseFailed) as error:
            self._failure = DatabaseFailed(f"The database was not opened again: {error.detail}")
            raise
        if copy.exists():
            raise TooBusy("The database could not be closed, so it stays as it is.")

    @contextmanager
    def _nobody_else(self) -> Iterator[None]:
        """Let no new reader in, and wait for those at work. Raises TooBusy after a minute of that."""
        with self._gate:
            self._shut = True
            try:
                if not self._gate.wait_for(lambda: self._in_use == 0, _WRITER_WAIT_SECONDS):
                    raise TooBusy("Somebody was reading for too long.")
                yield
            finally:
                self._shut = False
                self._gate.notify_all()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._gate:
            self._gate.wait_for(lambda: not self._shut)
            self._in_use += 1
        try:
            yield
        finally:
            with self._gate:
                self._in_use -= 1
                self._gate.notify_all()

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
            noted = Noted(self._queries)
            yield DuckWriter(cursor, noted)
            self._commit(cursor)
            committed = True
            self.remembered.committed(noted)
        finally:
            if not committed:
                with suppress(duckdb.Error):  # what broke it is already being raised
                    cursor.rollback()

    def _commit(self, cursor: duckdb.DuckDBPyConnection) -> None:
        try:
            with _failures():
                failpoints.reach("database.changed")
                cursor.commit()
                failpoints.reach("database.committed")
        except DatabaseFailed as error:
            self._failure = error
            raise

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._at_work():
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

    def change(self, query: str, *params: object) -> int:
        """Change something by a statement that returns nothing; gives how many rows it changed."""
        return int(self.run(query, *params)[0]["Count"])

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change many rows at once."""
        for batch in bulk(rows):
            self.run(query, batch)

    def script(self, text: str) -> None:
        """Run the statements of a migration."""
        with _failures():
            self._cursor.execute(text)

    def put(self, sql: str, rows: str) -> None:
        """Insert rows that are given as one json."""
        _execute(self._cursor, sql, [rows])


def _execute(cursor: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object]) -> list[Row]:
    with _failures():
        text, bound = literals.written(sql, params)
        cursor.execute(text, bound) if bound else cursor.execute(text)
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
