"""One worker's hold on one job while it works on it."""

import threading
import time

from mem import types
from mem.memory import Memory
from mem.store import jobs
from mem.store.database import Writer
from mem.types import Job, Stage

_LOOK_SECONDS = 0.5  # between looks at whether a person cancelled
_TELL_SECONDS = 1.0  # between progress reports, each of which is a write


class Lease:
    """Keeps a claimed job's lease alive and tells the work when to stop.

    The work calls `stopped` often (each half second or so); everything else follows from that.
    """

    def __init__(self, memory: Memory, job: Job, stop: threading.Event) -> None:
        self.job = job
        self._memory = memory
        self._stop = stop
        self._looked = self._told = time.monotonic()
        self._renewed = time.monotonic()
        self._cancelled = job.cancel_requested
        self._stage: str = "look"
        self._begin = self._end = 0.0
        self.advanced = False  # whether a stretch was committed under this lease

    @property
    def cancelled(self) -> bool:
        """Whether a person asked for the job to end."""
        return self._cancelled

    def stopped(self) -> bool:
        """Whether the work should end now: cancelled, or this worker is stopping.

        Renews the lease when a third of it has passed. Raises StaleFence when the job was taken over.
        """
        moment = time.monotonic()
        if moment - self._renewed > self._memory.config.jobs.lease_seconds / 3:
            self._renewed = self._looked = moment
            with self._memory.db.write() as w:
                seconds = self._memory.config.jobs.lease_seconds
                self._see(jobs.heartbeat(w, self.job, lease_seconds=seconds, now=types.now()))
        elif moment - self._looked > _LOOK_SECONDS:
            self._looked = moment
            self._see(jobs.get(self._memory.db, self.job.id))
        return self._cancelled or self._stop.is_set()

    def check(self, w: Writer) -> None:
        """Raise StaleFence inside the transaction `w` unless the job is still this worker's."""
        jobs.check_fence(w, self.job)

    def enter(self, stage: Stage, begin: float, end: float) -> None:
        """Begin a stage that is the part from `begin` to `end` (0 to 1) of the whole job."""
        self._stage, self._begin, self._end = stage, begin, end
        self._told = 0.0
        self.tell(0.0, {})

    def commit(self, w: Writer, share: float, facts: dict[str, object]) -> None:
        """Record, inside the transaction `w` that stores a stretch, how much of the stage is done."""
        self.advanced = True
        self._progress(w, share, facts)

    def tell(self, share: float, facts: dict[str, object]) -> None:
        """Report how much of the stage is done (0 to 1), at most about once a second."""
        moment = time.monotonic()
        if moment - self._told < _TELL_SECONDS:
            return
        self._told = moment
        with self._memory.db.write() as w:
            self._progress(w, share, facts)
        self._memory.bell.ring()

    def _progress(self, w: Writer, share: float, facts: dict[str, object]) -> None:
        done = self._begin + (self._end - self._begin) * share
        jobs.progress(w, self.job, stage=self._stage, progress=done, now=types.now(), data=facts)

    def _see(self, job: Job) -> None:
        self._cancelled = job.cancel_requested
