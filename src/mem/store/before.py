"""A copy of the rows from before the schema changes, in the folder of backups.

`mem restore FILE` puts one back; the recordings themselves are not touched by a step of the schema.
"""

import logging
from pathlib import Path

from mem import types
from mem.errors import ProgramMissing
from mem.store import dump, migrate, whole
from mem.store.database import Database, sync_folder

log = logging.getLogger(__name__)

KEPT = 3  # copies from before earlier steps


def keep(db: Database, folder: Path, url: str | None, programs: Path | None) -> Path | None:
    """Copy the rows as they are; gives the file. Without PostgreSQL's own programs there is none."""
    root = folder / "backups"
    root.mkdir(mode=0o700, exist_ok=True)
    suffix = "duckdb" if url is None else "dump"
    for left in root.glob(f".before-schema-*.{suffix}.part*"):
        left.unlink()
    name = f"before-schema-{migrate.pending(db)[0].number:04d}-{types.now():%Y%m%dT%H%M%SZ}.{suffix}"
    part, file = root / f".{name}.part", root / name
    if url is None:
        with db.session() as session:
            whole.renew(session, part)
    else:
        try:
            dump.write(url, part, snapshot=None, bin_folder=programs)
        except ProgramMissing as error:
            log.warning("no copy before the schema", extra={"action": "not_kept", "detail": error.detail})
            return None
    part.chmod(0o600)
    part.rename(file)
    sync_folder(root)
    kept = sorted(root.glob(f"before-schema-*.{suffix}"), key=lambda path: path.stat().st_mtime_ns)
    for old in kept[:-KEPT]:
        old.unlink()
    log.info("rows copied before the schema changes", extra={"action": "schema_kept", "file": str(file)})
    return file
