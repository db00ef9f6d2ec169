"""Cutting a process off at its N-th change of a file name: where a power cut would, between two steps.

``python -m tests.cutting N DATA_DIR WHAT [ARGUMENT]`` does WHAT to the memory in DATA_DIR and kills itself
just before the N-th rename, link, removal, new folder or opening for writing below DATA_DIR.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "shutil.copyfile"}


def run(nth: int, data: Path, what: str, argument: str = "") -> int:
    """Do it in a process of its own; gives how that ended."""
    words = [sys.executable, "-m", "tests.cutting", str(nth), str(data), what, argument]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def _arm(nth: int, data: str) -> None:
    passed = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal passed
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if (event in _CHANGES or writes) and any(str(one).startswith(data) for one in arguments):
            passed += 1
            if passed == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main(nth: int, data: str, what: str, argument: str) -> None:
    from mem import config
    from mem.memory import open_memory
    from mem.ops import backup, chores, compact, rebuild, restore

    settings = config.load({"data_dir": data, "storage.min_free_bytes": 0}, environ={})
    if what == "restore":
        _arm(nth, data)
        restore.restore(settings, Path(argument))
    elif what == "rebuild":
        _arm(nth, data)
        rebuild.rebuild(settings)
    elif what == "open":
        _arm(nth, data)
        with open_memory(settings):
            pass
    else:
        with open_memory(settings) as memory:
            _arm(nth, data)
            if what == "compact":
                compact.compact(memory, chores.silently, chores.never)
            else:
                backup.create(memory, backup.Wish(), chores.silently, chores.never)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
