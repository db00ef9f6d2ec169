"""What a process has started and opened, for tests that must leave nothing behind."""

import contextlib
import os
import time
from pathlib import Path


def children(pid: int | None = None) -> set[int]:
    """The processes that `pid` (this one by default) started and has not reaped."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid or os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def descriptors() -> set[str]:
    """What this process has open, each as what it leads to: numbers are used again."""
    found: set[str] = set()
    listing = f"/proc/{os.getpid()}/fd"
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile, as the listing itself is
            found.add(str(link.readlink()))
    return found - {listing}


def left_open(before: set[str], seconds: float = 5.0) -> set[str]:
    """What is open beyond `before`, after threads of others had a while to close what they only look into."""
    deadline = time.monotonic() + seconds
    while (found := descriptors() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
