"""Looking at one part of a long recording, which is a job of its own."""

from mem.capture import parts, run
from mem.capture.apart import Apart
from mem.capture.lease import Lease
from mem.capture.progress import Seen
from mem.capture.run import Outcome
from mem.errors import NotFound
from mem.memory import Memory
from mem.store import sources


def see(memory: Memory, lease: Lease) -> Outcome:
    """Look at the part of the lease's job. Raises a MemError; Stopped when it is to end early."""
    if lease.job.source_id is None:
        raise NotFound("The recording was deleted.")
    source = sources.get(memory.db, lease.job.source_id)
    part = parts.part_of(lease.job)
    shelf = Apart(memory, source, part)
    whole = source.media.duration_ms if source.media else None
    begin, end = part.begin_ms, part.end_ms or max(whole or 0, part.begin_ms + 1)
    whole = max(whole or 0, end)
    # Work tells how much of the recording lies before it: of the part that is the same on another scale.
    lease.enter("see", -begin / (end - begin), (whole - begin) / (end - begin), begin / whole)
    run.see(memory, lease, source, shelf)
    seen = Seen.of(shelf.checkpoint("see"))
    result = {"part": part.number + 1, "samples": seen.samples, "frames": seen.frames}
    return Outcome(state="done", partial=False, detail=None, result=result)
