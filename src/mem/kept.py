"""Where the bytes of a recording's files are: in its folder, or in a bucket that a pointer there leads to.

Everything that reads, writes, counts or removes packs and originals goes through here. A file in the folder
is the newer one: a pointer beside it is left of before, or about to take its place.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mem import packs
from mem.errors import NotFound
from mem.memory import Memory
from mem.objects import pointer
from mem.objects.pointer import Pointer
from mem.objects.remote import Remote
from mem.packs import PackWriter, Sum

_PACKS = "frames-*.tar"


def read(memory: Memory, folder: Path, pack: str, offset: int, length: int) -> bytes:
    """`length` bytes of a pack from `offset` on. Raises NotFound when they are gone, and StorageFailed."""
    try:
        return packs.read(folder, pack, offset, length)
    except NotFound:
        there = pointer.read(folder / pack)
        if there is None:
            raise
    data = memory.remote.read(there, offset, length)
    if len(data) != length:
        raise NotFound(f"{pack} of {folder.name} ends before byte {offset + length}.")
    return data


def file(memory: Memory, path: Path) -> Path:
    """The whole file on this machine, fetched where it lies in a bucket; `path` itself where there is none.

    What was fetched is for reading, and soon. Raises NotFound, StorageFailed and DiskFull.
    """
    there = None if path.exists() else pointer.read(path)
    return path if there is None else memory.remote.file(there)


def elsewhere(path: Path) -> Pointer | None:
    """Where a file is that is not in its folder; None for one that is, or that is nowhere."""
    return None if path.exists() else pointer.read(path)


def size(path: Path) -> int | None:
    """Bytes of a file, wherever it is; None where it is nowhere."""
    try:
        return path.lstat().st_size
    except OSError:
        there = pointer.read(path)
        return None if there is None else there.size


def packs_of(folder: Path) -> list[Path]:
    """The packs of a folder, wherever they are, in the order of their names."""
    here = set(folder.glob(_PACKS))
    there = {each.with_name(each.name.removesuffix(pointer.SUFFIX)) for each in _pointers(folder)}
    return sorted(here | there)


def sums(folder: Path) -> list[Sum]:
    """The sums of all packs of a folder, in the order of their names; of none where there is no folder."""
    found = {each.pack: each for each in packs.sums(folder)}
    for path in packs_of(folder):
        there = elsewhere(path)
        if there is not None:
            found[path.name] = Sum(pack=path.name, size=there.size, sha256=there.sha256)
    return [found[name] for name in sorted(found)]


@contextlib.contextmanager
def open_pack(memory: Memory, folder: Path, name: str, length: int) -> Iterator[PackWriter]:
    """A pack for writing, as `packs.open_pack`; one that went to a bucket comes back whole before."""
    if length and pointer.read(folder / name) is not None:
        bring(memory.remote, folder / name)
        forget(memory.remote, folder / name)
    with packs.open_pack(folder, name, length) as pack:
        yield pack


def bring(remote: Remote, path: Path) -> None:
    """Put a file that lies in a bucket back into its folder; its pointer stays. Raises as `file`."""
    there = elsewhere(path)
    if there is not None:
        packs.place(remote.file(there), path)


def forget(remote: Remote, path: Path) -> None:
    """Remove the object of a file, then its pointer; the file in the folder stays. Raises StorageFailed."""
    there = pointer.read(path)
    if there is not None:
        remote.delete(there)
    pointer.place(path).unlink(missing_ok=True)


def drop(remote: Remote, path: Path) -> None:
    """Remove a file wherever it is: its object first, so that what is left here still leads there."""
    forget(remote, path)
    path.unlink(missing_ok=True)


def clear(remote: Remote, folder: Path) -> None:
    """Remove the objects of everything below a folder, and the pointers. Raises StorageFailed."""
    for path, _ in pointer.below(folder):
        forget(remote, path)


def folder_bytes(folder: Path) -> int:
    """Bytes of everything below a folder, of what lies in a bucket too; 0 where there is none."""
    here = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    return here + sum(there.size for path, there in pointer.below(folder) if not path.exists())


def changed(memory: Memory, source_id: int) -> None:
    """Note that files of a source may be ready to go to a bucket."""
    storage = memory.config.storage
    if storage.frames is not None or storage.originals is not None:
        memory.remote.waiting.add(source_id)


def _pointers(folder: Path) -> Iterator[Path]:
    return folder.glob(_PACKS + pointer.SUFFIX)
