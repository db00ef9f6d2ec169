"""Which engine holds the rows: a DuckDB file in the data directory, or PostgreSQL."""

from contextlib import ExitStack
from pathlib import Path

from mem.store import before, migrate
from mem.store.database import Database


def open_database(
    url: str | None,
    *,
    folder: Path,
    memory_limit: int,
    threads: int,
    programs: Path | None = None,
    connections: int = 8,
    statement_seconds: float = 60.0,
    migrating: bool = True,
) -> Database:
    """Open and migrate the database: DuckDB at ``folder/mem.duckdb``, or PostgreSQL at `url`.

    `memory_limit` is in bytes. Before a step of the schema, what is there is copied to ``folder/backups``;
    for PostgreSQL with its own programs, from the folder `programs` or PATH. `connections` and
    `statement_seconds` bound what PostgreSQL is asked. Without `migrating` the schema must be this Mem's
    own. Raises Locked with the process that holds it, DatabaseFailed, or SchemaDiffers.
    """
    database = opened(
        url,
        folder,
        memory_limit=memory_limit,
        threads=threads,
        connections=connections,
        statement_seconds=statement_seconds,
    )
    with ExitStack() as undo:
        undo.callback(database.close)
        if not migrating or migrate.is_current(database):
            migrate.check(database)
        else:
            with migrate.alone(database):
                if migrate.pending(database):
                    before.keep(database, folder, url, programs)
                migrate.apply(database)
        undo.pop_all()
    return database


def opened(
    url: str | None,
    folder: Path,
    *,
    memory_limit: int,
    threads: int,
    connections: int = 8,
    statement_seconds: float = 60.0,
) -> Database:
    """Open the database as it is. Raises Locked, DatabaseFailed."""
    if url is None:
        from mem.store import duck  # an engine is loaded only where it is used

        return duck.open_file(folder / "mem.duckdb", memory_limit=memory_limit, threads=threads)
    from mem.store import postgres

    return postgres.open_url(url, connections=connections, statement_seconds=statement_seconds)


def others(url: str) -> list[int]:
    """The processes of PostgreSQL that serve whoever else has the database at `url` open."""
    from mem.store import postgres

    return postgres.others(url)
