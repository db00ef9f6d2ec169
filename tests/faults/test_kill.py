"""kill -9 at random points of a capture: what is stored in the end is what an undisturbed run stores."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests import digest, recordings, servers
from tests.processes import children

# A stretch may be cut often here by chance, which is no poison.
FACTS = {"capture__stretch_seconds": "10", "jobs__poison_deaths": "100"}
KILLS = 10


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    """A little under two minutes, eleven stretches."""
    return recordings.make(tmp_path_factory.mktemp("kill") / "long.mp4", loops=2)


@pytest.fixture(scope="module")
def undisturbed(recording, tmp_path_factory):
    data = tmp_path_factory.mktemp("undisturbed") / "data"
    began = time.monotonic()
    with servers.running(data, **FACTS) as server:
        job = server.wait(server.capture(recording, started_at="2026-11-20T14:00:00Z")["id"])
    assert job["state"] == "done", job
    return digest.of(data), time.monotonic() - began


@pytest.mark.timeout(600)
def test_ten_kills_of_server_and_child_change_nothing(recording, undisturbed, tmp_path):
    wanted, seconds = undisturbed
    data, chance = tmp_path / "data", random.Random(20261120)
    server = servers.start(data, **FACTS)
    job = server.capture(recording, started_at="2026-11-20T14:00:00Z")
    for number in range(KILLS):
        time.sleep(chance.uniform(0.05, seconds / 4))
        if number % 3 == 2:
            for child in children(server.process.pid):
                os.kill(child, signal.SIGKILL)
        else:
            server.kill()
            server = servers.start(data, **FACTS)
    ended = server.wait(job["id"], 300)
    server.process.terminate()
    server.process.wait(30)
    assert ended["state"] == "done", ended
    assert digest.of(data) == wanted
