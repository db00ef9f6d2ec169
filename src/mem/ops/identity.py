"""The name of a data directory, by which several memories tell apart what is whose in one bucket."""

import contextlib
import os
import uuid

from mem import folders
from mem.memory import Memory

_FILE = "storage-id"


def of(memory: Memory) -> str:
    """The name of this data directory, made when it is first asked for."""
    file = memory.folder / _FILE
    with contextlib.suppress(FileNotFoundError):
        return file.read_text(encoding="ascii").strip()
    part = memory.folder / "tmp" / f"{_FILE}-{uuid.uuid4()}"
    part.write_text(f"{uuid.uuid4().hex[:12]}\n", encoding="ascii")
    with part.open("rb") as written:
        os.fsync(written.fileno())
    with contextlib.suppress(FileExistsError):  # another process was faster
        os.link(part, file)
    part.unlink()
    folders.sync_names(memory.folder)
    return file.read_text(encoding="ascii").strip()
