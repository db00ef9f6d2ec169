"""data/server.json: where the running server is, and the key that proves access to the directory."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

NAME = "server.json"


@contextlib.contextmanager
def written(folder: Path, url: str, key: str) -> Iterator[None]:
    """Keep server.json (mode 0600) in `folder` for the length of the block."""
    file, part = folder / NAME, folder / f".{NAME}.part"
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        json.dump({"pid": os.getpid(), "url": url, "key": key}, out)
    part.replace(file)
    try:
        yield
    finally:
        if _is_ours(file):
            file.unlink(missing_ok=True)


def _is_ours(file: Path) -> bool:
    try:
        return bool(json.loads(file.read_text(encoding="utf-8"))["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False
