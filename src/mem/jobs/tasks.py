"""What a worker does for each kind of job."""

from collections.abc import Callable, Mapping

from mem.capture import rerun, screen
from mem.capture import run as capture
from mem.capture.lease import Lease
from mem.capture.run import Outcome
from mem.memory import Memory
from mem.types import JobKind

# A task gives how it ended, or raises a MemError; Stopped when it was told to end early.
TASKS: Mapping[JobKind, Callable[[Memory, Lease], Outcome]] = {
    "capture": capture.run,
    "rerun": rerun.run_again,
    "screen": screen.run,
}


def run(memory: Memory, lease: Lease) -> Outcome:
    """Do the work of the lease's job."""
    return TASKS[lease.job.kind](memory, lease)
