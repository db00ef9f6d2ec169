"""Benchmarks that a user's machine can run: `mem bench NAME`.

Each builds what it needs from a fixed seed in a folder of its own, measures, and says of each number
whether it reaches its target. None needs a running server, a network or a development tool.
"""

import importlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from mem.errors import NotFound

Tell = Callable[[str], None]  # says what is going on, for whoever waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number, and what it should be."""

    measure: str
    value: float
    unit: str
    target: float | None  # None: said for information
    better: Literal["lower", "higher"] = "lower"
    how: str  # what was done to get it

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target


class Bench(Protocol):
    """What a module of this package offers as `measure`."""

    def __call__(self, quick: bool, tell: Tell, folder: Path) -> list[Measure]:
        """Measure in a folder; `quick` does the same things on less, within 50 s on 2 cores.

        The folder is empty but for links to what the data directory has of `models` and `clips`.
        """


# Each is a module of this package with a function `measure`; it is loaded when it is run.
NAMES: dict[str, str] = {
    "search": "Questions over a year of recordings, in the library, and how fast the index is made",
    "api": "Timeline, frames and search over HTTP, many clients at once, and how soon news is found",
    "speech": "Words that are lost or made up, and what an hour of speech costs, for each model here",
    "capture": "Looking at recordings, beside the least there can be and FFmpeg: time, memory, room",
    "dedup": "What is kept and dropped of footage that says what it shows, beside the rules of others",
}


def run(name: str, *, quick: bool, tell: Tell, data: Path) -> list[Measure]:
    """Run the benchmark `name` in a temporary folder that is gone afterwards; `data` is the data directory.

    Raises NotFound.
    """
    if name not in NAMES:
        raise NotFound(f"There is no benchmark {name!r}.", hint=f"There are: {', '.join(NAMES)}.")
    bench: Bench = importlib.import_module(f"mem.bench.{name}").measure
    with tempfile.TemporaryDirectory(prefix=f"mem-bench-{name}-") as folder:
        for lent in ("models", "clips"):
            if (data / lent).is_dir():
                (Path(folder) / lent).symlink_to((data / lent).resolve())
        return bench(quick, tell, Path(folder))
