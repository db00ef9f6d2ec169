"""One worker's hold on one job while it works on it."""

import threading
import time

from mem import types
from mem.errors import DatabaseFailed, TooBusy
from mem.memory import Memory
from mem.store import jobs
from mem.store.database import Writer
from mem.types import Job, Place, Stage

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

    @property
    def ending(self) -> bool:
        """Whether this worker is stopping."""
        return self._stop.is_set()

    def stopped(self) -> bool:
        """Whether the work should end now: cancelled, or this worker is stopping.

        Renews the lease when a third of it has passed. Raises StaleFence when the job was taken over.
        """
        moment = time.monotonic()
        self._memory.pulse.beat()
        if moment - self._looked > _LOOK_SECONDS:
            self._looked = moment
            try:
                self._look(moment)
            except (DatabaseFailed, TooBusy):
                if not self._waits(moment):
                    raise
        return self._cancelled or self._stop.is_set()

    def _look(self, moment: float) -> None:
        seconds = self._memory.config.jobs.lease_seconds
        if moment - self._renewed > seconds / 3:
            with self._memory.db.write() as w:
                self._see(jobs.heartbeat(w, self.job, lease_seconds=seconds, now=types.now()))
            self._renewed = moment
        else:
            self._see(jobs.get(self._memory.db, self.job.id))

    def _waits(self, moment: float) -> bool:
        """Whether work goes on without the database: PostgreSQL comes back, and the lease still holds."""
        owned = moment - self._renewed < self._memory.config.jobs.lease_seconds
        return self._memory.db.engine == "postgres" and owned

    def check(self, w: Writer) -> None:
        """Raise StaleFence inside the transaction `w` unless the job is still this worker's."""
        jobs.check_fence(w, self.job)

    def enter(self, stage: Stage, begin: float, end: float, share: float = 0.0) -> None:
        """Begin a stage that is the part from `begin` to `end` (0 to 1) of the whole job.

        `share` of it (0 to 1) is done.
        """
        self._stage, self._begin, self._end = stage, begin, end
        self._told = 0.0
        self.tell(share, {})

    def at(self, place: Place) -> None:
        """Note durably where in the recording the work is about to go on: a death counts there."""
        with self._memory.db.write() as w:
            jobs.progress(w, self.job, stage=None, progress=None, now=types.now(), place=place)

    def commit(
        self, w: Writer, share: float, facts: dict[str, object], *, following: Place | None = None
    ) -> None:
        """Record, inside the transaction `w` that stores a stretch, how much of the stage is done.

        `following` is where the work goes on, and what came before counts no longer.
        """
        self.advanced = True
        self._progress(w, share, facts, following)

    def tell(self, share: float, facts: dict[str, object]) -> None:
        """Report how much of the stage is done (0 to 1), at most about once a second."""
        moment = time.monotonic()
        if moment - self._told < _TELL_SECONDS:
            return
        self._told = moment
        try:
            with self._memory.db.write() as w:
                self._progress(w, share, facts)
        except (DatabaseFailed, TooBusy):
            if not self._waits(moment):
                raise
        self._memory.bell.ring()

    def _progress(
        self, w: Writer, share: float, facts: dict[str, object], following: Place | None = None
    ) -> None:
        done = min(1.0, max(0.0, self._begin + (self._end - self._begin) * share))
        jobs.progress(
            w,
            self.job,
            stage=self._stage,
            progress=done,
            now=types.now(),
            data=facts,
            place=following,
            committed=following is not None,
        )

    def _see(self, job: Job) -> None:
        self._cancelled = job.cancel_requested
