"""Health that tells the truth: each thing that can be wrong is said, and nothing else."""

import contextlib
import dataclasses
import re
import threading
import time
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from mem import config as mem_config
from mem import types
from mem.errors import DatabaseFailed
from mem.memory import open_memory
from mem.ops import backup, chores, health
from mem.store import jobs, notes, parts
from mem.types import SourceState

from .conftest import local_client


def with_settings(memory, **settings):
    """The same memory under other settings."""
    facts = {
        "data_dir": str(memory.folder),
        "storage.min_free_bytes": 0,
        "whisper.model": "tiny.en",
        **{key.replace("__", "."): value for key, value in settings.items()},
    }
    return dataclasses.replace(memory, config=mem_config.load(facts, environ={}))


def kinds(reasons: list[str]) -> list[str]:
    return [reason.split(":")[0] for reason in reasons]


def test_without_room_the_server_is_not_ready_and_says_why(memory):
    with local_client(with_settings(memory, storage__min_free_bytes="900TiB")) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert kinds(answer.json()["reasons"]) == ["disk"]
        assert client.get("/healthz").status_code == 200


def test_a_worker_that_fell_silent_is_told(memory, client, monkeypatch):
    thread = threading.Thread(target=memory.pulse.begin)  # dies without `end`
    thread.start()
    thread.join()
    assert client.get("/readyz").status_code == 200
    later = time.monotonic() + 3600
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert kinds(client.get("/readyz").json()["reasons"]) == ["worker"]


def test_a_worker_that_ended_as_it_should_is_not_missed(memory, client):
    memory.pulse.begin()
    memory.pulse.end()
    assert memory.pulse.silent() is None
    assert client.get("/readyz").status_code == 200


def test_a_running_job_that_nobody_works_on_is_told(memory, client, seed):
    long_ago = types.now() - timedelta(hours=1)
    job = seed.job(now=long_ago)
    with memory.db.write() as w:
        jobs.claim(w, "host:1:0", lease_seconds=60, now=long_ago)
    (reason,) = client.get("/readyz").json()["reasons"]
    assert reason.startswith(f"worker: nobody works on job {job.id}")


def test_jobs_that_wait_where_no_worker_runs_are_told(client, seed):
    seed.job(now=types.now() - timedelta(hours=1))
    (reason,) = client.get("/readyz").json()["reasons"]
    assert "nobody takes them" in reason


def test_parts_that_wait_where_no_worker_runs_are_told(memory, client, seed):
    long_ago = types.now() - timedelta(hours=1)
    job = seed.claimed(seed.source())
    with memory.db.write() as w:
        parts.add(w, job, [{"share": 0.5}] * 2, long_ago)
        parts.rest(w, job, 0, long_ago)
    status = client.get("/api/status").json()
    assert "nobody takes them" in status["reasons"][0]
    assert (status["jobs"], status["oldest_queued_seconds"] > 3000) == ({"running": 1}, True)


def test_a_device_that_delivers_in_time_is_fine_and_one_that_stopped_is_not(memory, seed):
    seed.source(device="door", added_at=types.now() - timedelta(minutes=5))
    seed.source(device="yard", added_at=types.now() - timedelta(hours=5))
    expected = [{"device": "door", "every_minutes": 60}, {"device": "yard", "every_minutes": 60}]
    with local_client(with_settings(memory, capture__expected=expected)) as client:
        status = client.get("/api/status").json()
    assert status["status"] == "degraded"
    assert status["ready"] is True
    assert status["reasons"] == ["yard: nothing has come for 300 minutes; something should every 60"]
    assert [(each["device"], each["late"]) for each in status["expected"]] == [
        ("door", False),
        ("yard", True),
    ]


def test_a_folder_and_a_place_are_watched_over_likewise(memory, seed):
    seed.source(path="/cameras/a/1.mp4", location="Hall", added_at=types.now() - timedelta(hours=2))
    expected = [
        {"folder": "/cameras/a", "every_minutes": 60},
        {"folder": "/cameras/ab", "every_minutes": 60},
        {"location": "Hall", "every_minutes": 180},
    ]
    with local_client(with_settings(memory, capture__expected=expected)) as client:
        found = client.get("/api/status").json()["expected"]
    assert [each["late"] for each in found] == [True, False, False]
    assert found[1]["delivered_at"] is None  # never came; counts from the start of the server


def test_status_says_how_fast_captures_were(client, seed):
    source = seed.source()
    seed.finish(seed.claimed(source), result={"media_seconds": 600, "wall_seconds": 20, "known": False})
    other = seed.source()
    seed.finish(seed.claimed(other), result={"media_seconds": 600, "wall_seconds": 0.01, "known": True})
    assert client.get("/api/status").json()["work"]["real_time_factor"] == 30.0


def test_status_says_where_the_bytes_are(client, seed):
    source = seed.source(original="original.mp4", size=12_345, path=None)
    seed.frames(source, [0, 10, 20])
    status = client.get("/api/status").json()
    assert status["stored"]["originals"] == 1
    assert status["stored"]["original_bytes"] == 12_345
    assert status["stored"]["image_bytes"] > 500
    database = status["database"]
    assert database["size_bytes"] == database["file_bytes"] + database["wal_bytes"]
    assert status["disks"][0]["root"] == "data"


def families(client) -> dict:
    return {each.name: each for each in text_string_to_metric_families(client.get("/metrics").text)}


def test_the_six_that_one_should_watch_are_measured(client, seed):
    """Database size, share dropped, queue, answer times, disk, memory."""
    source = seed.source()
    seed.frames(source, [0, 10, 20])
    seed.job(now=types.now())
    client.get("/api/jobs")
    found = families(client)
    value = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in found.values()
        for sample in family.samples
    }
    assert value["mem_database_size_bytes", "file"] > 0
    assert value["mem_frames_dropped_share",] == 0.5
    assert value["mem_jobs", "queued"] == 1
    assert found["mem_http_request_duration_seconds"].samples
    assert value["mem_disk_free_bytes", "data"] > 0
    assert value["mem_memory_bytes", "server"] > 2**20
    assert value["mem_ready",] == 1


def test_no_metric_has_an_id_in_a_label(client, seed):
    source = seed.source()
    for number in range(3):
        client.get(f"/api/jobs/{number}")
        client.get(f"/nowhere/{number}")
    client.get(f"/api/sources/{source.id}")
    labels = re.findall(r'route="([^"]*)"', client.get("/metrics").text)
    assert labels
    assert not [label for label in labels if re.search(r"\d", label)]
    client.get("/somewhere/else")
    assert sorted(labels) == sorted(re.findall(r'route="([^"]*)"', client.get("/metrics").text))


def test_every_state_has_a_series_from_the_start(client):
    samples = families(client)["mem_sources"].samples
    assert {sample.labels["state"] for sample in samples} == set(SourceState.__args__)


def test_metrics_are_there_while_the_database_is_not(config):
    with contextlib.suppress(DatabaseFailed), open_memory(config) as memory, local_client(memory) as client:
        memory.db.close()
        text = client.get("/metrics")
        assert text.status_code == 200
        assert "mem_ready 0.0" in text.text


def test_a_backup_that_is_too_old_is_told(memory):
    chore = [chores.silently, chores.never]
    backup.create(memory, backup.Wish(), *chore)
    with local_client(memory) as client:
        assert client.get("/api/status").json()["reasons"] == []
    with local_client(with_settings(memory, storage__backup_max_hours=1e-9)) as client:
        status = client.get("/api/status").json()
    assert (status["status"], status["ready"], kinds(status["reasons"])) == ("degraded", True, ["backup"])
    assert "storage.backup_max_hours" in status["reasons"][0]


def test_a_damaged_backup_is_told(memory):
    made = backup.create(memory, backup.Wish(), chores.silently, chores.never)
    with (made.folder / "database/mem.duckdb").open("r+b") as file:
        file.truncate(4096)
    backup.verify(backup.of(memory), made.name)
    with local_client(memory) as client:
        assert "is damaged" in client.get("/api/status").json()["reasons"][0]


def test_an_index_that_lags_is_told(memory, client, monkeypatch):
    monkeypatch.setattr(health, "_BEHIND", 0)
    assert client.get("/readyz").status_code == 200
    with memory.db.write() as w:
        for number in range(3):
            now = types.now()
            notes.add(w, source_id=None, start=now, end=now + timedelta(seconds=1), text=f"note {number}",
                      author="me", now=now)  # fmt: skip
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["index: it has not seen 3 changes"]


def test_status_of_an_empty_memory_is_fine(quiet):
    status = quiet.get("/api/status").json()
    assert status["status"] == "ok"
    assert status["work"]["index_behind"] == 0
    assert status["expected"] == []
