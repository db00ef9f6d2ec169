"""What a backup says of itself: every file with its digest, what the rows hold, and who wrote it."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mem import types
from mem.errors import BackupDamaged
from mem.store.database import Engine

NAME = "manifest.json"
_BACKUP = re.compile(r"mem-\d{8}T\d{6}Z(-\d+)?")
CHECKED = "checked.json"
FORMAT = 1
DATABASE: Mapping[Engine, str] = {"duckdb": "database/mem.duckdb", "postgres": "database/mem.dump"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One file of a backup."""

    path: str  # below the backup, as below the data directory
    size: int  # bytes of its content
    sha256: str | None  # of its content, hex; None in an encrypted backup, which would tell what it holds
    stored_size: int  # bytes as it lies there
    stored_sha256: str
    origin: tuple[int, int, int]  # size, time (ns) and inode of what it was copied from, to know it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a table held."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup: the rows at one instant, and the files that they name."""

    name: str
    made_at: datetime
    mem: str  # version
    engine: Engine
    schema: int
    originals: bool
    portable: bool
    recipients: tuple[str, ...]  # age public keys; without any it is not encrypted
    tables: Mapping[str, Table]
    missing: tuple[str, ...]  # packs that the rows name and that were lost before
    files: tuple[Stored, ...]

    @property
    def bytes(self) -> int:
        """Bytes of all its files, whether or not it shares them with others."""
        return sum(file.stored_size for file in self.files)

    def find(self, path: str) -> Stored | None:
        """The file of that path."""
        return next((file for file in self.files if file.path == path), None)


def is_name(text: str) -> bool:
    """Whether it is the name of a backup."""
    return _BACKUP.fullmatch(text) is not None


def stored_name(manifest: Manifest, file: Stored) -> str:
    """Where a file lies below the backup."""
    return f"{file.path}.age" if manifest.recipients else file.path


def encode(manifest: Manifest) -> bytes:
    """The manifest as its file has it; the last key is the digest of all the others."""
    body = dataclasses.asdict(manifest) | {"format": FORMAT, "made_at": types.written(manifest.made_at)}
    body["sha256"] = _digest(body)
    return json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8", "surrogateescape")


def decode(raw: bytes, where: str) -> Manifest:
    """The manifest that was written so, of the backup that lies there. Raises BackupDamaged."""
    try:
        body = json.loads(raw.decode("utf-8", "surrogateescape"))
        if body.pop("sha256") != _digest(body):
            raise BackupDamaged(f"{where}/{NAME} is not what was written.")
        if body.pop("format") != FORMAT:
            raise BackupDamaged(f"A newer Mem made {where}.", hint="Restore it with that one.")
        return _manifest(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(f"{where}/{NAME} cannot be read: {error}") from None


def _manifest(body: dict[str, Any]) -> Manifest:
    body["made_at"] = datetime.fromisoformat(body["made_at"])
    body["recipients"] = tuple(body["recipients"])
    body["missing"] = tuple(body["missing"])
    body["tables"] = {name: Table(**facts) for name, facts in body["tables"].items()}
    body["files"] = tuple(Stored(**{**facts, "origin": tuple(facts["origin"])}) for facts in body["files"])
    for file in body["files"]:
        parts = Path(file.path).parts
        if not parts or Path(file.path).is_absolute() or ".." in parts:
            raise ValueError(f"{file.path!r} leads out of the backup")
    return Manifest(**body)


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
