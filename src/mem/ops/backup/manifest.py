"""What a backup says of itself: every file with its digest, what the rows hold, and who wrote it."""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from mem import types
from mem.errors import BackupDamaged
from mem.store.database import Engine

NAME = "manifest.json"
_BACKUP = re.compile(r"mem-\d{8}T\d{6}Z(-\d+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST = 255  # bytes of the name of a file
CHECKED = "checked.json"
Part = TypeVar("Part")
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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupDamaged(f"{where}/{NAME} cannot be read: {error}") from None


def _manifest(body: dict[str, Any]) -> Manifest:
    """Raises ValueError, KeyError or TypeError for what no Mem wrote: others may write where backups lie."""
    body["made_at"] = datetime.fromisoformat(body["made_at"])
    for name in ("recipients", "missing"):
        body[name] = tuple(_texts(body[name]))
    body["tables"] = {name: _table(facts) for name, facts in body["tables"].items()}
    body["files"] = tuple(map(_file, body["files"]))
    found = Manifest(**body)
    paths = {file.path for file in found.files}
    if len(paths) < len(found.files) or any(paths & set(_above(path)) for path in paths):
        raise ValueError("two of its files want one place")
    if not {"sources", "frames"} <= found.tables.keys():
        raise ValueError("it does not say how much it holds")
    if found.engine not in DATABASE or found.made_at.utcoffset() is None:
        raise ValueError("it does not say of when and of what it is")
    return _wanted(found, name=str, mem=str, schema=int, originals=bool, portable=bool)


def _table(facts: dict[str, Any]) -> Table:
    return _wanted(Table(**facts), rows=int, digest=str)


def _file(facts: dict[str, Any]) -> Stored:
    file = Stored(**{**facts, "origin": tuple(facts["origin"])})
    names = file.path.split("/")
    if "\0" in file.path or not all(0 < len(os.fsencode(name)) <= _LONGEST for name in names):
        raise ValueError(f"{file.path[:100]!r} is no place in it")
    if {".", ".."} & set(names):
        raise ValueError(f"{file.path[:100]!r} leads out of the backup")
    if not all(_SHA256.fullmatch(each) for each in (file.stored_sha256, file.sha256 or file.stored_sha256)):
        raise ValueError(f"{file.path[:100]!r} has no digest")
    return _wanted(file, size=int, stored_size=int)


def _wanted(found: Part, **kinds: type) -> Part:
    """The same, its fields being of these types. Raises TypeError; ValueError for what is below zero."""
    for name, kind in kinds.items():
        if type(value := getattr(found, name)) is not kind:
            raise TypeError(f"its {name} is no {kind.__name__}")
        if isinstance(value, int) and value < 0:
            raise ValueError(f"its {name} is below zero")
    return found


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str):
            raise TypeError("a text is wanted")
        yield value


def _above(path: str) -> Iterator[str]:
    """The folders that a file lies in."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
