"""What is kept out, measured: `python -m benchmarks.guarding`.

Links that change places with files while captures ask for them (10,000 tries), and every hostile file of
the tests given to a decoding process: what came of it, and the most memory that it took. Ends with status 1
when a link was followed, or a file ended in anything but an answer.
"""

import argparse
import os
import resource
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from mem.capture import submit
from mem.errors import MediaError, MemError, NotFound, Unreadable
from mem.media import sandbox
from tests import oddities
from tests.oddities import hostile

LIMITS = sandbox.Limits(memory=2**30, stall_seconds=60, wall_seconds=120)
PROBE = {"max_pixels": 33_177_600, "max_streams": 64, "max_duration_ms": 10**9}


def swapped(tries: int) -> Counter[str]:
    """What captures got by a path whose folder is exchanged for a link to a secret all the time."""
    with tempfile.TemporaryDirectory(prefix="mem-links-") as name:
        root, secret = Path(name, "root"), Path(name, "secret")
        day, link = root / "day", root / "link"
        for folder, content in ((day, b"good"), (secret, b"secret")):
            folder.mkdir(parents=True)
            (folder / "a.mp4").write_bytes(content)
        link.symlink_to(secret)
        done = threading.Event()

        def swap() -> None:
            while not done.is_set():
                day.rename(root / "aside")
                link.rename(day)
                day.rename(link)
                (root / "aside").rename(day)

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            return Counter(_tried(root, day / "a.mp4") for _ in range(tries))
        finally:
            done.set()
            thread.join()


def _tried(root: Path, path: Path) -> str:
    try:
        fd = sandbox.open_video(submit.allowed(path, (root,)))
    except (NotFound, Unreadable):
        return "refused"
    try:
        return os.read(fd, 100).decode()
    finally:
        os.close(fd)


def outcomes() -> dict[str, str]:
    """What came of each hostile file, by name."""
    names = [name for name, make in oddities.MAKERS.items() if make.__module__ == hostile.__name__]
    with tempfile.TemporaryDirectory(prefix="mem-hostile-") as folder:
        return {name: _outcome(Path(folder, name)) for name in names}


def _outcome(file: Path) -> str:
    oddities.MAKERS[file.name](file)
    try:
        with sandbox.run("mem.capture.child", "probe", file, PROBE, limits=LIMITS) as messages:
            list(messages)
    except MediaError as error:
        return error.code
    except MemError as error:
        return f"UNEXPECTED {error.code}"
    return "read"


def main() -> None:
    """Measure, print, and end with what it means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=10_000)
    tries = parser.parse_args().tries
    found = swapped(tries)
    print(f"links swapped: {tries} tries, {dict(found)}, {found['secret']} followed")
    ended = outcomes()
    for name, outcome in sorted(ended.items()):
        print(f"{outcome:24} {name}")
    print(f"{len(ended)} hostile files: {dict(Counter(ended.values()))}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"most memory of a decoding process: {peak} MiB of {LIMITS.memory // 2**20}")
    bad = found["secret"] + sum(o.startswith(("UNEXPECTED", "decoder")) for o in ended.values())
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
