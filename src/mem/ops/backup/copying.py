"""Files and their digests: read, copied durably, brought to the disk."""

import hashlib
import os
from pathlib import Path

_PIECE = 2**20


def sha256(file: Path) -> str:
    """The digest of a file, hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file durably; gives the digest of what was copied and its size."""
    digest, size = hashlib.sha256(), 0
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as here, os.fdopen(fd, "wb") as there:
        while piece := here.read(_PIECE):
            digest.update(piece)
            there.write(piece)
            size += len(piece)
        there.flush()
        os.fsync(there.fileno())
    return digest.hexdigest(), size


def sync(file: Path) -> None:
    """Bring a file to the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
