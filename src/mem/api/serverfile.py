"""data/server.json: where the running server is, and the key that proves access to the directory."""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from mem import failpoints
from mem.errors import no_room

log = logging.getLogger(__name__)

NAME = "server.json"
_PAUSE_SECONDS = 1.0  # between tries on a full disk


@contextlib.contextmanager
def written(folder: Path, url: str, key: str, *, beside: bool = False) -> Iterator[None]:
    """Keep server.json (mode 0600) in `folder` for the length of the block; not `beside` a server that did.

    On a full disk it comes when there is room: until then the command line does not find the server.
    """
    file, part = folder / NAME, folder / f".{NAME}.part"
    if beside:
        yield
        return
    file.unlink(missing_ok=True)
    facts: dict[str, object] = {"pid": os.getpid(), "url": url, "key": key}
    ended, later = threading.Event(), None
    if not _put(file, part, facts):
        log.warning("no room for server.json", extra={"action": "serverfile_missing", "url": url})
        later = threading.Thread(target=_insist, args=(file, part, facts, ended), name="server.json")
        later.start()
    try:
        yield
    finally:
        ended.set()
        if later is not None:
            later.join()
        if _is_ours(file):
            file.unlink(missing_ok=True)


def _insist(file: Path, part: Path, facts: dict[str, object], ended: threading.Event) -> None:
    while not ended.wait(_PAUSE_SECONDS):
        if _put(file, part, facts):
            return


def _put(file: Path, part: Path, facts: dict[str, object]) -> bool:
    """Write the file; False when there is no room."""
    try:
        _write(part, facts)
        failpoints.reach("server.noted")
        part.replace(file)
    except OSError as error:
        if not no_room(error):
            raise
        return False
    return True


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
