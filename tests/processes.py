"""Which processes a process has started, for tests that must leave none behind."""

import contextlib
import os
from pathlib import Path


def children(pid: int | None = None) -> set[int]:
    """The processes that `pid` (this one by default) started and has not reaped."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found
