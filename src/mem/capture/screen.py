"""Reading the text off the kept frames of a recording: the job `screen`.

Spans are gone through in order of time. A frame is read once, in a child, against the frame that stood
before it; a line that stands unchanged over many frames is one row. Rows and checkpoint are committed
together every few seconds, at places from which another run gives what this one would have given.
Whatever else waits to be done goes first.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from mem import folders, observe, pictures, reindex, types
from mem.capture import exclusions, gaps, masks
from mem.capture.lease import Lease
from mem.capture.lines import Standing
from mem.capture.plan import Plan, make
from mem.capture.read import MAX_LINES, MAX_TEXT, from_wire, to_wire
from mem.capture.run import Outcome
from mem.errors import DecoderCrashed, MediaError, NotFound, Stopped
from mem.media import sandbox
from mem.media.wire import Message
from mem.memory import Memory
from mem.ocr import Line, engines
from mem.ocr.engines import EngineChoice
from mem.store import checkpoints, jobs, receipts, screen, sources
from mem.store.database import Writer
from mem.types import Checkpoint, Place, Source

log = logging.getLogger(__name__)

COMMIT_SECONDS = 5.0  # of work that a kill may cost, at least
THREADS = 1  # for reading: it is never urgent
_PATIENCE = 10  # times as long: a full 8K screen is minutes of work beside others, and says nothing meanwhile
_LOOK_SECONDS = 1.0  # between looks at whether other work waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the reading carries from batch to batch."""

    engine: str
    job: int  # whose reading it is
    draft: bool  # whether it takes the place of an older one at its end
    quiet: tuple[int, int] = (0, 0)  # looks without text, and when it was last looked, offset in ms
    frames: int = 0  # that were gone through
    lines: int = 0
    faults: int = 0  # frames whose picture could not be read

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """The facts of a stored checkpoint."""
        facts: dict[str, Any] = dict(checkpoint.facts)
        return cls(**{**facts, "quiet": tuple(facts["quiet"])})


def run(memory: Memory, lease: Lease) -> Outcome:
    """Read what is not read yet. Raises NoScreenText, a MediaError, Stopped."""
    began = time.monotonic()
    if lease.job.source_id is None:
        raise NotFound("The job names no recording.")
    choice = engines.choose(memory.config.capture.screen_text)
    source = sources.get(memory.db, lease.job.source_id)
    checkpoint = _begin(memory, lease, source, choice)
    lease.enter("screen", 0.0, 1.0)
    reading = _Reading(memory, lease, source.id, choice, checkpoint)
    while (plan := reading.plan()) is not None:
        reading.carry_out(plan)
    read = reading.finish()
    _redact_told(memory, lease, source)
    folders.write_screen(memory, source.id)
    reindex.tidy(memory.db, memory.index)
    return _outcome(read, source, screen.count(memory.db, source.id), time.monotonic() - began)


def _redact_told(memory: Memory, lease: Lease, source: Source) -> None:
    """Ask for the redaction of what stood beside a text that a rule names; the worker does it next."""
    rules = exclusions.of_source(memory.config.privacy.exclude, source)
    if all(rule.text is None for rule in rules):
        return
    with memory.db.write() as w:
        lease.check(w)
        for start, end in exclusions.told(rules, screen.of_source(w, source.id)):
            asked = {"from": types.written(start), "to": types.written(end), "source": source.id}
            receipts.begin(w, kind="redaction", asked={**asked, "region": None}, by="rule", now=types.now())


def _outcome(read: Read, source: Source, lines: int, seconds: float) -> Outcome:
    result = {
        "source_id": source.id,
        "engine": read.engine,
        "frames": read.frames,
        "lines": lines,
        "wall_seconds": round(seconds, 3),
    }
    detail = f"Pictures that could not be read: {read.faults}." if read.faults else None
    partial = bool(read.faults)
    return Outcome(state="partial" if partial else "done", partial=partial, detail=detail, result=result)


def _begin(memory: Memory, lease: Lease, source: Source, choice: EngineChoice) -> Checkpoint:
    """The checkpoint to go on from; that of a new reading where there is none, or this job begins one."""
    with memory.db.write() as w:
        lease.check(w)
        stored = checkpoints.get(w, source.id, "screen")
        anew = bool(lease.job.params.get("again"))
        if stored is not None and (not anew or Read.of(stored).job == lease.job.id):
            return stored
        screen.drop_draft(w, source.id)
        read = Read(engine=choice.name, job=lease.job.id, draft=screen.count(w, source.id) > 0)
        first = _checkpoint(source.id, read, stretch=stored.stretch + 1 if stored else 0, until_ms=0)
        checkpoints.put(w, first, expected=stored.stretch if stored else None)
        return first


def _checkpoint(
    source_id: int, read: Read, *, stretch: int, until_ms: int, finished: bool = False
) -> Checkpoint:
    return Checkpoint(
        source_id=source_id,
        stage="screen",
        stretch=stretch,
        until_ms=until_ms,
        pack=None,
        pack_length=0,
        state_file=None,
        facts=asdict(read),
        finished=finished,
    )


class _Reading:
    """How far a reading is, and what it has not stored yet."""

    def __init__(
        self, memory: Memory, lease: Lease, source_id: int, choice: EngineChoice, checkpoint: Checkpoint
    ) -> None:
        self._memory, self._lease, self._source_id, self._choice = memory, lease, source_id, choice
        self._checkpoint = checkpoint
        self._read = Read.of(checkpoint)
        self._standing = self._restored()
        self._faulty: set[int] = set()  # frames that could not be read, of spans to come
        self._looked = self._committed = time.monotonic()

    def plan(self) -> Plan | None:
        """What to do next; None at the end."""
        if self._lease.stopped():
            raise Stopped
        with self._memory.db.write() as w:  # so that no span moves while they are read
            self._lease.check(w)
            return make(w, self._source_id, self._checkpoint.until_ms, draft=self._read.draft)

    def carry_out(self, plan: Plan) -> None:
        """Read the frames of a plan that are not read yet, and store what stands on all of them."""
        at = self._checkpoint
        place = Place("screen", at.stretch, at.until_ms, plan.spans[-1].end_ms)
        self._lease.at(place)
        lines = dict(plan.known)
        if plan.steps and gaps.wanted(self._lease, place):  # it was killed there, and a person said to go on
            self._unread(plan.steps[0].frame, lines)
            self._advance(plan, lines)
        else:
            with _images(self._memory, plan) as (file, images):
                self._ask(plan, lines, file, images)
        self._advance(plan, lines)
        self._commit()

    def _unread(self, frame: int, lines: dict[int, list[Line]]) -> None:
        """Take a frame as one without text, and remember that this is not known."""
        lines[frame] = []
        self._faulty.add(frame)

    def _ask(
        self, plan: Plan, lines: dict[int, list[Line]], file: Path, images: dict[int, tuple[int, int]]
    ) -> None:
        """Let a child read, and take in what it says."""
        for step in plan.steps:
            if step.frame not in images:
                self._unread(step.frame, lines)
        steps = [step for step in plan.steps if step.frame in images]
        if not steps:
            return
        media = self._memory.config.media
        request = {
            "engine": self._choice.name,
            "program": self._choice.program,
            "threads": THREADS,
            "images": [[frame, *place] for frame, place in images.items()],
            "steps": [
                [step.frame, step.before if step.before in images else None, step.offset_ms] for step in steps
            ],
            "known": [[frame, [to_wire(line) for line in lines[frame]]] for frame in lines],
            "quiet": list(self._read.quiet),
            "last": plan.last,
        }
        limits = sandbox.Limits(
            memory=media.child_memory,
            stall_seconds=media.stall_seconds * _PATIENCE,
            wall_seconds=None,
            threads=THREADS,
            niceness=self._memory.config.jobs.niceness,
        )
        idle = media.idle_seconds if self._choice.name == "rapidocr" else 0  # a program has nothing to load
        try:
            with self._memory.reader.run(
                "read",
                file,
                request,
                limits=limits,
                cancelled=self._stopped,
                reads=engines.files(self._choice),
                idle=idle,
            ) as messages:
                for message in messages:
                    self._take(plan, lines, message)
        except (Stopped, MediaError):
            self._commit()  # so that the next try begins where this one came to
            raise

    def _take(self, plan: Plan, lines: dict[int, list[Line]], message: Message) -> None:
        if message.kind != "frame":
            return
        facts = message.fields
        told = [self._masked(_line(values)) for values in facts["lines"][: MAX_LINES + 1]]
        if len(told) > MAX_LINES:
            raise DecoderCrashed("The process that reads the screen sent more lines than can be.")
        lines[int(facts["frame"])] = told
        if facts["fault"]:
            self._faulty.add(int(facts["frame"]))
        if facts["settled"]:
            looks, looked_ms = facts["quiet"]
            self._read = replace(self._read, quiet=(int(looks), int(looked_ms)))
            self._advance(plan, lines)
            if time.monotonic() - self._committed > COMMIT_SECONDS:
                self._commit()

    def _masked(self, line: Line) -> Line:
        return replace(line, text=masks.text(line.text, self._memory.config.privacy.mask))

    def _advance(self, plan: Plan, lines: dict[int, list[Line]]) -> None:
        """Go through the spans whose frames are known, up to the first one that is not."""
        for span in plan.spans:
            if span.start_ms < self._standing.until_ms:
                continue
            if span.frame_id not in lines:
                return
            self._standing.show(span, lines[span.frame_id])
            if span.frame_id in self._faulty:
                self._faulty.remove(span.frame_id)
                self._read = replace(self._read, faults=self._read.faults + 1)

    def _commit(self) -> None:
        """Store what stands by now, and how far that is."""
        standing = self._standing
        self._committed = time.monotonic()
        if standing.until_ms == self._checkpoint.until_ms:
            return
        read = replace(
            self._read,
            frames=self._read.frames + standing.spans,
            lines=self._read.lines + len(standing.new()),
        )
        following = _checkpoint(
            self._source_id, read, stretch=self._checkpoint.stretch + 1, until_ms=standing.until_ms
        )
        with self._memory.db.write() as w:
            self._lease.check(w)
            source = sources.get(w, self._source_id)
            self._store(w, source)
            checkpoints.put(w, following, expected=self._checkpoint.stretch)
            place = Place("screen", following.stretch, following.until_ms, following.until_ms)
            share = _share(source, standing.until_ms)
            self._lease.commit(w, share, {"frames": read.frames, "lines": read.lines}, following=place)
        observe.SCREEN_FRAMES.inc(standing.spans)
        standing.stored()
        self._checkpoint, self._read = following, read
        self._memory.bell.ring()

    def _store(self, w: Writer, source: Source) -> None:
        new, draft = self._standing.new(), self._read.draft
        rows = [one.row(source.started_at, self._choice.name) for one in new]
        for one, number in zip(new, screen.add_many(w, source.id, rows, draft=draft), strict=True):
            one.id = number
        ends = {number: types.after(source.started_at, end_ms) for number, end_ms in self._standing.ends()}
        screen.extend(w, ends, draft=draft)

    def finish(self) -> Read:
        """Note that all is read, and let a new reading take the place of the older one."""
        with self._memory.db.write() as w:
            self._lease.check(w)
            if self._read.draft:
                screen.publish(w, self._source_id)
            self._read = replace(self._read, draft=False)
            at = self._checkpoint
            last = _checkpoint(
                self._source_id, self._read, stretch=at.stretch + 1, until_ms=at.until_ms, finished=True
            )
            checkpoints.put(w, last, expected=at.stretch)
        return self._read

    def _restored(self) -> Standing:
        """The lines that stand where an earlier run stopped."""
        until_ms = self._checkpoint.until_ms
        if not until_ms:
            return Standing(0, [])
        with self._memory.db.write() as w:
            source = sources.get(w, self._source_id)
            moment = types.after(source.started_at, until_ms - 1)
            rows = screen.standing(w, source.id, moment, draft=self._read.draft)
        return Standing.of(until_ms, source.started_at, rows)

    def _stopped(self) -> bool:
        """Whether to end now: told to, or something else waits. Raises StaleFence."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._looked = time.monotonic()
            if jobs.others_wait(self._memory.db, self._lease.job, types.now()):
                with self._memory.db.write() as w:
                    jobs.step_back(w, self._lease.job, types.now())
                log.info("reading the screen waits", extra={"action": "screen_waits"})
                return True
        return self._lease.stopped()


def _share(source: Source, until_ms: int) -> float:
    whole = source.media.duration_ms if source.media else None
    return min(1.0, until_ms / whole) if whole else 0.0


def _line(values: Any) -> Line:
    """A line from a child's message. Raises DecoderCrashed when it cannot be one."""
    try:
        line = from_wire(values)
    except (TypeError, ValueError) as error:
        raise DecoderCrashed(f"The process that reads the screen sent no line: {error}.") from None
    box = line.box
    sound = 0 <= line.confidence <= 1 and 0 < len(line.text) <= MAX_TEXT
    if not sound or min(box.x, box.y) < 0 or not (0 < box.width < 2**20 and 0 < box.height < 2**20):
        raise DecoderCrashed("The process that reads the screen sent a line that cannot be.")
    return line


@contextlib.contextmanager
def _images(memory: Memory, plan: Plan) -> Iterator[tuple[Path, dict[int, tuple[int, int]]]]:
    """A file with the images that a child needs, and where in it each begins and how long it is.

    Images that are gone are left out.
    """
    file = memory.folder / "tmp" / f"screen-{os.getpid()}-{time.monotonic_ns()}"
    places: dict[int, tuple[int, int]] = {}
    try:
        with file.open("wb") as out:
            out.write(b"\0")  # a file without a byte is not read
            for frame in plan.pictures:
                folders.guard_space(memory, frame.length)
                with contextlib.suppress(NotFound):
                    data, _ = pictures.read(memory, frame, None)
                    places[frame.id] = (out.tell(), len(data))
                    out.write(data)
        yield file, places
    finally:
        file.unlink(missing_ok=True)
