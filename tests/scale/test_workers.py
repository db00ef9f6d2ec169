"""Worker processes over PostgreSQL: each job's work is done once, whatever happens to who does it."""

import os
import random
import signal
import time

from mem import types
from mem.store import jobs
from tests import servers, videos
from tests.scale import fleet as fleets
from tests.scale.hand import PER_STEP, STEPS, TABLE


def _effects(memory) -> dict:
    with memory.db.session() as session:
        return dict(session.run(PER_STEP)[0])


def _prepared(fleet, count):
    memory = fleet.memory()
    with memory.db.write() as w:
        w.script(TABLE)
    return memory, fleets.queue(memory, count)


def _told(memory, fleet):
    return lambda: (jobs.counts(memory.db), _effects(memory), fleet.log.read_text()[-3000:])


def test_two_workers_share_what_waits_and_stop_when_told(fleet):
    memory, ids = _prepared(fleet, 40)
    workers = [fleet.worker("-c", "2"), fleet.worker()]
    fleets.wait_until(lambda: fleets.all_done(memory), what=_told(memory, fleet))
    assert _effects(memory) == {"rows": 40 * STEPS, "steps": 40 * STEPS, "jobs": 40}
    owners = {
        e.data["attempt"] for number in ids for e in jobs.events(memory.db, job_id=number, after=0, limit=9)
    }
    assert owners == {0, 1}
    for worker in workers:
        worker.terminate()
    assert [worker.wait(20) for worker in workers] == [0, 0]


def test_a_worker_takes_the_kinds_it_was_given_and_no_other(fleet):
    memory, _ = _prepared(fleet, 3)
    fleet.worker("--kind", "screen", "--kind", "capture")
    fleets.wait_until(lambda: bool(fleet.log.exists() and fleet.logged("worker_started")))
    time.sleep(0.5)  # several looks
    assert jobs.counts(memory.db) == {"queued": 3}
    fleet.worker("--kind", "rerun")
    fleets.wait_until(lambda: fleets.all_done(memory), what=_told(memory, fleet))


def test_every_step_is_done_once_though_workers_are_killed_and_frozen(fleet):
    """500 jobs; somebody is killed or frozen for twice the lease all the time."""
    memory, _ = _prepared(fleet, 500)
    chance = random.Random(4)
    alive = [fleet.worker("-c", "2") for _ in range(3)]
    frozen: list[tuple[float, object]] = []
    limit = time.monotonic() + 240
    while not fleets.all_done(memory):
        assert time.monotonic() < limit, _told(memory, fleet)()
        time.sleep(chance.uniform(0.3, 0.9))
        for due, process in [each for each in frozen if each[0] <= time.monotonic()]:
            frozen.remove((due, process))
            os.kill(process.pid, signal.SIGCONT)
        active = [p for p in alive if p.poll() is None and p not in [each[1] for each in frozen]]
        if len(active) < 2:
            alive.append(fleet.worker("-c", "2"))
        elif chance.random() < 0.5 and jobs.counts(memory.db).get("queued", 0) > 20:
            chance.choice(active).kill()
        elif len(frozen) < 2:
            victim = chance.choice(active)
            os.kill(victim.pid, signal.SIGSTOP)
            frozen.append((time.monotonic() + 2 * fleets.LEASE, victim))
    for _, process in frozen:
        os.kill(process.pid, signal.SIGCONT)
    assert _effects(memory) == {"rows": 500 * STEPS, "steps": 500 * STEPS, "jobs": 500}
    fleets.wait_until(lambda: bool(fleet.logged("job_lost")), 20, "no stale write was refused")


def test_a_recording_captured_by_workers_is_what_one_process_makes_of_it(fleet, tmp_path):
    clip = videos.write(tmp_path / "a.mp4", videos.scenes([0, 3000], 6.0, fps=4))
    server = fleet.server()
    worker = fleet.worker(program="mem")
    job = server.wait(server.capture(clip)["id"])
    assert job["state"] == "done", fleet.log.read_text()[-3000:]
    assert job["result"]["frames"] == 2
    assert server.get(f"/api/sources/{job['source_id']}").json()["state"] == "ready"
    worker.terminate()
    assert worker.wait(20) == 0


def test_a_worker_without_postgresql_is_refused_with_the_way_out(tmp_path):
    done = servers.mem(tmp_path / "data", "worker")
    assert done.returncode == 78
    assert "mem db move --to postgresql://" in done.stderr


def test_the_server_refuses_celery_over_duckdb(tmp_path):
    done = servers.mem(tmp_path / "data", "serve", jobs__backend="celery", jobs__broker_url="redis://h/0")
    assert done.returncode == 78
    assert "mem db move --to postgresql://" in done.stderr


def test_a_worker_of_another_schema_is_refused_and_one_at_work_ends(fleet):
    memory, _ = _prepared(fleet, 0)
    worker = fleet.worker()
    fleets.wait_until(lambda: bool(fleet.log.exists() and fleet.logged("worker_started")))
    with memory.db.write() as w:
        w.run("schema.record", 9999, "of_tomorrow", types.now())
    fleets.queue(memory, 1)
    assert worker.wait(20) == 78
    assert jobs.counts(memory.db) == {"queued": 1}
    late = fleet.worker()
    assert late.wait(20) == 78
    assert "schema 9999" in fleet.log.read_text()
