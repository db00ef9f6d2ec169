"""DuckDB for what concerns a database as a whole: its copies, its sums, and a person's own questions."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from mem.errors import BadRequest, DatabaseFailed, TooBusy
from mem.store.database import Answer, Engine, Row

Execute = Callable[[duckdb.DuckDBPyConnection, str, Sequence[object]], list[Row]]


class DuckSession:
    """A connection of its own: statements that name tables or files, which no parameter can."""

    engine: Engine = "duckdb"

    def __init__(self, cursor: duckdb.DuckDBPyConnection, file: Path, execute: Execute) -> None:
        self._cursor = cursor
        self._execute = execute
        self.file = file

    def run(self, sql: str, *params: object) -> list[Row]:
        """Run one statement of the store's own making."""
        return self._execute(self._cursor, sql, params)

    def stream(self, sql: str) -> Iterator[Row]:
        """The rows of a statement of the store's own making."""
        yield from self.run(sql)

    def ask(self, sql: str, *, limit: int, seconds: float) -> Answer:
        """What a person's question answers: `limit` rows at most. Raises BadRequest, TooBusy when it is slow.

        It runs in a transaction that can only read.
        """
        try:
            statements = self._cursor.extract_statements(sql)
        except duckdb.Error as error:
            raise BadRequest(str(error)) from None
        kinds = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
        if len(statements) != 1 or statements[0].type not in kinds:
            raise BadRequest("One statement that only reads is answered.", hint="Begin it with SELECT.")
        self._cursor.execute("begin transaction read only")
        timer = threading.Timer(seconds, self._cursor.interrupt)
        timer.start()
        try:
            self._cursor.execute(statements[0])
            rows = self._cursor.fetchmany(limit + 1)
            columns = tuple(str(column[0]) for column in self._cursor.description or [])
        except duckdb.InterruptException:
            raise TooBusy(f"The question took longer than {seconds:g} s.", hint="Ask for less.") from None
        except (duckdb.FatalException, duckdb.InternalException, duckdb.IOException):
            raise
        except duckdb.Error as error:
            raise BadRequest(str(error)) from None
        finally:
            timer.cancel()
        return Answer(columns, rows[:limit], len(rows) > limit)


@contextmanager
def reading(file: Path) -> Iterator[DuckSession]:
    """A database file that nobody owns, such as a backup's, for reading alone. Raises DatabaseFailed."""
    try:
        with closing(duckdb.connect(str(file), read_only=True, config={"threads": 2})) as connection:
            yield DuckSession(connection, file, _plain)
    except duckdb.Error as error:
        raise DatabaseFailed(f"{file} cannot be read: {str(error).splitlines()[0]}") from error


def write_parquet(lines: Path, columns: Mapping[str, str], target: Path) -> None:
    """Write a file with one JSON object a line as Parquet; `columns` gives the type of each key."""
    described = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in columns.items())
    source = f"read_json({_text(str(lines))}, format = 'newline_delimited', columns = {{{described}}})"
    try:
        with closing(duckdb.connect(config={"threads": 2})) as connection:
            connection.execute(f"copy (from {source}) to {_text(str(target))} (format parquet)")
    except duckdb.Error as error:
        raise DatabaseFailed(f"{target} cannot be written: {str(error).splitlines()[0]}") from error


def _plain(cursor: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object]) -> list[Row]:
    cursor.execute(sql, list(params))
    rows = cursor.fetchall()
    names = [str(column[0]) for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
