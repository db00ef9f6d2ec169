"""A long recording whose parts several workers look at: what its own job does about that.

It makes a job for each part, rests, and joins what the parts made, in their order, whenever one has ended.
How a recording is cut depends on its stated length and the setting alone; the last part has no end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mem import failpoints, types
from mem.capture import apart, joining
from mem.capture.apart import Apart
from mem.capture.lease import Lease
from mem.capture.progress import Seen
from mem.capture.shelf import Part
from mem.errors import PartFailed, Poison
from mem.memory import Memory
from mem.store import checkpoints, jobs
from mem.store import parts as stored
from mem.types import ENDED_JOB_STATES, Job, Source

_MOST = 1000  # parts of one recording


@dataclass(frozen=True, slots=True)
class Resting:
    """The job waits for parts of its recording, of which it knows that so many have ended."""

    ended: int


def cut(duration_ms: int, part_ms: int, stretch_ms: int) -> list[Part]:
    """The parts of a recording that is said to last so long; one where it is not worth while.

    A part is whole stretches long; the last one is half a part or more, and open.
    """
    if not part_ms:
        return [Part(0, 0, None)]
    least = max(part_ms, -(-duration_ms // _MOST))
    length = -(-least // stretch_ms) * stretch_ms
    many = max(1, (duration_ms + length // 2) // length)
    ends = [*(number * length for number in range(1, many)), None]
    return [Part(number, number * length, end) for number, end in enumerate(ends)]


def see(memory: Memory, lease: Lease, source: Source, share: float) -> Resting | bool:
    """Go on with a recording that is looked at in parts, which is `share` of the work on it.

    Gives Resting while there is more to do than joining, True at the end, False for a recording that is
    looked at as a whole. Raises Poison or PartFailed once nothing is left but parts that failed.
    """
    checkpoint = checkpoints.get(memory.db, source.id, "see")
    if checkpoint is not None and checkpoint.finished:
        return _wait_for_idle(memory, lease, source)
    known = stored.of_source(memory.db, source.id)
    if known and known[0].parent != lease.job.id:
        with memory.db.write() as w:
            lease.check(w)
            stored.adopt(w, lease.job, source.id, types.now())
        known = stored.of_source(memory.db, source.id)
    if not known:
        return checkpoint is None and _begin(memory, lease, source, share)
    return _join(memory, lease, source, known, Seen.of(checkpoint).joined)


def part_of(job: Job) -> Part:
    """The part that a job is about."""
    number, begin, end = (job.params[name] for name in ("part", "begin_ms", "end_ms"))
    return Part(int(str(number)), int(str(begin)), None if end is None else int(str(end)))


def _begin(memory: Memory, lease: Lease, source: Source, share: float) -> Resting | bool:
    capture, duration = memory.config.capture, source.media.duration_ms if source.media else None
    parts = cut(duration or 0, capture.part_seconds * 1000, capture.stretch_seconds * 1000)
    if len(parts) == 1 or not duration:
        return False
    wanted = [
        {
            "name": f"{source.name}, part {part.number + 1} of {len(parts)}",
            "part": part.number,
            "of": len(parts),
            "begin_ms": part.begin_ms,
            "end_ms": part.end_ms,
            "share": round(share * ((part.end_ms or duration) - part.begin_ms) / duration, 6),
        }
        for part in parts
    ]
    lease.enter("see", 0.0, share)
    with memory.db.write() as w:
        lease.check(w)
        stored.add(w, lease.job, wanted, types.now())
    failpoints.reach("parts.queued")
    memory.bell.ring()
    return Resting(0)


def _join(memory: Memory, lease: Lease, source: Source, known: Sequence[Job], joined: int) -> Resting | bool:
    """Join the parts that are done and whose turn it is."""
    ended = sum(job.state in ENDED_JOB_STATES for job in known)
    for job in known[joined:]:
        made = Apart(memory, source, part_of(job))
        if job.state != "done":
            break
        if not made.checkpoint("see").finished:  # what it made is gone, as after a restored backup
            with memory.db.write() as w:
                lease.check(w)
                stored.again(w, lease.job.id, types.now(), done=job.id)
            return Resting(ended - 1)
        lease.stopped()
        if joining.join(memory, lease, source, made).finished:
            with memory.db.write() as w:  # what lies behind it was told of by a length that was not true
                lease.check(w)
                stored.cancel(w, lease.job.id, types.now())
            return _wait_for_idle(memory, lease, source)
    if any(job.state not in ENDED_JOB_STATES for job in known):
        return Resting(ended)
    return _give_up(lease, next(job for job in known if job.state != "done"), len(known))


def _wait_for_idle(memory: Memory, lease: Lease, source: Source) -> Resting | bool:
    """Rest until nobody works on parts that are of no use, then remove what they made."""
    known = stored.of_job(memory.db, lease.job.id)
    ended = sum(job.state in ENDED_JOB_STATES for job in known)
    if ended < len(known):
        return Resting(ended)
    apart.drop(memory, source)
    return bool(known)


def _give_up(lease: Lease, failed: Job, of: int) -> bool:
    """End the recording's job for the reason for which the first of its parts did."""
    if failed.place is not None:
        lease.at(failed.place)
    if failed.error_code == Poison.code:
        raise jobs.poison(failed, failed.deaths)
    part = part_of(failed)
    where = types.between(part.begin_ms, part.end_ms) if part.end_ms else "the last one"
    why = f"{failed.error_code}, {failed.error_detail}" if failed.error_code else f"it was {failed.state}"
    raise PartFailed(f"Part {part.number + 1} of {of} ({where}) failed: {why}")
