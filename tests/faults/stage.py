"""Where stories are played: a process that forks one for each, so that a start costs milliseconds.

`python -m tests.faults.stage` reads a `Play` a line and answers how it ended. It has loaded the program and
started nothing, so its forks are what a freshly started process is.
"""

import contextlib
import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Play:
    """A story over a data directory, cut off where `trap` says."""

    story: str
    data: str
    media: str  # folder with the recordings
    trap: str = ""


class Stage:
    """The process that forks the stories."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.stage"],
                cwd=ROOT,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )

    def play(self, play: Play) -> int:
        """Play it to its end or to the trap; gives the exit status as `subprocess` says it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(dataclasses.asdict(play)) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def whole(self, play: Play) -> None:
        """Play it; it must come to its end."""
        assert self.play(play) == 0, self.log.read_text()[-4000:]

    def remains(self, play: Play) -> Any:
        """What lies in the data directory, as one comparable value."""
        self.whole(dataclasses.replace(play, story="remains", trap=""))
        return json.loads(Path(play.data).with_suffix(".remains").read_text())

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=20)


@contextlib.contextmanager
def opened(log: Path) -> Iterator[Stage]:
    """A stage for the length of the block."""
    stage = Stage(log)
    try:
        yield stage
    finally:
        stage.close()


def _perform(play: Play) -> None:
    from mem import failpoints
    from tests.faults import remains, stories

    failpoints._trap = failpoints.parse(play.trap)
    if play.story == "remains":
        found = json.dumps(remains.of(Path(play.data)), default=str, sort_keys=True)
        Path(play.data).with_suffix(".remains").write_text(found)
    else:
        signal.alarm(120)  # a story that hangs ends with -14
        stories.STORIES[play.story](stories.World(Path(play.data), Path(play.media)))


def _act(play: Play) -> None:
    """Perform in this process and end it."""
    status = 1
    try:
        _perform(play)
        status = 0
    except Exception:  # noqa: BLE001 - whatever it is, it is told and ends this process alone
        print(f"--- {play}", file=sys.stderr)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _main() -> None:
    for name in ("mem.store.duck", "tests.faults.remains", "tests.faults.stories"):  # once, before the forks
        importlib.import_module(name)
    for line in sys.stdin:
        play = Play(**json.loads(line))
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        os.close(0)
        os.dup2(2, 1)
        _act(play)


if __name__ == "__main__":
    _main()
