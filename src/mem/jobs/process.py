"""A process that does nothing but work on jobs: `mem worker`."""

import logging
import signal
import threading
from collections.abc import Sequence
from types import FrameType

from mem import types
from mem.config import Config
from mem.errors import BadConfig
from mem.jobs import worker
from mem.jobs.worker import Shift
from mem.memory import Memory, open_memory
from mem.ops import offload
from mem.types import JobKind

log = logging.getLogger(__name__)

_MOST_SKEW = 5.0  # seconds that the clock may differ from PostgreSQL's: leases are compared by it


def run(config: Config, *, threads: int, kinds: Sequence[JobKind]) -> None:
    """Work until SIGTERM or SIGINT; jobs go back to the queue at their last committed stretch.

    Raises BadConfig where rows lie in DuckDB or the clock is wrong, SchemaDiffers where another version of
    Mem made the database, at the start or later, and ExtraMissing without the libraries it needs.
    """
    if config.database.url is None:
        raise BadConfig(
            "A worker needs PostgreSQL: a DuckDB file has one owner, the server, which works on jobs itself.",
            hint="Set database.url; `mem db move --to postgresql://…` takes along what is there.",
        )
    with open_memory(config, migrating=False) as memory:
        _check_clock(memory)
        facts = {"action": "worker_started", "kinds": ",".join(kinds), "threads": threads}
        log.info("the worker works", extra=facts)
        with offload.running(memory):
            shift = (
                _woken(memory, threads, kinds)
                if config.jobs.backend == "celery"
                else _own(memory, threads, kinds)
            )
        log.info("the worker ends", extra={"action": "worker_ended"})
    if shift.ended_by is not None:
        raise shift.ended_by


def _woken(memory: Memory, threads: int, kinds: Sequence[JobKind]) -> Shift:
    from mem.jobs import celery  # an extra

    return celery.work(memory, threads=threads, kinds=kinds)


def _own(memory: Memory, threads: int, kinds: Sequence[JobKind]) -> Shift:
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        told.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with worker.running(memory, threads=threads, kinds=kinds) as shift:
            while not told.wait(0.5) and not shift.stop.is_set():
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return shift


def _check_clock(memory: Memory) -> None:
    """Raise BadConfig where this machine's clock is not PostgreSQL's: leases would end early or late."""
    skew = (types.now() - memory.db.read("postgres.clock")[0]["now"]).total_seconds()
    if abs(skew) > _MOST_SKEW:
        raise BadConfig(
            f"The clock of this machine differs from PostgreSQL's by {skew:+.0f} s.",
            hint="Let NTP set both clocks, then start the worker again.",
        )
