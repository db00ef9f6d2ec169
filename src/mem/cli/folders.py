"""The recordings that the paths on a command line mean."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mem.errors import NoMedia, NotFound, Unreadable
from mem.media.suffixes import RECORDINGS, SIDECARS


@dataclass(frozen=True, slots=True)
class Found:
    """The recordings, absolute and in order, and what was passed over in the folders."""

    files: tuple[Path, ...]
    hidden: int
    others: tuple[Path, ...]


def expand(paths: Sequence[Path]) -> Found:
    """The files, and the media files in the folders, each once.

    Raises NotFound for a path that is not there, NoMedia for a folder without a recording.
    """
    files: dict[Path, None] = {}
    others: list[Path] = []
    hidden = 0
    for path in map(_absolute, paths):
        if not path.is_dir():
            if not os.path.lexists(path):
                raise NotFound(f"There is no file {path}.", hint="Nothing was captured.")
            files[path] = None
            continue
        found = _in_folder(path)
        if not found.files:
            raise NoMedia(f"There is no video or audio file in {path}.")
        files |= dict.fromkeys(found.files)
        hidden += found.hidden
        others += found.others
    return Found(tuple(files), hidden, tuple(others))


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(path.expanduser().absolute()))


def _in_folder(folder: Path) -> Found:
    media, others, hidden = [], [], 0
    for file in _walk(folder):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            hidden += 1
        elif file.suffix.lower() in RECORDINGS and file.is_file():
            media.append(file)
        elif file.suffix.lower() not in SIDECARS:
            others.append(file)
    return Found(tuple(media), hidden, tuple(others))


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below the folder that is not a folder, sorted; a hidden folder is not entered."""

    def refuse(error: OSError) -> None:
        raise Unreadable(f"{error.filename} cannot be read: {error.strerror}.")

    for root, folders, names in os.walk(folder, onerror=refuse):
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = sorted(set(folders) - set(hidden))
        yield from (Path(root, name) for name in sorted([*names, *hidden]))
