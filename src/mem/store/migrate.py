"""The schema, in numbered steps that only go forward.

A step is ``migrations/NNNN_name.sql``, and beside or instead of it ``NNNN_name.postgres.sql`` with
what only PostgreSQL needs. It is recorded in the transaction that makes it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

from mem import failpoints, types
from mem.errors import SchemaDiffers
from mem.store.database import Database, Engine

_STARTING = 7236209  # the number of the lock; that of a single step is in queries/postgres.sql


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    scripts: tuple[str, ...]  # run in this order; none where the step is for the other engine


def known(engine: Engine) -> list[Migration]:
    """Every step that this version of Mem knows, in order."""
    files = {file.name: file for file in (resources.files("mem.store") / "migrations").iterdir()}
    steps: dict[int, tuple[str, list[str]]] = {}
    for file in sorted(files):  # "0001_a.postgres.sql" sorts before "0001_a.sql"
        match = re.fullmatch(r"(\d{4})_(\w+)(\.postgres)?\.sql", file)
        if match is None:
            continue
        scripts = steps.setdefault(int(match[1]), (match[2], []))[1]
        if match[3] is None:
            scripts.insert(0, files[file].read_text(encoding="utf-8"))
        elif engine == "postgres":
            scripts.append(files[file].read_text(encoding="utf-8"))
    return [Migration(number, name, tuple(scripts)) for number, (name, scripts) in sorted(steps.items())]


def apply(db: Database) -> list[Migration]:
    """Bring the schema up to date; gives the steps that were missing.

    Raises SchemaDiffers when a newer Mem has written the database.
    """
    steps = known(db.engine)
    _prepare(db)
    found = max((row["number"] for row in db.read("schema.applied")), default=0)
    _not_newer(found, newest(db.engine))
    made = [step for step in steps if step.number > found and _apply(db, step)]
    if made and db.engine == "duckdb":
        with db.session() as session:  # altered tables in its log are read back only where there is room
            session.run("checkpoint")
    return made


def is_current(db: Database) -> bool:
    """Whether no step is missing; a newer Mem may have made more."""
    return bool(db.read("schema.exists")) and schema(db) >= newest(db.engine)


@contextmanager
def alone(db: Database) -> Iterator[None]:
    """Be the only process that looks at what is missing and makes it. Raises TooBusy after ten minutes.

    A DuckDB file has one owner anyway. Of several processes that start at once over PostgreSQL, one that
    saw the others' steps half done would copy the rows of a state that nobody ever used.
    """
    if db.engine == "duckdb":
        yield
        return
    with db.session() as session:
        session.run("set lock_timeout = '10min'")
        session.run(f"select pg_advisory_xact_lock({_STARTING}) is null as locked")
        yield


def newest(engine: Engine) -> int:
    """The number of the last step that this version of Mem knows."""
    return max(step.number for step in known(engine))


def check(db: Database) -> None:
    """Raise SchemaDiffers unless the schema is that of this version of Mem."""
    wanted = newest(db.engine)
    found = schema(db) if db.read("schema.exists") else 0
    _not_newer(found, wanted)
    if found < wanted:
        raise SchemaDiffers(
            f"The database has schema {found}; this Mem works with {wanted}.",
            hint="Start `mem serve` of this version first, or `mem db migrate`: workers change no schema.",
        )


def _not_newer(found: int, wanted: int) -> None:
    if found > wanted:
        raise SchemaDiffers(f"The database has schema {found}; this Mem knows {wanted}.")


def pending(db: Database) -> list[Migration]:
    """The steps that are still to be made on a database that has been through some."""
    if not db.read("schema.exists"):
        return []
    found = schema(db)
    return [step for step in known(db.engine) if step.number > found] if found else []


def schema(db: Database) -> int:
    """The number of the last step that this database has been through."""
    return max((row["number"] for row in db.read("schema.applied")), default=0)


def _prepare(db: Database) -> None:
    """Make the table of steps where it is missing; a database that has it opens on a full disk too."""
    if db.read("schema.exists"):
        return
    with db.write() as w:
        if db.engine == "postgres":
            w.run("postgres.lock_schema")
        w.run("schema.create")
    failpoints.reach("schema.prepared")


def _apply(db: Database, step: Migration) -> bool:
    with db.write() as w:
        if db.engine == "postgres":  # several processes may start at once
            w.run("postgres.lock_schema")
        if any(row["number"] == step.number for row in w.read("schema.applied")):
            return False
        for script in step.scripts:
            w.script(script)
        failpoints.reach("schema.stepping")
        w.run("schema.record", step.number, step.name, types.now())
    failpoints.reach("schema.stepped")
    return True
