"""The schema, in numbered steps that only go forward.

A step is ``migrations/NNNN_name.sql``, and beside or instead of it ``NNNN_name.postgres.sql`` with
what only PostgreSQL needs. It is recorded in the transaction that makes it.
"""

import re
from dataclasses import dataclass
from importlib import resources

from mem import types
from mem.errors import DatabaseFailed
from mem.store.database import Database, Engine


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

    Raises DatabaseFailed when a newer Mem has written the database.
    """
    steps = known(db.engine)
    newest = max(step.number for step in steps)
    _prepare(db)
    found = max((row["number"] for row in db.read("schema.applied")), default=0)
    if found > newest:
        raise DatabaseFailed(
            f"The database has schema {found}; this Mem knows {newest}.",
            hint="A newer Mem has written it. Start that one, or restore a backup from before.",
        )
    return [step for step in steps if step.number > found and _apply(db, step)]


def _prepare(db: Database) -> None:
    """Make the table of steps where it is missing; a database that has it opens on a full disk too."""
    if db.read("schema.exists"):
        return
    with db.write() as w:
        if db.engine == "postgres":
            w.run("postgres.lock_schema")
        w.run("schema.create")


def _apply(db: Database, step: Migration) -> bool:
    with db.write() as w:
        if db.engine == "postgres":  # several processes may start at once
            w.run("postgres.lock_schema")
        if any(row["number"] == step.number for row in w.read("schema.applied")):
            return False
        for script in step.scripts:
            w.script(script)
        w.run("schema.record", step.number, step.name, types.now())
    return True
