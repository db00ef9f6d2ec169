"""Keeping within bounds: what is too old, or too much, goes; pins stay.

By age: originals, frames (thinned to the first of each minute, or all), or everything of a source once
all of it is older. By bytes: the oldest originals first, then thinning, then frames, as far as the rule
goes; text is never let go of for its bytes. Frames that are thinned out leave their time to the frame
before, so that no instant loses its picture.

Only what rows name goes, and only where the folder is that of the row: without a database, or with
another one, nothing does. A source that a job works on is left for the next day.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from mem import folders, kept, types
from mem.config.sections import RetentionRule
from mem.errors import Conflict, DiskFull, NotFound
from mem.memory import Memory
from mem.ops import clearing, delete, repack
from mem.store import forgetting, receipts, sources
from mem.types import Receipt, Source

What = Literal["everything", "originals", "frames", "thin"]
_ORDER: tuple[What, ...] = ("everything", "originals", "frames", "thin")  # the stronger first
_DAY = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that goes: a source, its original, or frames of one of its packs taken before an instant."""

    what: What
    source_id: int
    pack: str | None = None
    before: datetime | None = None
    frames: int = 0
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What goes of one class."""

    sources: int
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What retention would remove now."""

    steps: tuple[Step, ...]
    notes: int  # about the time itself, which go with `everything`
    notes_before: datetime | None
    over_bytes: int  # that cannot go though they are beyond a limit: pinned, or worked on
    skipped: tuple[int, ...]  # sources whose folder does not say that it is theirs

    @property
    def bytes(self) -> int:
        """Bytes of files that would be given back."""
        return sum(step.bytes for step in self.steps)

    def sums(self) -> dict[What, Sum]:
        """By class, those that nothing goes of left out."""
        return {what: _sum(self.steps, what) for what in _ORDER if any(s.what == what for s in self.steps)}


def rules(memory: Memory) -> tuple[RetentionRule, ...]:
    """All rules: the short forms of the configuration first."""
    storage = memory.config.storage
    short = []
    if storage.retention_days is not None:
        short.append(RetentionRule(what="everything", days=storage.retention_days))
    if storage.max_bytes is not None:
        short.append(RetentionRule(what="frames", max_bytes=storage.max_bytes))
    return (*short, *storage.retention)


def plan(memory: Memory, now: datetime | None = None) -> Plan:
    """What the rules let go of at `now`."""
    planner = _Planner(memory, now or types.now())
    given = rules(memory)
    for what in _ORDER:
        for rule in given:
            if rule.what == what and rule.days is not None:
                planner.by_age(rule, rule.days)
    for rule in given:
        if rule.max_bytes is not None:
            planner.by_bytes(rule, rule.max_bytes)
    return planner.plan()


def begin(memory: Memory, *, by: str) -> Receipt:
    """Note that a run begins; `go_on` does it."""
    asked = {"rules": [rule.model_dump(exclude_none=True) for rule in rules(memory)]}
    with memory.db.write() as w:
        return receipts.begin(w, kind="retention", asked=asked, by=by, now=types.now())


def go_on(memory: Memory, begun: Receipt, now: datetime | None = None) -> Receipt:
    """Remove what the rules let go of; what cannot go now is left for the next run."""
    with clearing.turn(memory):
        found = plan(memory, now)
        for source_id, steps in _by_source(found.steps):
            try:
                _remove(memory, begun.id, source_id, steps)
            except (Conflict, DiskFull, NotFound) as error:
                facts = {"action": "retention_waits", "source": source_id, "detail": error.detail}
                log.warning("retention leaves a source for the next run", extra=facts)
        if found.notes_before is not None:
            with memory.db.write() as w:
                notes = forgetting.delete_old_notes(w, found.notes_before)
                receipts.add(w, begun.id, {"notes": notes})
            folders.write_loose_notes(memory)
        return delete.conclude(memory, begun.id)


def daily(memory: Memory) -> Receipt | None:
    """Run it when there are rules and the last run began a day ago or more."""
    if not rules(memory):
        return None
    last = receipts.latest(memory.db, "retention")
    if last is not None and types.now() - last.begun_at < _DAY:
        return None
    return go_on(memory, begin(memory, by="retention"))


@dataclass
class _Planner:
    """The steps that were chosen so far."""

    memory: Memory
    now: datetime
    whole: dict[int, Step] = field(default_factory=dict)
    originals: dict[int, Step] = field(default_factory=dict)
    packs: dict[tuple[int, str], Step] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    notes_before: datetime | None = None
    over: int = 0

    def __post_init__(self) -> None:
        self._pinned = forgetting.pinned(self.memory.db)
        self._own: dict[int, bool] = {}

    def plan(self) -> Plan:
        """All steps, in the order in which they are done."""
        before = self.notes_before
        return Plan(
            steps=(*self.whole.values(), *self.originals.values(), *self.packs.values()),
            notes=0 if before is None else len(forgetting.old_notes(self.memory.db, before)),
            notes_before=before,
            over_bytes=max(0, self.over),
            skipped=tuple(sorted(self.skipped)),
        )

    def by_age(self, rule: RetentionRule, days: int) -> None:
        """Choose what is older than so many days."""
        cutoff = self.now - timedelta(days=days)
        found = self._settled(rule, cutoff)
        if rule.what in ("frames", "thin"):
            self._packs(found, cutoff, thin=rule.what == "thin")
            return
        old = [each for each in found.values() if each.ended_at is not None and each.ended_at <= cutoff]
        for source in old:
            if rule.what == "originals":
                self._original(source)
            elif source.id not in self._pinned:
                size = kept.folder_bytes(folders.of(self.memory, source))
                self.whole[source.id] = Step(what="everything", source_id=source.id, bytes=size)
        unscoped = rule.source is None and rule.location is None and rule.device is None
        if rule.what == "everything" and unscoped:
            self.notes_before = max(cutoff, self.notes_before or cutoff)

    def by_bytes(self, rule: RetentionRule, most: int) -> None:
        """Choose the oldest until no more than so many bytes are left."""
        over = self._used(rule) - most
        found = self._settled(rule, None)
        for source in found.values():
            if over <= 0:
                return
            over -= self._original(source)
        for thin in (True, False) if rule.what == "frames" else (True,) if rule.what == "thin" else ():
            if over > 0:
                over -= self._packs(found, None, thin=thin, most=over)
        self.over += max(0, over)

    def _used(self, rule: RetentionRule) -> int:
        """Bytes of the rule's class in its scope, less what was chosen already."""
        db, packed = self.memory.db, forgetting.pack_bytes(self.memory.db)
        scope = {"source_id": rule.source, "location": rule.location, "device": rule.device}
        kept = forgetting.kept_originals(db, **scope)  # type: ignore[arg-type]
        used = 0
        for source_id, size in kept.items():
            if source_id in self.whole:
                continue
            used += 0 if source_id in self.originals else size
            used += 0 if rule.what == "originals" else packed.get(source_id, 0)
        if rule.what != "originals":
            used -= sum(step.bytes for (source_id, _), step in self.packs.items() if source_id in kept)
        return used

    def _settled(self, rule: RetentionRule, before: datetime | None) -> dict[int, Source]:
        found = forgetting.settled(
            self.memory.db,
            before=before,
            source_id=rule.source,
            location=rule.location,
            device=rule.device,
        )
        return {each.id: each for each in found if each.id not in self.whole and self._is_own(each)}

    def _is_own(self, source: Source) -> bool:
        if source.id not in self._own:
            self._own[source.id] = clearing.is_own(self.memory, source) is True
            if not self._own[source.id] and folders.of(self.memory, source).is_dir():
                self.skipped.add(source.id)
        return self._own[source.id]

    def _original(self, source: Source) -> int:
        """Choose a kept recording; gives its bytes, 0 where there is none to let go of."""
        if source.original is None or source.id in self._pinned or source.id in self.originals:
            return 0
        size = kept.size(folders.of(self.memory, source) / source.original)
        if size is None:
            return 0
        self.originals[source.id] = Step(what="originals", source_id=source.id, bytes=size)
        return size

    def _packs(
        self, found: Mapping[int, Source], before: datetime | None, *, thin: bool, most: int | None = None
    ) -> int:
        """Choose frames by pack, the oldest first, until `most` bytes are found; gives how many were."""
        chosen = 0
        for each in forgetting.removable(self.memory.db, before, thin=thin):
            key = each.source_id, each.pack
            known = self.packs.get(key)
            if each.source_id not in found or (known is not None and (thin or known.what == "frames")):
                continue
            if most is not None and chosen >= most:
                break
            self.packs[key] = Step(
                what="thin" if thin else "frames",
                source_id=each.source_id,
                pack=each.pack,
                before=before,
                frames=each.frames,
                bytes=each.bytes,
            )
            chosen += each.bytes - (known.bytes if known is not None else 0)
        return chosen


def _by_source(steps: Iterable[Step]) -> Iterator[tuple[int, list[Step]]]:
    grouped: dict[int, list[Step]] = {}
    for step in steps:
        grouped.setdefault(step.source_id, []).append(step)
    yield from grouped.items()


def _remove(memory: Memory, receipt_id: int, source_id: int, steps: Iterable[Step]) -> None:
    found = sources.get(memory.db, source_id)
    gone: dict[str, Mapping[int, int | None]] = {}
    for step in steps:
        if step.what == "everything":
            delete.remove(memory, receipt_id, found)
            return
        if step.what == "originals":
            _drop_original(memory, receipt_id, found)
        elif step.pack is not None:
            gone[step.pack] = _gone(memory, step, step.pack)
    if any(gone.values()):
        delete.refuse_while_working(memory.db, source_id)
        repack.source(memory, receipt_id, source_id, {pack: ids for pack, ids in gone.items() if ids})


def _drop_original(memory: Memory, receipt_id: int, found: Source) -> None:
    if found.original is None:
        return
    size = kept.size(folders.of(memory, found) / found.original) or 0
    with memory.db.write() as w:
        delete.refuse_while_working(w, found.id)
        sources.drop_original(w, found.id)
        receipts.add(w, receipt_id, {"originals": 1}, [(f"{found.folder}/{found.original}", size)])
    clearing.clear(memory, receipt_id)
    folders.write_source(memory, found.id)


def _gone(memory: Memory, step: Step, pack: str) -> dict[int, int | None]:
    """The frames that go from a pack, each with the one that is told in its place."""
    thin = step.what == "thin"
    chosen = forgetting.removable_of(memory.db, step.source_id, pack, step.before, thin=thin)
    gone: dict[int, int | None] = {}
    last: int | None = None
    for frame in forgetting.of_pack(memory.db, step.source_id, pack):
        if frame.id not in chosen:
            last = frame.id
        elif not thin or last is not None:
            gone[frame.id] = last if thin else None
    return gone


def _sum(steps: Iterable[Step], what: What) -> Sum:
    own = [step for step in steps if step.what == what]
    return Sum(
        sources=len({step.source_id for step in own}),
        frames=sum(step.frames for step in own),
        bytes=sum(step.bytes for step in own),
    )
