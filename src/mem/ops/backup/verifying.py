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
from mem.ops.backup import copying, keeping, manifest, sealing, spread
from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.backup.place import Place
from mem.ops.chores import Stopping, Tell
from mem.store import duck_session, dump, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look at every byte of a backup found."""

    name: str
    place: str  # where it lies
    folder: Path | None  # the same; None where it lies in a bucket
    good: bool
    problems: tuple[str, ...]
    files: int
    bytes: int
    rows: bool  # whether the rows were read too: those of an encrypted one only with its key


def verify(
    place: Place,
    name: str,
    *,
    identity: Path | None = None,
    programs: Path | None = None,
    tell: Tell = chores.silently,
    stopped: Stopping = chores.never,
) -> Verdict:
    """Read all of a backup and compare it with its manifest; what was found is noted beside it.

    With `identity`, the file of an age key, an encrypted one is opened too. Raises SealedBackup for a key
    that opens nothing, StorageFailed for a bucket that does not answer, and Stopped.
    """
    keys = sealing.identities(identity)
    try:
        found = keeping.read(place, name)
    except BackupDamaged as error:
        keeping.note_check(place, name, [error.detail])
        return _verdict(place, name, [error.detail], (), rows=False)
    problems: list[str] = []
    done, rows = 0, not found.recipients or bool(keys)

    def look(file: Stored) -> tuple[Stored, str | None]:
        if stopped():
            raise Stopped
        return file, _stored(place, name, found, file, keys)

    for file, problem in spread.over(place.at_once, look, found.files):
        problems += [problem] if problem else []
        done += file.stored_size
        tell(0.95 * done / max(1, found.bytes), "reading the files")
    if rows and not problems:
        tell(0.96, "reading the rows")
        problems += _rows(place, name, found, keys, programs)
    keeping.note_check(place, name, problems)
    return _verdict(place, name, problems, found.files, rows=rows)


def _verdict(
    place: Place, name: str, problems: Sequence[str], files: Sequence[Stored], *, rows: bool
) -> Verdict:
    return Verdict(
        name=name,
        place=place.where(name),
        folder=place.folder / name if place.folder else None,
        good=not problems,
        problems=tuple(problems),
        files=len(files),
        bytes=sum(file.stored_size for file in files),
        rows=rows,
    )


def _stored(place: Place, name: str, found: Manifest, file: Stored, keys: Sequence[Any]) -> str | None:
    """What is wrong with a file."""
    try:
        with place.stored(name, found, file) as path:
            size = path.stat().st_size
            if size != file.stored_size:
                return f"{file.path} has {size:,} bytes and not {file.stored_size:,}"
            if copying.sha256(path) != file.stored_sha256:
                return f"{file.path} is not what was written"
            return _opened(path, file, keys) if found.recipients and keys else None
    except FileNotFoundError:
        return f"{file.path} is missing"
    except OSError as error:
        return f"{file.path} cannot be read: {error.strerror}"


def _opened(path: Path, file: Stored, keys: Sequence[Any]) -> str | None:
    """Decrypt a file without keeping what it holds."""
    size = sealing.opened_size(path, keys)
    return None if size == file.size else f"{file.path} opens to {size:,} bytes and not {file.size:,}"


@contextmanager
def plain(place: Place, name: str, found: Manifest, file: Stored, keys: Sequence[Any]) -> Iterator[Path]:
    """The file as it was before it was encrypted. Raises SealedBackup."""
    with place.stored(name, found, file) as path:
        if not found.recipients:
            yield path
            return
        if not keys:
            raise SealedBackup
        scratch = Path(tempfile.mkdtemp(prefix="mem-open-"))
        try:
            sealing.unseal(path, scratch / "plain", keys)
            yield scratch / "plain"
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _rows(place: Place, name: str, found: Manifest, keys: Sequence[Any], programs: Path | None) -> list[str]:
    """What differs between the rows in the backup and what its manifest says of them."""
    file = found.find(manifest.DATABASE[found.engine])
    if file is None:
        return ["it holds no rows"]
    with plain(place, name, found, file, keys) as path:
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
