"""Which place is meant: the memory's own, a folder, or ``s3://bucket/prefix``."""

import dataclasses
import json
import logging
import os
import re
from datetime import datetime
from pathlib import Path

from mem import memory as memories
from mem.config import Config
from mem.errors import BadRequest, StorageFailed
from mem.memory import Memory
from mem.ops import identity
from mem.ops.backup import keeping, manifest
from mem.ops.backup.folder import Folder
from mem.ops.backup.keeping import Backup
from mem.ops.backup.place import Place
from mem.ops.backup.prefix import Prefix

log = logging.getLogger(__name__)
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")
_LATEST = ".latest.json"


def of(memory: Memory, to: str | None = None) -> Place:
    """The place that is named, or that of the memory. Raises BadRequest, and ExtraMissing for a bucket."""
    given = to or memory.config.storage.backups
    if given is None or not given.startswith("s3:"):
        return _folder(memory.folder, given)
    return Prefix(_url(given), memory.remote.bucket, memory.folder, lambda: identity.of(memory))


def reading(config: Config, to: str | None = None) -> Place:
    """The same for one who only reads, where the memory is not open."""
    given = to or config.storage.backups
    if given is None or not given.startswith("s3:"):
        return _folder(config.data_dir, given)
    return Prefix(
        _url(given), memories.remote(config, config.data_dir).bucket, config.data_dir, lambda: "reader"
    )


def split(config: Config, given: str) -> tuple[Place, str] | None:
    """The place and the name in it of a backup that is given by its whole path, or by its name alone.

    None where there is nothing of that kind. Raises as `reading`.
    """
    if given.startswith("s3:"):
        root, _, name = given.rstrip("/").rpartition("/")
        return (reading(config, root), name) if manifest.is_name(name) else None
    path = Path(_expanded(given)).absolute()
    if path.is_dir():
        return Folder(path.parent), path.name
    if manifest.is_name(given):
        place = reading(config)
        return (place, given) if given in place.names() else None
    return None


def note_latest(memory: Memory) -> None:
    """Keep here which backup in the memory's own bucket is the newest, so that no status has to ask for it.

    While the bucket does not answer, what was noted before stays.
    """
    place = of(memory)
    if place.folder is not None:
        return
    try:
        latest = keeping.latest(place)
    except StorageFailed as error:
        log.warning(error.detail, extra={"action": "bucket_away"})
        return
    body = None if latest is None else dataclasses.asdict(latest)
    file = memory.folder / "backups" / _LATEST
    part = file.with_suffix(".part")
    part.write_text(json.dumps(body, default=str), encoding="utf-8")
    part.replace(file)


def latest(memory: Memory) -> Backup | None:
    """The newest backup at the memory's own place; of a bucket: as was noted last."""
    given = memory.config.storage.backups
    if given is None or not given.startswith("s3:"):
        return keeping.latest(_folder(memory.folder, given))
    try:
        body = json.loads((memory.folder / "backups" / _LATEST).read_text(encoding="utf-8"))
        for key in ("made_at", "checked_at"):
            body[key] = body[key] and datetime.fromisoformat(body[key])
        found = Backup(**body)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.place.startswith(given.rstrip("/")) else None


def _folder(home: Path, given: str | None) -> Folder:
    return Folder(home / "backups" if given is None else Path(_expanded(given)).absolute())


def _expanded(given: str) -> str:
    return os.path.expanduser(given)  # noqa: PTH111 - Path's own fails for unknown users


def _url(given: str) -> str:
    if _BUCKET.fullmatch(given) is None:
        raise BadRequest(f"{given!r} is no place in a bucket.", hint="Write s3://bucket/prefix.")
    return given
