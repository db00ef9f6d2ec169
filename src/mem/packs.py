"""Packs: ordinary tar files that only grow, holding the images of many frames.

A reader needs the offset and length that the frame's row states, never the tar's own headers; those
are for people, and for rebuilding the rows. What lies past the length that a checkpoint states was
never committed and is overwritten by the next writer.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mem.errors import DiskFull, Locked, NotFound, no_room

_BLOCK = tarfile.BLOCKSIZE
_TRAILER = bytes(2 * _BLOCK)  # two empty blocks end an archive
_PIECE = 2**20  # bytes copied at once
_NAME = re.compile(r"frames-\d{6,}\.tar")


@contextmanager
def open_pack(folder: Path, name: str, length: int) -> Iterator["PackWriter"]:
    """The pack `name`, made when missing, for writing after its committed `length` in bytes.

    Raises Locked while another writer has it, and NotFound when less than `length` is left of it.
    """
    pack = PackWriter(folder, name, length)
    try:
        yield pack
    finally:
        pack.close()


def name(number: int) -> str:
    """The name of a source's pack with this number, from 1 on."""
    return f"frames-{number:06d}.tar"


def room(length: int) -> int:
    """Bytes that a member of `length` bytes takes in a pack, header and padding included."""
    return _BLOCK + length + -length % _BLOCK


def read(folder: Path, pack: str, offset: int, length: int) -> bytes:
    """`length` bytes of a pack from `offset` on. Raises NotFound when they are gone."""
    _refuse_other_files(pack)
    try:
        file = os.open(folder / pack, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise NotFound(f"{pack} is gone from {folder.name}.") from None
    try:
        data = os.pread(file, length, offset)
    finally:
        os.close(file)
    if len(data) != length:
        raise NotFound(f"{pack} in {folder.name} ends before byte {offset + length}.")
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the whole of a pack was when nothing more was to be written to it."""

    pack: str
    size: int  # bytes
    sha256: str  # hex


def sums(folder: Path) -> list[Sum]:
    """The sums of all packs in a folder, in the order of their names; of none where there is no folder."""
    found = []
    for file in sorted(folder.glob("frames-*.tar")):
        with file.open("rb") as pack:
            digest = hashlib.file_digest(pack, "sha256").hexdigest()
            found.append(Sum(pack=file.name, size=os.fstat(pack.fileno()).st_size, sha256=digest))
    return found


def place(file: Path, target: Path) -> None:
    """Let `target` be a durable copy of a file, all at once. Raises DiskFull."""
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(file, part)
        part.chmod(0o600)
        with part.open("rb") as copied:
            os.fdatasync(copied.fileno())
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if no_room(error):
            raise DiskFull from error
        raise


class PackWriter:
    """A pack that is being written; see `open_pack`."""

    def __init__(self, folder: Path, name: str, length: int) -> None:
        _refuse_other_files(name)
        self._folder = folder
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode=0o600)
        self._end = length  # where the next member goes
        self._named = length > 0  # the folder's entry is on disk
        with ExitStack() as undo:
            undo.callback(self.close)
            self._claim(name, length)
            undo.pop_all()

    def append(self, member: str, data: bytes) -> int:
        """Add a file; gives the offset of its first byte. Raises DiskFull."""
        info = tarfile.TarInfo(member)
        info.size, info.mode, info.mtime = len(data), 0o600, 0
        header = info.tobuf(tarfile.USTAR_FORMAT)
        self._write(header + data + bytes(-len(data) % _BLOCK), self._end)
        begin = self._end + len(header)
        self._end = begin + len(data) + -len(data) % _BLOCK
        return begin

    def sync(self) -> int:
        """End the archive and bring it to the disk; gives the length to commit. Raises DiskFull."""
        self._write(_TRAILER, self._end)
        os.fdatasync(self._file)
        if not self._named:
            _sync(self._folder)
            self._named = True
        return self._end

    def close(self) -> None:
        """Close the file; what was not synced may be lost. A second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _claim(self, name: str, length: int) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(f"Another writer has {name} in {self._folder.name}.") from None
        if length % _BLOCK:
            raise ValueError(f"a pack's length is a multiple of {_BLOCK}, not {length}")
        facts = os.fstat(self._file)
        if not self._is_named(name, facts):
            raise Locked(f"{name} in {self._folder.name} has just been moved away.")
        if facts.st_size < length:
            raise NotFound(f"{name} in {self._folder.name} has lost what was committed.")
        if facts.st_nlink > 1:
            self._part(name, length)
        os.ftruncate(self._file, length)
        if length:
            self._write(_TRAILER, length)

    def _is_named(self, name: str, facts: os.stat_result) -> bool:
        """Whether the file is still the one of that name: closed packs may go to a bucket."""
        try:
            return os.path.samestat(facts, (self._folder / name).lstat())
        except FileNotFoundError:
            return False

    def _part(self, name: str, length: int) -> None:
        """Go on in a file of one's own: this one is a backup's too, which must stay as it is."""
        own = self._folder / f".{name}.part"
        own.unlink(missing_ok=True)
        shared = self._file
        self._file = os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode=0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            done = 0
            while done < length:
                piece = os.pread(shared, min(_PIECE, length - done), done)
                self._write(piece, done)
                done += len(piece)
            os.fdatasync(self._file)
            own.replace(self._folder / name)
        finally:
            os.close(shared)
        self._named = False

    def _write(self, data: bytes, offset: int) -> None:
        rest = memoryview(data)
        try:
            while rest:
                written = os.pwrite(self._file, rest, offset)
                rest, offset = rest[written:], offset + written
        except OSError as error:
            if no_room(error):
                raise DiskFull from error
            raise


def _sync(folder: Path) -> None:
    """Make durable which files a folder has."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refuse_other_files(pack: str) -> None:
    if _NAME.fullmatch(pack) is None:
        raise NotFound(f"{pack!r} is not the name of a pack.")
