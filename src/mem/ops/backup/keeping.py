"""The backups at a place: which there are, what each is worth, and letting old ones go."""

import contextlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem import types
from mem.errors import BackupDamaged, NotFound, StorageFailed
from mem.ops.backup import manifest
from mem.ops.backup.manifest import Manifest
from mem.ops.backup.place import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup at some place."""

    name: str
    place: str  # where it lies, as `mem restore` takes it
    folder: Path | None  # the same; None where it lies in a bucket
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


def listed(place: Place) -> list[Backup]:
    """Every backup there, the newest first. One that was cut short is none."""
    return [found for found, _ in _looked(place)]


def _looked(place: Place) -> Iterator[tuple[Backup, Manifest | None]]:
    for name in sorted(place.names(), key=_order, reverse=True):
        yield _look(place, name)


def look(place: Place, name: str) -> Backup:
    """What a backup says of itself, and what its last check said."""
    return _look(place, name)[0]


def _look(place: Place, name: str) -> tuple[Backup, Manifest | None]:
    checked_at, good, problem = _checked(place, name)
    where, folder = place.where(name), place.folder / name if place.folder else None
    try:
        found = read(place, name)
    except BackupDamaged as error:
        return Backup(
            name=name, place=where, folder=folder, made_at=None, bytes=0, files=0, sources=0, frames=0,
            originals=False, encrypted=False, engine="", schema=0, checked_at=checked_at, good=False,
            problem=error.detail,
        ), None  # fmt: skip
    backup = Backup(
        name=name,
        place=where,
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
    return backup, found


def read(place: Place, name: str) -> Manifest:
    """The manifest of a backup. Raises BackupDamaged."""
    try:
        raw = place.read(name, manifest.NAME)
    except OSError as error:
        raise BackupDamaged(f"{place.where(name)}/{manifest.NAME} cannot be read: {error}") from None
    return manifest.decode(raw, place.where(name))


def find(place: Place, name: str | None) -> str:
    """The name of a backup that is there; without one: of the newest. Raises NotFound."""
    names = sorted(place.names(), key=_order)
    if name is None:
        if not names:
            raise NotFound(f"There is no backup in {place}.", hint="`mem backup create` makes one.")
        return names[-1]
    if name not in names:
        raise NotFound(f"There is no backup {name} in {place}.", hint="`mem backup list` names them.")
    return name


def newest(place: Place, recipients: tuple[str, ...]) -> tuple[str, Manifest] | None:
    """The newest backup that can be read and is encrypted for the same, to share files with."""
    for backup, found in _looked(place):
        if found is not None and backup.good is not False and found.recipients == recipients:
            return backup.name, found
    return None


def latest(place: Place) -> Backup | None:
    """The newest backup there, with what its last check said; None without any."""
    return next((backup for backup, _ in _looked(place)), None)


def prune(place: Place, keep: int) -> list[str]:
    """Remove all but the newest `keep` backups that are not known to be damaged; gives their names.

    Damaged ones older than those go too. Raises Conflict while one is made.
    """
    if place.folder is not None and not place.folder.is_dir():
        return []
    with place.alone():
        place.sweep()
        left, gone, kept = keep, [], []
        for backup, found in list(_looked(place)):
            if left > 0:
                left -= backup.good is not False
                kept.append(found)
            else:
                place.remove(backup.name)
                gone.append(backup.name)
        readable = [found for found in kept if found is not None]
        if len(readable) == len(kept):
            place.release(readable)
        else:  # what the others need is not known
            log.warning("a manifest cannot be read; nothing shared was removed", extra={"action": "kept_all"})
        return gone


def note_check(place: Place, name: str, problems: list[str]) -> None:
    """Keep beside the manifest what a check said. A backup that cannot be written to stays as it is."""
    body = {"checked_at": types.written(types.now()), "problems": problems[:100]}
    with contextlib.suppress(OSError, StorageFailed):
        place.note(name, manifest.CHECKED, json.dumps(body).encode())


def _checked(place: Place, name: str) -> tuple[datetime | None, bool | None, str | None]:
    try:
        body = json.loads(place.read(name, manifest.CHECKED))
        problems = [str(text) for text in body["problems"]]
        return datetime.fromisoformat(body["checked_at"]), not problems, next(iter(problems), None)
    except (OSError, ValueError, KeyError, TypeError):
        return None, None, None


def _order(name: str) -> tuple[str, int]:
    stamp, _, number = name.removeprefix("mem-").partition("-")
    return stamp, int(number or 1)
