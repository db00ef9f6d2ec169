"""Questions over a year, asked in the library; and how fast the index of it is made."""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from mem import search
from mem.bench import Measure, Tell, questions, year
from mem.bench.timing import milliseconds, percentile
from mem.memory import Memory, open_memory

_DAYS, _QUICK_DAYS = 365, 30
_PER_KIND, _QUICK_PER_KIND = 120, 40
_WARM_UP = 5  # questions of each kind


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:
    """The times of six kinds of questions, and the rate of a rebuild."""
    days = _QUICK_DAYS if quick else _DAYS
    built = year.build(folder, days, tell)
    how = f"{built.segments:,} segments, {built.frames:,} frames, {built.lines:,} lines on screen, one thread"
    tell("making the index")
    cpu = time.process_time()
    with open_memory(year.config(folder)) as memory:
        rate = sum(memory.index.counts().values()) / (time.process_time() - cpu)
        tell("asking")
        asked = questions.asked(_QUICK_PER_KIND if quick else _PER_KIND)
        cpu = time.process_time()
        taken = _ask(memory, asked)
        count = sum(map(len, taken.values())) + _WARM_UP * len(taken)
        busy = (time.process_time() - cpu) * 1000 / count
        first = _first(memory)
    found = [
        Measure(
            measure="index rebuild",
            value=round(rate),
            unit="texts per CPU-s",
            target=50_000,
            better="higher",
            how=f"open a memory without an index; {how}",
        )
    ]
    for kind, times in [("any question", [t for each in taken.values() for t in each]), *taken.items()]:
        for name, share, target in (("p50", 0.5, 3.0), ("p99", 0.99, 10.0)):
            value = round(percentile(times, share), 2)
            found.append(
                Measure(
                    measure=f"{kind} {name}", value=value, unit="ms", target=target, how=f"20 moments; {how}"
                )
            )
    found.append(
        Measure(
            measure="any question, CPU",
            value=round(busy, 2),
            unit="ms",
            target=None,
            how="mean CPU time, which a machine that is busy with other things changes less",
        )
    )
    found.append(
        Measure(
            measure="first question after a start",
            value=round(first, 2),
            unit="ms",
            target=None,
            how="nothing is in memory yet but the files in the cache of the system",
        )
    )
    shutil.rmtree(folder / "index", ignore_errors=True)
    return found


def _ask(memory: Memory, asked: Mapping[str, list[str]]) -> dict[str, list[float]]:
    """How long each question takes, by kind, after some of each for warmth."""

    def ask(text: str) -> search.SearchPage:
        return search.search(memory, search.Query(text=text))

    for texts in questions.asked(_WARM_UP, seed=99).values():
        milliseconds(ask, texts)
    return {kind: milliseconds(ask, texts) for kind, texts in asked.items()}


def _first(memory: Memory) -> float:
    """How long a question takes when nothing is remembered, as after a start."""
    if memory.db.remembered is not None:
        memory.db.remembered.forget_all()
    return milliseconds(lambda text: search.search(memory, search.Query(text=text)), ["invoice budget"])[0]
