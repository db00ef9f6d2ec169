"""A process that dies leaves a log, and whatever stands in it is read back."""

import subprocess
import sys

from mem.store import duck, jobs, migrate

LIMITS = {"memory_limit": 2**28, "threads": 1}
DYING = """
import os, sys
from pathlib import Path
from mem.store import duck, migrate
db = duck.open_file(Path(sys.argv[1]), memory_limit=2**28, threads=1)
migrate._prepare(db)
for step in migrate.known("duckdb"):
    migrate._apply(db, step)
os._exit(9)
"""


def test_a_database_whose_schema_was_made_by_a_process_that_died_is_opened(tmp_path):
    """Its log alters tables with a sequence's next value as a default."""
    file = tmp_path / "it's here" / "mem.duckdb"
    file.parent.mkdir()
    assert subprocess.run([sys.executable, "-c", DYING, str(file)], check=False).returncode == 9
    assert file.with_name("mem.duckdb.wal").stat().st_size > 0
    db = duck.open_file(file, **LIMITS)
    try:
        assert migrate.apply(db) == []
        assert jobs.queued(db) == 0
    finally:
        db.close()
