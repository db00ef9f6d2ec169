"""How long a server takes to start with a year of data, until it answers its first search.

    python -m benchmarks.start [--days 365] [--times 5] [--data DIR]

Counted from the call of `mem serve`, in a process of its own, to the answer of `/api/search` over HTTP. The
year is built once (about two minutes), or taken from DIR, where an earlier run left it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from mem.bench import year
from mem.memory import open_memory
from tests import servers

TARGET = 2.0  # seconds


def quietly(text: str) -> None:
    """Tell nobody."""


def prepared(folder: Path, days: int) -> Path:
    """The year in `folder`, built where it is missing, with its index."""
    if not (folder / "mem.duckdb").exists():
        folder.mkdir(parents=True, exist_ok=True)
        year.build(folder, days, quietly)
    with open_memory(year.config(folder)):
        return folder


def started(folder: Path) -> dict[str, float]:
    """Seconds from the call of `mem serve` until each of these was answered; it is ended gently then."""
    began, at = time.monotonic(), {}
    server = servers.start(folder)
    at["server"] = time.monotonic() - began
    for name, path, asked in (
        ("search", "/api/search", {"q": "invoice"}),
        ("timeline", "/api/timeline", {"from": "2025-06-01T00:00:00Z", "to": "2025-06-02T00:00:00Z"}),
    ):
        server.get(path, **asked).raise_for_status()
        at[name] = time.monotonic() - began
    server.process.terminate()
    server.process.wait()
    return at


def main() -> int:
    """Print the median of each; exit status 1 when the search came too late."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a server has its modules compiled since its first start
    with tempfile.TemporaryDirectory(prefix="mem-start-") as place:
        folder = prepared((given.data or Path(place) / "data").absolute(), given.days)
        looks = [started(folder) for _ in range(given.times)]
        size = (folder / "mem.duckdb").stat().st_size
    found = {name: round(sorted(look[name] for look in looks)[len(looks) // 2], 3) for name in looks[0]}
    slowest = round(max(look["search"] for look in looks), 3)
    met = found["search"] < TARGET
    facts = {"database bytes": size, "processors": len(os.sched_getaffinity(0)), "slowest search": slowest}
    print(json.dumps({"seconds until": found, "target": TARGET, "met": met, **facts}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
