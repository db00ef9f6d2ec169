"""The database as a whole: which tables it has, what they hold in one number each, and copies of it.

Statements here name tables and files, which no parameter can; names come from the catalogue and are
quoted. Everything is done in one transaction of a session, so it is one state.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from mem.errors import DatabaseFailed
from mem.store import duck_session
from mem.store.database import Session, sync_folder

# Rows lie in the order of their time, by which DuckDB skips what a question does not ask for.
_TIMES = ("started_at", "first_seen", "start_at", "created_at", "at", "number", "seq")
_copies = count(1)
# What PostgreSQL's types are in Parquet, by way of JSON; others are text.
_KINDS = {
    "bigint": "BIGINT",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "double precision": "DOUBLE",
    "real": "FLOAT",
    "timestamp without time zone": "TIMESTAMP",
    "json": "JSON",
    "jsonb": "JSON",
    "ARRAY": "JSON",
}


@dataclass(frozen=True, slots=True)
class Held:
    """What a table holds: rows, and a number that differs when any value of any of them does."""

    rows: int
    digest: str


def tables(session: Session) -> list[str]:
    """The names of all tables, in order."""
    schema = "main" if session.engine == "duckdb" else "public"
    rows = session.run(
        "select table_name from information_schema.tables "
        "where table_schema = $1 and table_type = 'BASE TABLE' and table_catalog = current_database() "
        "order by table_name",
        schema,
    )
    return [str(row["table_name"]) for row in rows]


def digests(session: Session, names: Iterable[str], database: str = "") -> dict[str, Held]:
    """What each of the tables holds, every value of it read. The order of rows does not matter.

    The numbers of the two engines are not comparable: they write values differently.
    """
    value = (
        "md5_number_lower(cast(t as varchar))"
        if session.engine == "duckdb"
        else "('x' || left(md5(t::text), 16))::bit(64)::bigint"
    )
    return _sums(session, names, database, value)


def _sums(session: Session, names: Iterable[str], database: str, value: str) -> dict[str, Held]:
    found = {}
    for name in names:
        place = f"{quoted(database)}.main.{quoted(name)}" if database else quoted(name)
        row = session.run(f"select count(*) as held, bit_xor({value}) as digest from {place} as t")[0]  # noqa: S608
        found[name] = Held(int(row["held"]), f"{int(row['digest'] or 0) % 2**64:016x}")
    return found


def counts(session: Session, names: Iterable[str]) -> dict[str, int]:
    """How many rows each of the tables has."""
    return {
        name: int(session.run(f"select count(*) as held from {quoted(name)}")[0]["held"])  # noqa: S608
        for name in names
    }


def columns(session: Session, table: str) -> list[str]:
    """The columns of a table, in order."""
    rows = session.run(
        "select column_name from information_schema.columns "
        "where table_name = $1 and table_catalog = current_database() order by ordinal_position",
        table,
    )
    return [str(row["column_name"]) for row in rows]


def packs(session: Session) -> set[str]:
    """Every pack that a frame lies in, below the data directory."""
    rows = session.run(
        "select distinct sources.folder, frames.pack "
        "from frames join sources on sources.id = frames.source_id"
    )
    return {f"{row['folder']}/{row['pack']}" for row in rows}


def originals(session: Session) -> list[tuple[str, str]]:
    """Folder and name of every recording that is kept."""
    rows = session.run("select folder, original from sources where original is not null")
    return [(str(row["folder"]), str(row["original"])) for row in rows]


def astray(session: Session) -> list[int]:
    """The recordings whose files would lie elsewhere than Mem puts them, by their ids."""
    rows = session.run(
        "select id from sources where not regexp_full_match(folder, $1) "
        "or not regexp_full_match(coalesce(original, $2), $3) "
        "or exists (select 1 from frames where source_id = sources.id and not regexp_full_match(pack, $4))",
        r"sources/\d{1,4}/\d{2}/\d{2}/\d+", "original", r"original(\.[a-z0-9]{1,10})?", r"frames-\d{6,}\.tar",
    )  # fmt: skip
    return [int(row["id"]) for row in rows]


def shared(session: Session) -> str:
    """A name under which PostgreSQL's own programs see the state that this session sees."""
    return str(session.run("select pg_export_snapshot() as name")[0]["name"])


def copy(session: Session, file: Path, portable: Path | None = None) -> dict[str, Held]:
    """Write a DuckDB database to the new `file`, its rows in order of time; gives what both hold.

    It is one committed state of it; others write on meanwhile. With `portable`, each table of the same
    state is written into that folder as NAME.parquet too. The file is on the disk, and was read again
    to see that it holds the same. Raises DatabaseFailed when it does not.
    """
    held: dict[str, Held] = {}

    def besides(names: list[str]) -> None:
        held.update(digests(session, names))
        if portable is not None:
            for table in names:
                _parquet(session, table, portable / f"{table}.parquet")

    _write(session, file, besides)
    return held


def renew(session: Session, file: Path) -> None:
    """Write it to `file` as `copy` does, which is to take its place: no sums that last are made of it."""
    _write(session, file, None)


def _write(session: Session, file: Path, besides: Callable[[list[str]], None] | None) -> None:
    """Write the copy, do what is to be done `besides` in the same state, and compare the two."""
    name = f"copy_{next(_copies)}"
    session.run(f"attach {_text(file)} as {name}")
    try:
        session.run("begin transaction")
        own = str(session.run("select current_database() as name")[0]["name"])
        session.run(f"copy from database {quoted(own)} to {name} (schema)")
        for table in (names := tables(session)):
            order = ", ".join(_order(columns(session, table)))
            here, there = f"{quoted(own)}.main.{quoted(table)}", f"{name}.main.{quoted(table)}"
            session.run(f"insert into {there} select * from {here} order by {order}")  # noqa: S608
        here_now = _marks(session, names)
        if besides is not None:
            besides(names)
        session.run("commit")
        session.run(f"checkpoint {name}")
        _same(here_now, _marks(session, names, name))
    finally:
        _end(session, name)
    _sync(file)


def _marks(session: Session, names: Iterable[str], database: str = "") -> dict[str, Held]:
    """Like `digests`, of DuckDB, by its own hash: twenty times as fast, and the same in one process only."""
    return _sums(session, names, database, "hash(t)")


def _end(session: Session, name: str) -> None:
    if session.run("select 1 as open from duckdb_databases() where database_name = $1", name):
        try:
            session.run(f"detach {name}")
        except DatabaseFailed:
            session.run("rollback")
            session.run(f"detach {name}")


def portable(session: Session, folder: Path) -> None:
    """Write each table of a PostgreSQL database as NAME.parquet into `folder`."""
    for table in tables(session):
        kinds = session.run(
            "select column_name as name, data_type as kind from information_schema.columns "
            "where table_schema = 'public' and table_name = $1 order by ordinal_position",
            table,
        )
        lines = folder / f".{table}.jsonl"
        with lines.open("w", encoding="utf-8") as out:
            for row in session.stream(f"select row_to_json(t)::text as line from {quoted(table)} as t"):  # noqa: S608
                out.write(f"{row['line']}\n")
        columns = {str(row["name"]): _KINDS.get(str(row["kind"]), "VARCHAR") for row in kinds}
        duck_session.write_parquet(lines, columns, folder / f"{table}.parquet")
        lines.unlink()
        _sync(folder / f"{table}.parquet")


def _parquet(session: Session, table: str, file: Path) -> None:
    order = ", ".join(_order(columns(session, table)))
    query = f"select * from {quoted(table)} order by {order}"  # noqa: S608
    session.run(f"copy ({query}) to {_text(file)} (format parquet, compression zstd)")
    _sync(file)


def _order(names: Iterable[str]) -> list[str]:
    """By time, then by what tells rows of one time apart."""
    known = list(names)
    times = [name for name in _TIMES if name in known][:1]
    return [quoted(name) for name in [*times, *(name for name in known if name not in times)][:3]]


def _same(one: Mapping[str, Held], other: Mapping[str, Held]) -> None:
    different = [name for name in one if one[name] != other.get(name)]
    if different:
        raise DatabaseFailed(f"The copy holds something else in {', '.join(different)}.")


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
    sync_folder(file.parent)


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def _text(file: Path) -> str:
    return "'" + str(file).replace("'", "''") + "'"
