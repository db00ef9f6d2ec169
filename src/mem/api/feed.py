"""Job events as they happen, for any number of listeners at the price of one look at the table.

A thread looks for new events when the memory's bell rings, and every 0.3 s for what other processes
do, but only while someone listens. A listener reads its own events, from where it stopped.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator

from mem.errors import DatabaseFailed, TooBusy
from mem.memory import Memory
from mem.store import jobs
from mem.store.database import Reader
from mem.types import ENDED_JOB_STATES, JobEvent

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3
_REST_SECONDS = 0.05  # between two looks, however often the bell rings
_AWAY_SECONDS = 1.0  # between looks for a PostgreSQL that does not answer
_BATCH = 200  # events in one read
_MAX_LISTENERS = 64


class Feed:
    """Wakes those who wait for job events. Open it on the event loop that its listeners run on."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._latest = 0
        self._listeners = 0
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="job-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every stream; may be called from any thread, and more than once."""
        self._closed.set()
        self._wanted.set()
        self._memory.bell.ring()
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it every listener
            self._loop.call_soon_threadsafe(self._wake)

    def join(self) -> None:
        """Wait for the end of the thread, after `close`."""
        self._thread.join()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Be one of the listeners. Raises TooBusy when there are too many."""
        if self._listeners >= _MAX_LISTENERS:
            raise TooBusy(f"{_MAX_LISTENERS} listeners follow jobs already.")
        self._listeners += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and not self._closed.is_set():
                self._wanted.clear()

    async def of_job(self, db: Reader, job_id: int, after: int) -> AsyncIterator[JobEvent]:
        """The events of one job with higher ids than `after`, up to its end, as far as `db` shows them."""
        async for event in self._events(db, job_id, after):
            yield event

    async def of_all(self, db: Reader, after: int) -> AsyncIterator[JobEvent]:
        """The events of all jobs in `db` with higher ids than `after`."""
        async for event in self._events(db, None, after):
            yield event

    async def _events(self, db: Reader, job_id: int | None, after: int) -> AsyncIterator[JobEvent]:
        while not self._closed.is_set():
            news = self._news  # taken before reading: what comes after the read sets this one
            try:
                found, ended = await asyncio.to_thread(self._read, db, job_id, after)
            except (DatabaseFailed, TooBusy):
                if self._memory.db.engine == "duckdb":
                    raise
                await asyncio.sleep(_AWAY_SECONDS)  # PostgreSQL comes back, and nothing is missed
                continue
            for event in found:
                after = event.id
                yield event
            if ended:
                return
            if not found:
                await news.wait()

    def _read(self, db: Reader, job_id: int | None, after: int) -> tuple[list[JobEvent], bool]:
        """The next events, and whether no more will come."""
        state = (
            jobs.get(db, job_id).state if job_id is not None else None
        )  # before the events: they tell the end
        found = jobs.events(db, job_id=job_id, after=after, limit=_BATCH)
        return found, state in ENDED_JOB_STATES and len(found) < _BATCH

    def _look(self) -> None:
        seen = 0
        while not self._closed.is_set():
            self._wanted.wait()
            try:
                latest = jobs.latest_event(self._memory.db)
            except (DatabaseFailed, TooBusy) as error:
                if self._memory.db.engine == "postgres":
                    log.warning("jobs are told of later", extra={"action": "feed_waits", "code": error.code})
                    self._closed.wait(_AWAY_SECONDS)
                    continue
                log.exception("nobody can be told of jobs", extra={"action": "feed_ended"})
                self.close()
                return
            if latest != self._latest:
                self._latest = latest
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._wake)
            seen = self._memory.bell.wait(seen, _LOOK_SECONDS)
            self._closed.wait(_REST_SECONDS)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
