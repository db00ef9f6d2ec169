"""Opening databases in processes that are cut off: `python -m tests.store.migrating` forks one for each line.

A line is a JSON list of the database's address (null for DuckDB), its folder and the trap; the answer is
the exit status as `subprocess` says it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Opener:
    """The process that forks."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def open(self, url: str | None, folder: Path, trap: str) -> int:
        """Open and migrate it in a process with a trap; gives how that ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([url, str(folder), trap]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def opener() -> Iterator[Opener]:
    """Start it, and end it with the block."""
    words = [sys.executable, "-m", "tests.store.migrating"]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Opener(process)
        assert process.stdin is not None
        process.stdin.close()


def _cut(url: str | None, folder: str, trap: str) -> None:
    from mem import failpoints
    from mem.store import engines

    failpoints._trap = failpoints.parse(trap)
    place = Path(folder)
    engines.open_database(url, folder=place, memory_limit=2**28, threads=1, programs=place).close()


def main() -> None:
    from mem.store import duck, postgres  # noqa: F401 - so that each fork need not load them

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _cut(*json.loads(line))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
