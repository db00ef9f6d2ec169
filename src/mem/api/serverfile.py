"""data/server.json: where the running server is, and the key that proves access to the directory."""

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from mem import failpoints
from mem.errors import no_room

log = logging.getLogger(__name__)

NAME = "server.json"


@contextlib.contextmanager
def written(folder: Path, url: str, key: str, *, beside: bool = False) -> Iterator[None]:
    """Keep server.json (mode 0600) in `folder` for the length of the block; not `beside` a server that did.

    On a full disk there is none: the server answers, and the command line does not find it.
    """
    file, part = folder / NAME, folder / f".{NAME}.part"
    if beside:
        yield
        return
    file.unlink(missing_ok=True)
    try:
        _write(part, {"pid": os.getpid(), "url": url, "key": key})
        failpoints.reach("server.noted")
        part.replace(file)
    except OSError as error:
        if not no_room(error):
            raise
        log.warning("no room for server.json", extra={"action": "serverfile_missing", "url": url})
    try:
        yield
    finally:
        if _is_ours(file):
            file.unlink(missing_ok=True)


def _write(part: Path, facts: dict[str, object]) -> None:
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        json.dump(facts, out)


def _is_ours(file: Path) -> bool:
    try:
        return bool(json.loads(file.read_text(encoding="utf-8"))["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False
