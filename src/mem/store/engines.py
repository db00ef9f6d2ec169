"""Which engine holds the rows: a DuckDB file in the data directory, or PostgreSQL."""

from contextlib import ExitStack
from pathlib import Path

from mem.store import migrate
from mem.store.database import Database


def open_database(url: str | None, *, folder: Path, memory_limit: int, threads: int) -> Database:
    """Open and migrate the database: DuckDB at ``folder/mem.duckdb``, or PostgreSQL at `url`.

    `memory_limit` is in bytes. Raises Locked with the process that holds it, or DatabaseFailed.
    """
    database = _opened(url, folder, memory_limit, threads)
    with ExitStack() as undo:
        undo.callback(database.close)
        migrate.apply(database)
        undo.pop_all()
    return database


def _opened(url: str | None, folder: Path, memory_limit: int, threads: int) -> Database:
    if url is None:
        from mem.store import duck  # an engine is loaded only where it is used

        return duck.open_file(folder / "mem.duckdb", memory_limit=memory_limit, threads=threads)
    from mem.store import postgres

    return postgres.open_url(url)
