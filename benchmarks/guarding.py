"""What is kept out, measured: `python -m benchmarks.guarding`.

Links that change places with files while captures ask for them (10,000 tries), and every hostile file of
the tests looked into, looked at and listened to by a decoding process: what came of it, and the most memory
that it took. Where strace is, once more with its system calls traced. Ends with status 1 when a link was
followed, a file ended in anything but an answer, or a file that one names or a socket was opened.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from mem.capture import submit
from mem.errors import MediaError, MemError, NotFound, Unreadable
from mem.media import sandbox
from tests import looking, oddities, videos
from tests.e2e.test_oddities import LISTEN, PROBE, TRACED
from tests.oddities.hostile import CANARY

LIMITS = sandbox.Limits(memory=2**30, stall_seconds=60, wall_seconds=120)
CALLS = "open,openat,openat2,socket,connect,sendto,io_uring_setup"
SOCKETS = ("socket(", "connect(", "sendto(", "io_uring_setup(")


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
    with tempfile.TemporaryDirectory(prefix="mem-hostile-") as folder:
        return {name: _outcome(Path(folder, name)) for name in hostile()}


def hostile() -> list[str]:
    """The names of all hostile files."""
    modules = (oddities.hostile.__name__, oddities.bombs.__name__)
    return [name for name, make in oddities.MAKERS.items() if make.__module__ in modules]


def _outcome(file: Path) -> str:
    oddities.MAKERS[file.name](file)
    try:
        for operation, request in (("probe", PROBE), ("see", looking.REQUEST), ("hear", LISTEN)):
            with sandbox.run("mem.capture.child", operation, file, request, limits=LIMITS) as messages:
                list(messages)
    except MediaError as error:
        return error.code
    except MemError as error:
        return f"UNEXPECTED {error.code}"
    return "read"


def traced() -> tuple[int, int, int] | None:
    """How many system calls open something in all of it, how many of them what a file names, and sockets.

    None where they cannot be traced.
    """
    with tempfile.TemporaryDirectory(prefix="mem-traced-") as name:
        folder = Path(name)
        videos.write(folder / CANARY, [(0, videos.flat((0, 255, 255)))])
        files = [folder / each for each in hostile()]
        for file in files:
            oddities.MAKERS[file.name](file)
        log = folder / "calls"
        command = ["strace", "-f", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o", log, sys.executable, "-c"]
        try:
            done = subprocess.run([*command, TRACED, *files], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        if done.stdout != "done\n":
            return None
        lines = log.read_text(errors="replace").splitlines()
        named = sum(CANARY in line or "/etc/passwd" in line for line in lines)
        return len(lines), named, sum(line.partition(" ")[2].startswith(SOCKETS) for line in lines)


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
    calls = traced()
    if calls is None:
        print("system calls cannot be traced here")
    else:
        print("{} calls traced: {} open what a file names, {} are for sockets".format(*calls))
        bad += calls[1] + calls[2]
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
