"""Whether a backup is what was written: every byte read, and the rows in it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem.errors import BackupDamaged, DatabaseFailed, SealedBackup, Stopped
from mem.ops import chores
from mem.ops.backup import filling, keeping, manifest, sealing
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.chores import Stopping, Tell
from mem.store import duck_session, dump, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at every byte of a backup found."""

    name: str
    folder: Path
    good: bool
    problems: tuple[str, ...]
    files: int
    bytes: int
    rows: bool  # whether the rows were read too: those of an encrypted one only with its key


def verify(
    folder: Path,
    *,
    identity: Path | None = None,
    programs: Path | None = None,
    tell: Tell = chores.silently,
    stopped: Stopping = chores.never,
) -> Verdict:
    """Read all of a backup and compare it with its manifest; what was found is noted beside it.

    With `identity`, the file of an age key, an encrypted one is opened too. Raises SealedBackup for a key
    that opens nothing, and Stopped.
    """
    keys = sealing.identities(identity)
    try:
        found = manifest.read(folder)
    except BackupDamaged as error:
        keeping.note_check(folder, [error.detail])
        return _verdict(folder, [error.detail], (), rows=False)
    problems: list[str] = []
    done, rows = 0, not found.recipients or bool(keys)
    for file in found.files:
        if stopped():
            raise Stopped
        problem = _stored(folder, found, file)
        if problem is None and found.recipients and keys:
            problem = _opened(folder, found, file, keys)
        problems += [problem] if problem else []
        done += file.stored_size
        tell(0.95 * done / max(1, found.bytes), "reading the files")
    if rows and not problems:
        tell(0.96, "reading the rows")
        problems += _rows(folder, found, keys, programs)
    keeping.note_check(folder, problems)
    return _verdict(folder, problems, found.files, rows=rows)


def _verdict(folder: Path, problems: Sequence[str], files: Sequence[Stored], *, rows: bool) -> Verdict:
    return Verdict(
        name=folder.name,
        folder=folder,
        good=not problems,
        problems=tuple(problems),
        files=len(files),
        bytes=sum(file.stored_size for file in files),
        rows=rows,
    )


def _stored(folder: Path, found: Manifest, file: Stored) -> str | None:
    path = folder / manifest.stored_name(found, file)
    if not path.is_file():
        return f"{file.path} is missing"
    try:
        if path.stat().st_size != file.stored_size:
            return f"{file.path} has {path.stat().st_size:,} bytes and not {file.stored_size:,}"
        if filling.sha256(path) != file.stored_sha256:
            return f"{file.path} is not what was written"
    except OSError as error:
        return f"{file.path} cannot be read: {error.strerror}"
    return None


def _opened(folder: Path, found: Manifest, file: Stored, keys: Sequence[Any]) -> str | None:
    """Decrypt a file without keeping what it holds."""
    size = sealing.opened_size(folder / manifest.stored_name(found, file), keys)
    return None if size == file.size else f"{file.path} opens to {size:,} bytes and not {file.size:,}"


@contextmanager
def plain(folder: Path, found: Manifest, file: Stored, keys: Sequence[Any]) -> Iterator[Path]:
    """The file as it was before it was encrypted. Raises SealedBackup."""
    path = folder / manifest.stored_name(found, file)
    if not found.recipients:
        yield path
        return
    if not keys:
        raise SealedBackup
    place = Path(tempfile.mkdtemp(prefix="mem-open-"))
    try:
        sealing.unseal(path, place / "plain", keys)
        yield place / "plain"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _rows(folder: Path, found: Manifest, keys: Sequence[Any], programs: Path | None) -> list[str]:
    """What differs between the rows in the backup and what its manifest says of them."""
    file = found.find(manifest.DATABASE[found.engine])
    if file is None:
        return ["it holds no rows"]
    with plain(folder, found, file, keys) as path:
        try:
            if found.engine == "postgres":
                dump.check(path, bin_folder=programs)
                return []
            with duck_session.reading(path) as session:
                held = whole.digests(session, whole.tables(session))
        except DatabaseFailed as error:
            return [error.detail]
    said = {name: (table.rows, table.digest) for name, table in found.tables.items()}
    real = {name: (table.rows, table.digest) for name, table in held.items()}
    return [
        f"the rows of {name} differ"
        for name in sorted(said.keys() | real.keys())
        if said.get(name) != real.get(name)
    ]
