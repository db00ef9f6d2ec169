"""Rows from one engine to the other: what each table holds in a number that both engines agree on.

Statements here name tables and columns, which no parameter can; the names come from the catalogue and are
quoted.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from mem.store import copies, whole
from mem.store.database import Database, Row, Session, Writer, bulk
from mem.store.whole import Held, quoted

# Made anew from the other rows, or different in every database.
LEFT_OUT = frozenset(
    {
        "schema_migrations",
        "search_entries",
        "search_words",
        "search_make",
        "source_totals",
        "index_changes",
    }
)
_PAGE = 20_000  # rows of DuckDB in memory at once


def tables(session: Session) -> list[str]:
    """The tables that are moved."""
    return [name for name in whole.tables(session) if name not in LEFT_OUT]


def counted(session: Session, table: str) -> int:
    """How many rows a table has."""
    return whole.counts(session, [table])[table]


def held(session: Session, table: str) -> Held:
    """What a table holds, the same on both engines for the same rows, whatever their order."""
    columns = sorted(whole.columns(session, table))
    rows = total = 0
    for row in _rows(session, table, columns):
        rows += 1
        text = json.dumps([_plain(row[name]) for name in columns], ensure_ascii=True, sort_keys=True)
        total += int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return Held(rows, f"{total % 2**128:032x}")


def move(source: Session, target: Database, table: str) -> None:
    """Put the rows of a table into the target, in the place of what is there, in one transaction."""
    with target.session() as session:
        kinds = _kinds(session, table)
    columns = [name for name in whole.columns(source, table) if name in kinds]
    places = ", ".join(f"cast(value ->> {at} as {kinds[name]})" for at, name in enumerate(columns))
    into = ", ".join(quoted(name) for name in columns)
    insert = f"insert into {quoted(table)} ({into}) select {places} from json_each($1::json)"  # noqa: S608
    rows = ([_told(row[name]) for name in columns] for row in _rows(source, table, columns))
    with target.write() as w:
        w.script(f"delete from {quoted(table)}")  # noqa: S608
        for batch in bulk(rows):
            w.put(insert, batch)


def sequences(session: Session) -> dict[str, int]:
    """The last number that each sequence gave out; 0 for one that gave none."""
    if session.engine == "duckdb":
        found = session.run("select sequence_name as name, last_value as last from duckdb_sequences()")
    else:
        found = session.run(
            "select sequencename as name, last_value as last from pg_sequences where schemaname = 'public'"
        )
    return {str(row["name"]): int(row["last"] or 0) for row in found}


def draw(w: Writer, numbers: dict[str, int], known: Iterable[str]) -> None:
    """See that no sequence of the target gives out a number that the source gave out."""
    for name in known:
        if numbers.get(name):
            copies.draw_until(w, name, numbers[name])


def _kinds(session: Session, table: str) -> dict[str, str]:
    rows = session.run(
        "select column_name as name, data_type as kind from information_schema.columns "
        "where table_name = $1 and table_catalog = current_database()",
        table,
    )
    return {str(row["name"]): str(row["kind"]) for row in rows}


def _rows(session: Session, table: str, columns: Iterable[str]) -> Iterator[Row]:
    query = f"select {', '.join(quoted(name) for name in columns)} from {quoted(table)}"  # noqa: S608
    if session.engine == "postgres":
        yield from session.stream(query)
        return
    last = session.run(f"select coalesce(max(rowid), -1) as last from {quoted(table)}")[0]["last"]  # noqa: S608
    for first in range(0, int(last) + 1, _PAGE):
        yield from session.run(f"{query} where rowid >= {first} and rowid < {first + _PAGE}")


def _told(value: Any) -> object:
    """A value as json carries it; json columns go as text, so that SQL's null stays what it is."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _plain(value)


def _plain(value: Any) -> object:
    return value.replace(tzinfo=None).isoformat() if isinstance(value, datetime) else value
