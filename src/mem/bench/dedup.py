"""What the keep rule keeps and drops, on footage that says what it shows.

The numbers of the rule were found with the seeds below 100; scored are those from 1000 on. The rules
that others use get the same looks in the same run.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from av.video.reformatter import VideoReformatter

from mem.bench import Measure, Tell, clips, footage, hashes, hostile
from mem.bench.footage import Kind, Look
from mem.bench.timing import percentile
from mem.media import thumb
from mem.media.dedup import KEPT, Keeper
from mem.media.news import RULES
from mem.media.thumb import Thumb

FIRST_SEED = 1000  # of those that are scored
_SEEDS, _QUICK_SEEDS = 3, 1  # of each kind
_LOOKS, _QUICK_LOOKS = 720, 180  # of each: an hour, a quarter of one
_LEARNED = ("stamp", "timer", "trees", "film")  # what they repeat is learned first: twice as many, when quick
_WORKERS = 2
KINDS: dict[str, Kind] = {**footage.KINDS, **hostile.KINDS}
_DROPPED = {
    "camera": 98.0, "screen": 99.5, "mouse": 99.5, "stamp": 98.0, "timer": 98.0, "trees": 90.0,
}  # percent  # fmt: skip
_FOUND = {"pale": 90.0, "colours": 95.0}  # percent; all of the others
_DECISION_MS = 1.5  # with the thumb
_ROUNDS = 10


class Decider(Protocol):
    """A rule and what it remembers."""

    def decide(self, seen: Thumb) -> tuple[int, bool]:
        """The number of the kept picture that stands for `seen`, and whether that is `seen` itself."""


@dataclass(slots=True)
class Score:
    """How a rule did."""

    looks: int = 0
    kept: int = 0
    changes: int = 0  # looks that show something else than the one before, and than those kept lately
    missed: int = 0  # of them, those for which a picture stands that shows something else
    redundant: int = 0  # looks of which a picture was kept lately
    dropped: int = 0  # of them
    seconds: float = 0.0  # of the deciding, CPU
    wrong: list[tuple[int, int, str]] = field(default_factory=list)  # seed, look, what went wrong

    @property
    def dropped_share(self) -> float:
        """Percent of the redundant looks that were dropped."""
        return 100 * self.dropped / max(1, self.redundant)

    @property
    def found_share(self) -> float:
        """Percent of the changes that were kept."""
        return 100 * (1 - self.missed / max(1, self.changes))

    def add(self, other: "Score") -> None:
        """Count another one's looks as well."""
        for name in ("looks", "kept", "changes", "missed", "redundant", "dropped", "seconds", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def measure(quick: bool, tell: Tell, folder: Path) -> list[Measure]:  # noqa: ARG001 - needs no folder
    """What is dropped and missed of each kind of footage, what a decision takes, and what others miss."""
    seeds = range(FIRST_SEED, FIRST_SEED + (_QUICK_SEEDS if quick else _SEEDS))
    found: list[Measure] = []
    totals: dict[str, Score] = {name: Score() for name in RIVALS}
    looks = {name: _looks(name, quick) for name in KINDS}
    for name, (score, rivals) in _scored(looks, seeds):
        tell(f"looked at {name}")
        found += _measures(name, score, f"{len(seeds)} seeds from {FIRST_SEED} on, {looks[name]} looks each")
        for rival, one in rivals.items():
            totals[rival].add(one)
    for rival, total in totals.items():
        found += _rival(rival, total)
    return [*found, *_decisions(seeds[0], tell)]


def _looks(name: str, quick: bool) -> int:
    return (_QUICK_LOOKS * (2 if name in _LEARNED else 1)) if quick else _LOOKS


def _scored(looks: dict[str, int], seeds: range) -> Iterator[tuple[str, tuple[Score, dict[str, Score]]]]:
    """How the rule and the others did on so many looks of each kind, on as many cores as there are."""
    workers = min(_WORKERS, len(os.sched_getaffinity(0)))
    if workers == 1:
        yield from ((name, score(name, count, seeds)) for name, count in looks.items())
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        asked = {name: pool.submit(score, name, count, seeds) for name, count in looks.items()}
        yield from ((name, one.result()) for name, one in asked.items())


def score(name: str, looks: int, seeds: range) -> tuple[Score, dict[str, Score]]:
    """How the rule did on so many looks of a kind from each seed, and how each of the others did."""
    ours, rivals = Score(), {rival: Score() for rival in RIVALS}
    for seed in seeds:
        seen = list(KINDS[name](seed, looks))
        rate(Keeper(RULES["normal"]), seen, ours, seed)
        for rival, total in rivals.items():
            rate(RIVALS[rival](), seen, total, seed)
    return ours, rivals


RIVALS: dict[str, Callable[[], Decider]] = {
    "dHash 64, 2 bits": lambda: hashes.Hashing(hashes.difference, 2),
    "dHash 64, 6 bits": lambda: hashes.Hashing(hashes.difference, 6),
    "pHash 64, 2 bits": lambda: hashes.Hashing(hashes.cosine, 2),
    "pHash 64, 6 bits": lambda: hashes.Hashing(hashes.cosine, 6),
    "FFmpeg fps (keeps all)": hashes.Everything,
}


def rate(rule: Decider, looks: list[Look], score: Score, seed: int) -> None:
    """Let a rule decide about the looks, and add to its score."""
    kept: dict[int, Hashable] = {}
    lately: list[int] = []  # ordinals of the kept pictures, the one shown last at the end
    before: Hashable = None
    for number, look in enumerate(looks):
        known = {kept[ordinal] for ordinal in lately}
        begin = time.process_time()
        ordinal, new = rule.decide(look.thumb)
        score.seconds += time.process_time() - begin
        if new:
            kept[ordinal] = look.shows
        redundant, stands = look.shows in known, kept[ordinal] == look.shows
        score.looks, score.kept = score.looks + 1, score.kept + new
        score.redundant, score.dropped = score.redundant + redundant, score.dropped + (redundant and not new)
        changed = number == 0 or look.shows != before
        score.changes, score.missed = score.changes + changed, score.missed + (changed and not stands)
        if (changed and not stands) or (redundant and new):
            score.wrong.append((seed, number, "kept" if new else "missed"))
        before = look.shows
        lately = [*(one for one in lately if one != ordinal), ordinal][-KEPT:]


def _measures(name: str, score: Score, how: str) -> Iterator[Measure]:
    doc = (KINDS[name].__doc__ or "").split("\n")[0].rstrip(".")
    how = f"{doc}; {score.changes} changes, {score.kept} of {score.looks} kept; {how}"
    if name in _FOUND:
        found = round(score.found_share, 2)
        yield Measure(
            measure=f"{name}: found", value=found, unit="%", target=_FOUND[name], better="higher", how=how
        )
    else:
        yield Measure(measure=f"{name}: missed", value=score.missed, unit="changes", target=0, how=how)
    dropped = round(score.dropped_share, 2)
    target = _DROPPED.get(name)
    yield Measure(
        measure=f"{name}: dropped", value=dropped, unit="%", target=target, better="higher", how=how
    )


def _rival(name: str, total: Score) -> Iterator[Measure]:
    how = f"all kinds, {total.changes} changes, {total.kept} of {total.looks} kept"
    missed, dropped = round(100 - total.found_share, 2), round(total.dropped_share, 2)
    yield Measure(measure=f"{name}: missed", value=missed, unit="%", target=None, how=how)
    yield Measure(measure=f"{name}: dropped", value=dropped, unit="%", target=None, better="higher", how=how)


def _decisions(seed: int, tell: Tell) -> Iterator[Measure]:
    """What a decision about a decoded 1080p picture takes, its thumb included."""
    tell("timing decisions")
    alike = [*clips.camera(8, seed)]
    others = [next(clips.camera(1, seed + number)) for number in range(1, 2 * KEPT + 1)]
    for name, frames in (("nothing new", alike), ("each one new, beside 8 kept", others)):
        keeper, reformatter, taken = Keeper(RULES["normal"]), VideoReformatter(), []
        for frame in frames[:KEPT] * 2:  # for warmth, and until 8 are kept
            keeper.decide(thumb.of(frame, reformatter))
        for frame in (frames[KEPT:] + frames[:KEPT]) * _ROUNDS:
            begin = time.process_time()
            keeper.decide(thumb.of(frame, reformatter))
            taken.append((time.process_time() - begin) * 1000)
        how = f"CPU, median of {len(taken)}, thumb of 1080p included"
        value = round(percentile(taken, 0.5), 2)
        yield Measure(measure=f"decision: {name}", value=value, unit="ms", target=_DECISION_MS, how=how)
