"""Putting a backup in the place of what is there.

Nothing of the old state is touched before all of the backup was read and compared; then both change places
by renaming, and the old one stays beside as ``before-TIME``. The index is made anew from the rows.
"""

import contextlib
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem import types
from mem.config import Config
from mem.errors import DatabaseFailed, DiskFull, Locked, NotFound, no_room
from mem.memory import open_memory
from mem.ops import chores
from mem.ops.backup import places
from mem.ops.backup.place import Place
from mem.ops.check import copies as check_copies
from mem.ops.chores import Tell
from mem.ops.staging import Stage
from mem.store import dump, engines, frames, sources, swap

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a memory holds again."""

    backup: str
    made_at: datetime | None  # None for a single database file
    sources: int
    frames: int
    originals_kept: int  # recordings that the backup lacks and that the old state still had
    originals_gone: int  # recordings that neither has
    before: Path | None  # where the old state lies; None where there was none


def restore(
    config: Config, given: str | Path, *, identity: Path | None = None, tell: Tell = chores.silently
) -> Restored:
    """Put the backup `given` in the place of the present state.

    It is the name of one, its folder, ``s3://bucket/prefix/name``, or a single file of rows.

    Raises Locked, naming the process that holds the memory, and, before anything has changed, NotFound,
    BackupDamaged, SealedBackup, DiskFull, and BadRequest for a backup of the other engine.
    """
    os.umask(0o077)
    folder = config.data_dir
    (folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    with swap.alone(folder):
        refuse_owner(config)
        new = folder / "tmp" / f"restore-{uuid.uuid4()}"
        new.mkdir(mode=0o700)
        try:
            stage = Stage(config, new, _found(config, given), identity, tell)
            stage.fill()
            before = _exchange(config, stage)
        except OSError as error:
            if no_room(error):
                raise DiskFull(f"There is no room for the backup in {folder}.") from None
            raise
        finally:
            if not (folder / swap.NOTE).exists():
                shutil.rmtree(new, ignore_errors=True)
    tell(0.95, "making the index anew")
    with open_memory(config) as memory:
        gone = check_copies.settle(memory)
        restored = Restored(
            backup=Path(given).name,
            made_at=stage.made_at,
            sources=sum(sources.counts(memory.db).values()),
            frames=frames.stats(memory.db).frames,
            originals_kept=stage.originals_kept,
            originals_gone=gone,
            before=before,
        )
    log.info("backup restored", extra={"action": "backup_restored", "backup": restored.backup})
    return restored


def _found(config: Config, given: str | Path) -> Path | tuple[Place, str]:
    """Where the backup lies. Raises NotFound."""
    if Path(given).is_file():
        return Path(given).absolute()
    found = places.split(config, str(given))
    if found is not None:
        return found
    raise NotFound(f"There is no backup {given}.", hint="`mem backup list` names them.")


def refuse_owner(config: Config) -> None:
    """Raise Locked while any process has the database open, also one that does not know of the lock."""
    if config.database.url is not None:
        if others := engines.others(config.database.url):
            raise Locked(f"Process {others[0]} of PostgreSQL serves somebody who has the database open.")
        return
    if (config.data_dir / "mem.duckdb").exists():
        limits = config.database
        with contextlib.suppress(DatabaseFailed):  # damaged: the more reason to restore
            engines.opened(
                None, config.data_dir, memory_limit=limits.memory_limit, threads=limits.threads
            ).close()


def _exchange(config: Config, stage: Stage) -> Path | None:
    """Let the staged state and the present one change places; gives where the old one lies."""
    parts = swap.ROWS if stage.rows_only else swap.PARTS
    url, programs = config.database.url, config.database.programs
    if url is None:
        return exchange(config.data_dir, stage.folder, parts)
    stage.keep_rows(url)
    rows, kept = stage.rows, stage.kept_rows
    return exchange(
        config.data_dir,
        stage.folder,
        parts,
        first=lambda: dump.put_back(url, rows, bin_folder=programs),
        keep=kept,
    )


def exchange(
    folder: Path,
    new: Path,
    parts: Sequence[str],
    *,
    first: Callable[[], None] | None = None,
    keep: Path | None = None,
) -> Path | None:
    """Put `new` in the place of what is in `folder`, and the file `keep` beside that; gives where it lies."""
    before = folder / f"before-{types.now():%Y%m%dT%H%M%SZ}"
    while before.exists():
        before = before.with_name(f"{before.name}x")
    swap.begin(folder, new, before, parts=parts, first=first)
    if keep is not None:
        keep.rename(before / "mem.dump")
    if any(before.iterdir()):
        return before
    before.rmdir()
    return None
