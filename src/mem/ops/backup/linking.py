"""Holding on to the files of a memory while it goes on: hard links in ``tmp``, made at once.

A file that is written anew gets another inode, and one that is deleted lives on in its link; only a pack
that is still being written grows under it, and what was committed of that never changes.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.EACCES)


@contextmanager
def held(root: Path, place: Path, wanted: Callable[[Path], bool]) -> Iterator[Callable[[], None]]:
    """Links below `place` to the wanted files below `root`; the function given adds those that are new.

    All are gone at the end of the block.
    """
    place.mkdir(mode=0o700, parents=True)

    def add() -> None:
        for folder, _, names in os.walk(root):
            here = place / Path(folder).relative_to(root)
            here.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in names:
                if wanted(Path(folder, name)) and not (here / name).exists():
                    link(Path(folder, name), here / name)

    try:
        add()
        yield add
    finally:
        shutil.rmtree(place, ignore_errors=True)


def link(source: Path, target: Path) -> bool:
    """Let `target` be the same file, or a copy where that cannot be; False where the source is gone."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            shutil.copy2(source, target, follow_symlinks=False)
        except FileNotFoundError:
            return False
    return True


def files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every ordinary file below `root`, with its path from there, in order."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix(), path
