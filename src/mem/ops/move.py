"""Moving the rows from DuckDB to PostgreSQL, or back.

Table by table, each in one transaction; one that holds the same already is passed over, so a move that was
cut short goes on when it is begun again. At the end everything is read on both sides and compared. Nothing
of the old database is changed, and the folders of the recordings stay where they are.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mem.config import Config
from mem.errors import BadRequest, Conflict, DatabaseFailed, Locked
from mem.ops import chores, restore
from mem.ops.chores import Tell
from mem.store import engines, swap, transfer
from mem.store.database import Database, Session
from mem.store.whole import Held

log = logging.getLogger(__name__)

DUCKDB = "duckdb"
_NOTE = "moving.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was moved, and where the rows are now."""

    tables: dict[str, Held]
    rows: int
    passed_over: tuple[str, ...]  # that an earlier run had brought over
    before: Path | None  # where a DuckDB database lies that was in the way


def move(config: Config, to: str, tell: Tell = chores.silently) -> Moved:
    """Bring all rows to the database `to`: a PostgreSQL URL, or "duckdb" for the one in the data directory.

    Raises Locked while another process has either open, BadRequest for a place that is none or the same,
    Conflict where the target holds something else, and DatabaseFailed where the copy differs.
    """
    url = _target(config, to)
    os.umask(0o077)
    folder = config.data_dir
    new = folder / "tmp" / "move"
    with swap.alone(folder):
        _nobody(config.database.url)
        _nobody(url)
        mark = hashlib.sha256(f"{config.database.url} {to}".encode()).hexdigest()
        begun = _mark(folder) == mark
        if not begun:
            shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            _opened(config, config.database.url, folder) as source,
            _opened(config, url, folder if url else new) as target,
            source.session() as session,
        ):
            if not begun:
                _refuse_full(target)
            (folder / _NOTE).write_text(json.dumps({"mark": mark}), encoding="utf-8")
            held, passed = _tables(session, target, tell)
        before = None if url else restore.exchange(folder, new, swap.ROWS)
        (folder / _NOTE).unlink(missing_ok=True)
    rows = sum(each.rows for each in held.values())
    log.info("database moved", extra={"action": "database_moved", "rows": rows})
    return Moved(tables=held, rows=rows, passed_over=tuple(passed), before=before)


def _target(config: Config, to: str) -> str | None:
    here = config.database.url
    if to == DUCKDB:
        if here is None:
            raise BadRequest("The rows lie in DuckDB already.", hint="Name a database: --to postgresql://…")
        return None
    if not to.startswith(("postgresql://", "postgres://")):
        raise BadRequest("--to is postgresql://… or duckdb.")
    if to == here:
        raise BadRequest("The rows lie there already.")
    return to


def _nobody(url: str | None) -> None:
    if url is not None and (others := engines.others(url)):
        raise Locked(f"Process {others[0]} of PostgreSQL serves somebody who has the database open.")


@contextlib.contextmanager
def _opened(config: Config, url: str | None, folder: Path) -> Iterator[Database]:
    limits = config.database
    database = engines.open_database(
        url, folder=folder, memory_limit=limits.memory_limit, threads=limits.threads, programs=limits.programs
    )
    with contextlib.closing(database):
        yield database


def _mark(folder: Path) -> str | None:
    """From where to where a move was begun that has not come to its end."""
    try:
        return str(json.loads((folder / _NOTE).read_text(encoding="utf-8"))["mark"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refuse_full(target: Database) -> None:
    """Raise Conflict where something is there that no earlier run brought."""
    with target.session() as session:
        full = [name for name in transfer.tables(session) if transfer.counted(session, name)]
    if full:
        raise Conflict(
            f"The target holds rows already, in {', '.join(full)}.", hint="Name an empty database."
        )


def _tables(source: Session, target: Database, tell: Tell) -> tuple[dict[str, Held], list[str]]:
    names = transfer.tables(source)
    held: dict[str, Held] = {}
    passed = []
    for number, table in enumerate(names):
        tell(number / len(names), f"moving {table}")
        held[table] = transfer.held(source, table)
        if held[table].rows and _held(target, table) == held[table]:
            passed.append(table)
            continue
        transfer.move(source, target, table)
        if _held(target, table) != held[table]:
            raise DatabaseFailed(f"The copy of {table} holds something else.", hint="Begin the move again.")
    with target.session() as session:
        known = list(transfer.sequences(session))
    with target.write() as w:
        transfer.draw(w, transfer.sequences(source), known)
    return held, passed


def _held(target: Database, table: str) -> Held:
    with target.session() as session:
        return transfer.held(session, table)
