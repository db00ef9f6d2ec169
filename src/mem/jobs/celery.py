"""Workers that Celery wakes: the row in PostgreSQL is the truth, a message only says that there is work.

A message names the kind of a job and nothing else. Whoever gets it claims the job of that kind whose turn
it is, as every worker does, so one that is lost, comes late or comes twice changes nothing. Messages are
acknowledged when they come: what is done is held by the job's lease, not by the broker, whose visibility
timeout would hand a job of some hours out again. Where Redis is away, workers look into PostgreSQL.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from mem import types
from mem.config import Config
from mem.errors import DatabaseFailed, ExtraMissing, TooBusy
from mem.jobs import worker
from mem.jobs.worker import Shift
from mem.memory import Memory
from mem.store import jobs
from mem.types import JobKind

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

TASK = "mem.work"
_AGAIN_SECONDS = 10.0  # after which a job that still waits is told of once more
_REST_SECONDS = 5.0  # before Celery's worker is started again
_MOST_WOKEN = 200  # jobs told of at once, and messages that may lie in a queue
_EXPIRES_SECONDS = 60.0  # a wake-up that nobody took by then has been sent anew
_PATIENCE_SECONDS = 1.0  # with Redis
_LONGEST_JOB = 30 * 24 * 3600  # no message is unacknowledged for longer than it takes to read it

# What a broker that does not answer raises: kombu's own errors are those of redis, or of the system.
_AWAY: tuple[type[Exception], ...] = (OSError, TimeoutError)


def queue_of(kind: JobKind) -> str:
    """The queue that carries wake-ups for jobs of a kind."""
    return f"mem.{kind}"


def application(config: Config) -> "Celery":
    """Celery, as Mem uses it. Raises ExtraMissing where it is not installed."""
    try:
        from celery import Celery
    except ImportError:
        raise ExtraMissing("jobs.backend celery needs Celery and redis.") from None
    url = config.jobs.broker_url
    app = Celery("mem", broker=url, set_as_current=False, changes={})
    patience = {"socket_timeout": 30.0, "socket_connect_timeout": _PATIENCE_SECONDS}
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=False,
        task_track_started=True,
        task_default_queue=queue_of("capture"),
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=60.0,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": _LONGEST_JOB, **patience},
    )
    return app


class Bells:
    """Wakes workers, wherever they are, of the jobs that wait."""

    def __init__(self, memory: Memory, app: "Celery") -> None:
        self._memory = memory
        self._app = app
        self._told: dict[tuple[int, int], float] = {}  # job and fence -> when it was told of
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="wake-ups", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._memory.bell.ring()
        self._thread.join()

    def look(self) -> int:
        """Tell of the jobs that wait and were not told of lately; gives how many those are."""
        now = time.monotonic()
        found = jobs.waiting_now(self._memory.db, types.now(), _MOST_WOKEN)
        self._told = {key: at for key, at in self._told.items() if now - at < _AGAIN_SECONDS}
        new = [(number, kind, fence) for number, kind, fence in found if (number, fence) not in self._told]
        if not new:
            return 0
        with self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=_PATIENCE_SECONDS)
            lying = {kind: _length(connection, queue_of(kind)) for kind in {kind for _, kind, _ in new}}
            for number, kind, fence in new:
                if lying[kind] < _MOST_WOKEN:
                    lying[kind] += 1
                    self._send(connection, kind)
                self._told[number, fence] = now
        return len(new)

    def _send(self, connection: Any, kind: JobKind) -> None:
        self._app.send_task(
            TASK,
            kwargs={"kind": kind},
            queue=queue_of(kind),
            expires=_EXPIRES_SECONDS,
            connection=connection,
            ignore_result=True,
            retry=False,
        )

    def _watch(self) -> None:
        seen = 0
        while not self._stop.is_set():
            try:
                self.look()
            except (DatabaseFailed, TooBusy) as error:
                log.warning("nobody is woken", extra={"action": "not_woken", "detail": error.detail})
            except _away() as error:
                log.warning("Redis is away: workers look by themselves", extra=_facts(error))
            seen = self._memory.bell.wait(seen, self._memory.config.jobs.poll_seconds)
            self._stop.wait(0.1)  # however often the bell rings


@contextlib.contextmanager
def waking(memory: Memory) -> Iterator[None]:
    """Wake workers of what is queued until the block ends."""
    with Bells(memory, application(memory.config)):
        yield


def work(memory: Memory, *, threads: int, kinds: Iterable[JobKind] = jobs.KINDS) -> Shift:
    """Be a worker of Celery's until SIGTERM or SIGINT; gives the shift, which says why it ended.

    Must run in the main thread. While Redis does not answer, jobs are looked for in PostgreSQL.
    """
    app = application(memory.config)
    shift = Shift(memory, kinds)
    hands = _Hands(shift, threads)
    _define(app, hands)
    from celery import signals
    from celery.worker import state

    def leave(**_: object) -> None:
        shift.end()

    signals.worker_shutting_down.connect(leave)
    make = partial(
        app.Worker,
        pool="threads",
        concurrency=threads,
        queues=[queue_of(kind) for kind in shift.kinds],
        hostname=f"mem-{shift.owner(0).rsplit(':', 1)[0].replace(':', '-')}@%h",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )

    def end_with_shift() -> None:
        shift.stop.wait()
        state.should_stop = 0  # what a warm shutdown is to Celery

    threading.Thread(target=end_with_shift, name="shift-end", daemon=True).start()
    with Bells(memory, app), hands.alone(app):
        keep_up(make, shift)
    return shift


def keep_up(make: Callable[[], Any], shift: Shift) -> None:
    """Run Celery's worker until the shift ends.

    One that ends by itself, as it may when Redis goes in the middle of an answer, is followed by another.
    """
    while not shift.stop.is_set():
        make().start()
        if not shift.stop.wait(_REST_SECONDS):
            log.warning("Celery's worker ended and is started again", extra={"action": "celery_again"})
    shift.end()


class _Hands:
    """As many jobs at once as the worker may do, whoever begins them: Celery or its own look."""

    def __init__(self, shift: Shift, threads: int) -> None:
        self.shift = shift
        self._free = list(range(threads))
        self._lock = threading.Condition()

    def take(self) -> str:
        """Do the next job, if one is due; gives what it was, for those who watch Celery."""
        with self._lock:
            self._lock.wait_for(lambda: self._free or self.shift.stop.is_set())
            if self.shift.stop.is_set():
                return "stopping"
            number = self._free.pop()
        self.shift.memory.pulse.begin()
        try:
            job = worker.turn(self.shift, number)
        finally:
            self.shift.memory.pulse.end()
            with self._lock:
                self._free.append(number)
                self._lock.notify_all()
        return "nothing due" if job is None else f"job {job.id}: {job.kind}"

    @contextlib.contextmanager
    def alone(self, app: "Celery") -> Iterator[None]:
        """Take jobs without being told whenever Redis does not answer."""
        threads = [
            threading.Thread(target=self._look, args=(app,), name=f"own-look-{number}")
            for number in range(len(self._free))
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.shift.end()
            with self._lock:
                self._lock.notify_all()
            for thread in threads:
                thread.join()

    def _look(self, app: "Celery") -> None:
        shift, rest = self.shift, self.shift.memory.config.jobs.poll_seconds
        while not shift.stop.wait(rest):
            while not shift.stop.is_set() and not _answers(app):
                if self.take().startswith("job"):
                    continue
                shift.stop.wait(rest)


def _define(app: "Celery", hands: _Hands) -> None:
    def claim_and_do(kind: str) -> str:  # the message's word is not believed: whose turn it is says the row
        return hands.take() if kind in hands.shift.kinds else "not of this worker's kinds"

    app.task(name=TASK, ignore_result=True)(claim_and_do)


def _answers(app: "Celery") -> bool:
    """Whether Redis does, now."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=_PATIENCE_SECONDS)
            connection.default_channel.client.ping()
    except _away() as error:
        log.debug("Redis does not answer", extra=_facts(error))
        return False
    return True


def _length(connection: Any, queue: str) -> int:
    return int(connection.default_channel.client.llen(queue))


def _away() -> tuple[type[Exception], ...]:
    from kombu.exceptions import KombuError
    from redis.exceptions import RedisError

    return (*_AWAY, KombuError, RedisError)


def _facts(error: Exception) -> dict[str, object]:
    return {"action": "broker_away", "detail": str(error)[:200]}
