"""Workers that Redis wakes: without it, all that changes is when."""

import time

import pytest

from mem.jobs import celery
from mem.store import jobs
from tests.scale import fleet as fleets
from tests.scale.hand import PER_STEP, STEPS, TABLE


@pytest.fixture
def woken(fleet, redis):
    """A fleet whose workers Redis wakes, and which would not look by themselves for long."""
    fleet.settings |= {
        "jobs__backend": "celery",
        "jobs__broker_url": redis.url,
        "jobs__poll_seconds": "0.5",
    }
    return fleet


def _prepared(fleet):
    memory = fleet.memory()
    with memory.db.write() as w:
        w.script(TABLE)
    return memory


def _done_once(memory, fleet, count, seconds=60.0):
    fleets.wait_until(
        lambda: fleets.all_done(memory),
        seconds,
        lambda: (jobs.counts(memory.db), fleet.log.read_text()[-3000:]),
    )
    with memory.db.session() as session:
        assert dict(session.run(PER_STEP)[0]) == {
            "rows": count * STEPS,
            "steps": count * STEPS,
            "jobs": count,
        }


def test_a_message_wakes_a_worker_at_once_and_says_nothing_but_a_kind(woken, redis):
    memory = _prepared(woken)
    woken.worker("-c", "2")
    fleets.wait_until(lambda: redis.ask("PUBSUB", "NUMPAT") != ":0", what=lambda: woken.log.read_text())
    with celery.waking(memory):
        fleets.queue(memory, 20)
        _done_once(memory, woken, 20)
    worker = woken.workers[0]
    worker.terminate()
    assert worker.wait(30) == 0, woken.log.read_text()[-3000:]


def test_redis_restarted_emptied_and_gone_only_delays(woken, redis):
    memory = _prepared(woken)
    with celery.waking(memory):
        woken.worker("-c", "2")
        fleets.queue(memory, 5)
        _done_once(memory, woken, 5)
        fleets.queue(memory, 30)
        redis.ask("FLUSHALL")
        _done_once(memory, woken, 35)
        redis.stop()
        fleets.queue(memory, 10)
        began = time.monotonic()
        _done_once(memory, woken, 45)
        assert time.monotonic() - began < 20
        redis.start()
        fleets.queue(memory, 10)
        _done_once(memory, woken, 55)


def test_a_worker_starts_and_stops_without_redis(woken, redis):
    redis.stop()
    memory = _prepared(woken)
    fleets.queue(memory, 5)
    worker = woken.worker()
    _done_once(memory, woken, 5)
    worker.terminate()
    assert worker.wait(30) == 0, woken.log.read_text()[-3000:]
