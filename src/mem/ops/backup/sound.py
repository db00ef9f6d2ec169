"""Whether the packs in a backup are what they were when their captures ended.

A pack that was damaged since would take the place of its last good copy once older backups are let go of.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from mem.ops.backup.manifest import Stored

_SUMS = "packs.jsonl"


def damaged(held: Path, files: Iterable[Stored]) -> tuple[str, ...]:
    """The packs among `files` whose bytes are not those that the folders below `held` say.

    Of encrypted files nothing is known. One of another size is still being written.
    """
    said = {path: sums for folder in sorted(held.rglob(_SUMS)) for path, sums in _said(held, folder)}
    return tuple(
        file.path
        for file in files
        if file.path in said
        and file.sha256 is not None
        and said[file.path][0] == file.size
        and said[file.path][1] != file.sha256
    )


def _said(held: Path, file: Path) -> Iterator[tuple[str, tuple[int, str]]]:
    folder = f"sources/{file.parent.relative_to(held).as_posix()}"
    try:
        for line in file.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            yield f"{folder}/{one['pack']}", (one["size"], one["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return  # `mem db check --deep` names it
