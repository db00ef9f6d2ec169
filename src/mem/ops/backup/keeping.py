"""The backups in a folder: which there are, what each is worth, and letting old ones go."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem import types
from mem.errors import BackupDamaged, Conflict, NotFound
from mem.memory import Memory
from mem.ops.backup import manifest
from mem.ops.backup.manifest import Manifest
from mem.store.database import sync_folder

NAME = re.compile(r"mem-\d{8}T\d{6}Z(-\d+)?")
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup in a folder of backups."""

    name: str
    folder: Path
    made_at: datetime | None  # None: its manifest cannot be read
    bytes: int  # of its files, shared ones included
    files: int
    sources: int
    frames: int
    originals: bool
    encrypted: bool
    engine: str
    schema: int
    checked_at: datetime | None  # when it was last verified
    good: bool | None  # what came of that; None: never verified; False also without a readable manifest
    problem: str | None


def root(memory: Memory, to: Path | None) -> Path:
    """The folder of backups: the one that is named, or that of the memory."""
    if to is None:
        return memory.folder / "backups"
    return Path(os.path.expanduser(to)).absolute()  # noqa: PTH111 - Path's own fails for unknown users


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Be the only one who changes the backups in `root`. Raises Conflict."""
    fd = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"The backups in {root} are being changed already.", hint="Wait until that is done."
            ) from None
        yield
    finally:
        os.close(fd)


def sweep(root: Path) -> None:
    """Remove what backups left that were cut short, or were being removed."""
    for left in root.glob(".mem-*.part"):
        shutil.rmtree(left, ignore_errors=True)


def listed(root: Path) -> list[Backup]:
    """Every backup in `root`, the newest first. One that was cut short is none."""
    return [look(folder) for folder in _folders(root)]


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    names = sorted((path for path in root.iterdir() if NAME.fullmatch(path.name)), key=_order, reverse=True)
    return [path for path in names if path.is_dir()]


def look(folder: Path) -> Backup:
    """What a backup says of itself, and what its last check said."""
    checked_at, good, problem = _checked(folder)
    try:
        found = manifest.read(folder)
    except BackupDamaged as error:
        return Backup(
            name=folder.name, folder=folder, made_at=None, bytes=0, files=0, sources=0, frames=0,
            originals=False, encrypted=False, engine="", schema=0, checked_at=checked_at, good=False,
            problem=error.detail,
        )  # fmt: skip
    return Backup(
        name=folder.name,
        folder=folder,
        made_at=found.made_at,
        bytes=found.bytes,
        files=len(found.files),
        sources=found.tables["sources"].rows,
        frames=found.tables["frames"].rows,
        originals=found.originals,
        encrypted=bool(found.recipients),
        engine=found.engine,
        schema=found.schema,
        checked_at=checked_at,
        good=good,
        problem=problem,
    )


def find(root: Path, name: str | None) -> Path:
    """The folder of the backup with that name; without one: of the newest. Raises NotFound."""
    if name is None:
        for backup in listed(root):
            return backup.folder
        raise NotFound(f"There is no backup in {root}.", hint="`mem backup create` makes one.")
    if NAME.fullmatch(name) is None or not (root / name).is_dir():
        raise NotFound(f"There is no backup {name} in {root}.", hint="`mem backup list` names them.")
    return root / name


def newest(root: Path, recipients: tuple[str, ...]) -> tuple[Path, Manifest] | None:
    """The newest backup that can be read and is encrypted for the same, to share files with."""
    for backup in listed(root):
        if backup.made_at is not None and backup.good is not False:
            found = manifest.read(backup.folder)
            if found.recipients == recipients:
                return backup.folder, found
    return None


def latest(memory: Memory) -> Backup | None:
    """The newest backup in the memory's own folder, with what its last check said; None without any."""
    return next(map(look, _folders(root(memory, None))), None)


def prune(root: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep` backups that are not known to be damaged; gives their names.

    Damaged ones older than those go too. Raises Conflict while one is made.
    """
    if not root.is_dir():
        return []
    with alone(root):
        sweep(root)
        left, gone = keep, []
        for backup in listed(root):
            if left > 0:
                left -= backup.good is not False
                continue
            doomed = root / f".{backup.name}.part"
            backup.folder.rename(doomed)  # cut short, half a backup is never listed
            sync_folder(root)
            shutil.rmtree(doomed)
            gone.append(backup.name)
        return gone


def note_check(folder: Path, problems: list[str]) -> None:
    """Keep beside the manifest what a check said. A backup that cannot be written to stays as it is."""
    body = {"checked_at": types.written(types.now()), "problems": problems[:100]}
    part = folder / f".{manifest.CHECKED}.part"
    try:
        part.write_text(json.dumps(body), encoding="utf-8")
        part.replace(folder / manifest.CHECKED)
    except OSError:
        part.unlink(missing_ok=True)


def _checked(folder: Path) -> tuple[datetime | None, bool | None, str | None]:
    try:
        body = json.loads((folder / manifest.CHECKED).read_text(encoding="utf-8"))
        problems = [str(text) for text in body["problems"]]
        return datetime.fromisoformat(body["checked_at"]), not problems, next(iter(problems), None)
    except (OSError, ValueError, KeyError, TypeError):
        return None, None, None


def _order(path: Path) -> tuple[str, int]:
    stamp, _, number = path.name.removeprefix("mem-").partition("-")
    return stamp, int(number or 1)
