"""Looking for malware in a recording before anything decodes it.

Uploads are looked at before they are acknowledged, files that are captured by path when their job looks
at them first. What is found harmful never becomes a source: an upload goes to `quarantine/` in the data
directory, with a note beside it; a captured file is not Mem's and stays where it is.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mem import folders, observe, types
from mem.errors import MalwareFound, ScannerAway, TooLargeToScan
from mem.media import clamav, sandbox
from mem.media.clamav import Away, Daemon, Exceeded
from mem.memory import Memory
from mem.types import ScanStatus

log = logging.getLogger(__name__)

QUARANTINE = "quarantine"


def look_at(memory: Memory, path: Path) -> ScanStatus | None:
    """What the scanner says of the file at `path`; None where none is set up.

    Raises MalwareFound, TooLargeToScan and ScannerAway as security.clamav says.
    """
    settings = memory.config.security.clamav
    if settings.socket is None:
        return None
    daemon = Daemon(settings.socket, settings.timeout_seconds)
    with _opened(path) as fd:
        try:
            status = _status(memory, daemon, fd)
        except Away as error:
            if settings.on_error == "reject":
                raise ScannerAway(f"{error} Nothing is taken in meanwhile.") from None
            log.warning("not scanned", extra={"action": "scanner_away", "detail": str(error)})
            status = "unreachable"
    observe.SCANS.labels(status).inc()
    return status


def upload(memory: Memory, path: Path, digest: str, name: str) -> ScanStatus | None:
    """The same of an upload that lies at `path`; one in which something is found goes to quarantine."""
    try:
        return look_at(memory, path)
    except MalwareFound as error:
        _quarantine(memory, path, digest, name, error.detail)
        raise


def _status(memory: Memory, daemon: Daemon, fd: int) -> ScanStatus:
    settings = memory.config.security.clamav
    if os.fstat(fd).st_size <= settings.max_bytes:
        try:
            _refuse(daemon.scan(fd))
        except Exceeded:
            pass  # of the daemon's own limits
        else:
            return "clean"
    if settings.oversize == "reject":
        raise TooLargeToScan
    if settings.oversize == "scan-head":
        try:
            _refuse(daemon.scan(fd, min(settings.max_bytes, os.fstat(fd).st_size)))
        except Exceeded:
            raise Away("clamd looks at less than security.clamav.max_bytes.") from None
        return "head_clean"
    return "too_large"


def _refuse(verdict: clamav.Verdict) -> None:
    if verdict.signature is not None:
        observe.SCANS.labels("found").inc()
        log.error("malware found", extra={"action": "malware_found", "signature": verdict.signature})
        raise MalwareFound(f"The virus scanner found {verdict.signature} in the file.")


def _quarantine(memory: Memory, path: Path, digest: str, name: str, detail: str) -> None:
    folder = memory.folder / QUARANTINE
    folder.mkdir(mode=0o700, exist_ok=True)
    note = {"name": name, "sha256": digest, "found": detail, "at": types.written(types.now())}
    told = folder / f"{digest}.json"
    told.write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    path.replace(folder / f"{digest}.bin")
    (folder / f"{digest}.bin").chmod(0o400)
    folders.sync_names(folder)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = sandbox.open_video(path)
    try:
        yield fd
    finally:
        os.close(fd)
