"""What a worker does for each kind of job."""

from collections.abc import Callable, Mapping

from mem.capture import part, rerun, screen
from mem.capture import run as capture
from mem.capture.lease import Lease
from mem.capture.parts import Resting
from mem.capture.run import Outcome
from mem.memory import Memory
from mem.types import JobKind


def _capture(memory: Memory, lease: Lease) -> Outcome | Resting:
    return capture.run(memory, lease) if lease.job.parent is None else part.see(memory, lease)


# A task gives how it ended, or that it waits, or raises a MemError; Stopped when it was told to end early.
TASKS: Mapping[JobKind, Callable[[Memory, Lease], Outcome | Resting]] = {
    "capture": _capture,
    "rerun": rerun.run_again,
    "screen": screen.run,
}


def run(memory: Memory, lease: Lease) -> Outcome | Resting:
    """Do the work of the lease's job."""
    return TASKS[lease.job.kind](memory, lease)
