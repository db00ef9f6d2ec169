"""Making a backup while everything goes on."""

import contextlib
import errno
import logging
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import mem
from mem import folders, types
from mem.errors import BadRequest, Conflict, DiskFull, Unwritable, no_room
from mem.memory import Memory
from mem.objects import pointer
from mem.objects.pointer import Pointer
from mem.ops.backup import keeping, linking, manifest, places, sealing, sound
from mem.ops.backup.filling import Filling
from mem.ops.backup.manifest import Manifest, Table
from mem.ops.backup.place import Place
from mem.ops.chores import Stopping, Tell
from mem.store import copies, duck_session, dump, migrate, whole

log = logging.getLogger(__name__)
_ROWS = 0.1  # of the work
_TRIES = 3
_NOT_THERE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


class _Raced(Conflict):
    """Recordings were taken in and deleted again while the backup was made."""

    hint = "Try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What kind of backup is wanted."""

    to: str | None = None  # a folder or s3://bucket/prefix; None: storage.backups
    originals: bool = False
    portable: bool = False
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made."""

    name: str
    place: str  # where it lies, as `mem restore` takes it
    folder: Path | None  # the same; None where it lies in a bucket
    files: int
    bytes: int
    copied_bytes: (
        int  # written or sent; the others are shared with an earlier backup, or with the memory itself
    )
    sources: int
    frames: int
    encrypted: bool
    missing: tuple[str, ...]  # packs that the rows name and that the memory has lost
    damaged: tuple[str, ...]  # packs that are not what they were; the backup has them as they are
    same_disk: bool  # as the memory: then it does not outlive the disk


def create(memory: Memory, wish: Wish, tell: Tell, stopped: Stopping) -> Made:
    """Make a backup of the rows at one instant and of the files that they name.

    What lies in a bucket is fetched unless the backup before has it, so restoring it needs no bucket.

    Raises Conflict while another is made there, DiskFull, Stopped, StorageFailed, Unwritable, and
    ProgramMissing where PostgreSQL's own programs are needed and missing. A backup that did not come to its
    end is none.
    """
    refuse(memory, wish)
    place = places.of(memory, wish.to)
    made = _created(memory, wish, place, tell, stopped)
    places.note_latest(memory)
    return made


def _created(memory: Memory, wish: Wish, place: Place, tell: Tell, stopped: Stopping) -> Made:
    with _refusals(place), place.alone():
        for _ in range(_TRIES - 1):
            with contextlib.suppress(_Raced):
                return _create(memory, wish, place, tell, stopped)
        return _create(memory, wish, place, tell, stopped)


@contextlib.contextmanager
def _refusals(place: Place) -> Iterator[None]:
    """Turn what the file system says of the folder of backups into Unwritable or DiskFull."""
    try:
        yield
    except OSError as error:
        if no_room(error):
            raise DiskFull(f"There is no room for the backup in {place}.") from None
        if error.errno not in _NOT_THERE:
            raise
        hint = "Name a folder that exists or can be made, and that the server may write."
        raise Unwritable(f"{error.filename} cannot be written: {error.strerror}.", hint=hint) from None


def _create(memory: Memory, wish: Wish, place: Place, tell: Tell, stopped: Stopping) -> Made:
    place.sweep()
    name, made_at = _name(place)
    stage = memory.folder / "tmp" / f"backup-{uuid.uuid4()}"
    keys, earlier = sealing.recipients(wish.recipients), keeping.newest(place, wish.recipients)
    try:
        tell(0.0, "holding on to the files")
        with (
            linking.held(memory.folder / "sources", stage / "sources", _wanted(wish)) as add,
            place.making(name, earlier, stage / "scratch", stopped) as making,
        ):
            filling = Filling(making, earlier[1] if earlier else None, wish.recipients, keys, stopped)
            tell(0.02, "copying the rows")
            tables, named = _rows(memory, wish, stage, filling)
            add()  # what came since, before the rows were copied, is named by them
            _files(memory, stage / "sources", filling, tell)
            making.settle()
            damaged = sound.damaged(stage / "sources", filling.files)
            missing = _missing(memory, named, filling)
            described = _described(memory, wish, name, made_at, tables, filling, missing)
            making.publish(manifest.encode(described))
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    if damaged:
        log.error("packs are damaged", extra={"action": "packs_damaged", "packs": list(damaged[:20])})
    log.info("backup made", extra={"action": "backup_made", "backup": name, "bytes": described.bytes})
    return _made(memory, place, described, filling.copied, damaged)


def _made(memory: Memory, place: Place, described: Manifest, copied: int, damaged: tuple[str, ...]) -> Made:
    return Made(
        name=described.name,
        place=place.where(described.name),
        folder=place.folder / described.name if place.folder else None,
        files=len(described.files),
        bytes=described.bytes,
        copied_bytes=copied,
        sources=described.tables["sources"].rows,
        frames=described.tables["frames"].rows,
        encrypted=bool(described.recipients),
        missing=described.missing,
        damaged=damaged,
        same_disk=place.on_disk_of(memory.folder),
    )


def _rows(memory: Memory, wish: Wish, stage: Path, filling: Filling) -> tuple[dict[str, Table], set[str]]:
    """Copy the rows of one instant into the backup; gives what they hold, and the packs that they name."""
    path, tables = manifest.DATABASE[memory.db.engine], stage / "portable"
    copy = stage / Path(path).name
    if wish.portable:
        tables.mkdir(mode=0o700)
    with memory.db.session() as session:
        if memory.db.engine == "duckdb":
            held = whole.copy(session, copy, tables if wish.portable else None)
            with duck_session.reading(copy) as copied:
                named = whole.packs(copied)
        else:
            assert memory.config.database.url is not None
            programs = memory.config.database.programs
            dump.write(memory.config.database.url, copy, snapshot=whole.shared(session), bin_folder=programs)
            held, named = whole.digests(session, whole.tables(session)), whole.packs(session)
            if wish.portable:
                whole.portable(session, tables)
    filling.put(path, copy)
    for file in sorted(tables.glob("*.parquet")):
        filling.put(f"portable/{file.name}", file)
    return {name: Table(rows=facts.rows, digest=facts.digest) for name, facts in held.items()}, named


def _files(memory: Memory, held: Path, filling: Filling, tell: Tell) -> None:
    """Put every file that is held on to into the backup."""
    growing = copies.open_packs(memory.db)
    found = list(linking.files(held))
    size = sum(path.stat().st_size for _, path in found)
    done = 0
    for name, path in found:
        relative = f"sources/{name}"
        folder, _, pack = relative.rpartition("/")
        there = _led(path)
        if there is None:
            filling.put(relative, path, growing=(folder, pack) in growing)
        elif not path.with_name(path.name.removesuffix(pointer.SUFFIX)).exists():
            plain = relative.removesuffix(pointer.SUFFIX)
            filling.put_remote(plain, path, there, partial(memory.remote.file, there))
        done += path.stat().st_size
        tell(_ROWS + (0.98 - _ROWS) * done / max(1, size), "keeping pictures and words")
    settings = memory.folder / "config.yaml"
    if settings.is_file():
        filling.put("config.yaml", settings)


def _led(path: Path) -> Pointer | None:
    """Where a file of the backup leads; None for one that is no pointer."""
    if not path.name.endswith(pointer.SUFFIX):
        return None
    return pointer.read(path.with_name(path.name.removesuffix(pointer.SUFFIX)))


def _missing(memory: Memory, named: set[str], filling: Filling) -> tuple[str, ...]:
    """Packs that the rows name and that are lost. Raises _Raced for one that was only deleted meanwhile."""
    missing = named - {file.path for file in filling.files}
    if missing:
        now = {f"{folder}/{pack}" for folder, pack in copies.pack_names(memory.db)}
        if missing - now or any((memory.folder / path).exists() for path in missing):
            raise _Raced
        facts = {"action": "packs_lost", "packs": sorted(missing)[:20]}
        log.error("packs are lost; the backup is without them", extra=facts)
    return tuple(sorted(missing))


def _described(
    memory: Memory,
    wish: Wish,
    name: str,
    made_at: datetime,
    tables: dict[str, Table],
    filling: Filling,
    missing: tuple[str, ...],
) -> Manifest:
    return Manifest(
        name=name,
        made_at=made_at,
        mem=mem.__version__,
        engine=memory.db.engine,
        schema=migrate.schema(memory.db),
        originals=wish.originals,
        portable=wish.portable,
        recipients=wish.recipients,
        tables=tables,
        missing=missing,
        files=tuple(filling.files),
    )


def _wanted(wish: Wish) -> Callable[[Path], bool]:
    def wanted(path: Path) -> bool:
        if path.name.startswith(f"{folders.ORIGINAL}."):
            return wish.originals
        return not path.name.endswith(".part")

    return wanted


def _name(place: Place) -> tuple[str, datetime]:
    """A name that no backup has, and the instant that it tells."""
    made_at, taken = types.now(), set(place.names())
    name = f"mem-{made_at:%Y%m%dT%H%M%SZ}"
    number = 1
    while name in taken:
        number += 1
        name = f"mem-{made_at:%Y%m%dT%H%M%SZ}-{number}"
    return name, made_at


def refuse(memory: Memory, wish: Wish) -> None:
    """Raise BadRequest for a wish that cannot come true, and ExtraMissing.

    Backups among the recordings would be backed up themselves.
    """
    sealing.recipients(wish.recipients)
    root = places.of(memory, wish.to).folder
    for name in ("sources", "index", "tmp", "uploads", "inbox"):
        if root is not None and root.resolve().is_relative_to((memory.folder / name).resolve()):
            hint = "Choose a folder outside of the memory."
            raise BadRequest(f"{root} is no place for backups.", hint=hint)
