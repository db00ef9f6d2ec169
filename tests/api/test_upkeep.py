"""Upkeep, forecast and the support bundle."""

import dataclasses
import io
import json
import logging
import os
import time
import zipfile
from datetime import timedelta

import pytest

from mem import observe, types
from mem.api.app import create_app
from mem.ops import capacity, maintenance
from mem.store import forgetting, jobs

from .conftest import local_client
from .test_health import with_settings


def steps(memory, period="daily") -> dict[str, maintenance.Step]:
    return {step.name: step for step in maintenance.run(memory, period, time.monotonic()).steps}


def test_a_memory_in_order_needs_nobody(client):
    for period in maintenance.PERIODS:
        answer = client.post("/api/maintenance", json={"period": period})
        assert answer.status_code == 200, answer.text
        bad = [s for s in answer.json()["steps"] if s["state"] != "good" and s["name"] != "backup"]
        assert not bad


def test_a_longer_period_holds_the_shorter_ones(memory):
    daily, weekly, monthly = (set(steps(memory, period)) for period in maintenance.PERIODS)
    assert daily < weekly < monthly


def test_a_full_disk_needs_a_person(memory):
    found = steps(with_settings(memory, storage__min_free_bytes="900TiB"))
    assert (found["disk"].state, "Free some space" in found["disk"].fix) == ("broken", True)


@pytest.fixture
def logs(tmp_path):
    """A folder of logs that are written to for the length of a test."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers[:] = []
    observe.start_logging("INFO", "json", tmp_path / "logs")
    yield tmp_path / "logs"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level


@pytest.mark.parametrize("form", ["json", "text"])
def test_errors_in_the_logs_are_counted_and_shown(memory, logs, form):
    observe.start_logging("INFO", form, logs)
    log = logging.getLogger("mem.api.x")
    for _ in range(3):
        log.error("the door stuck")
    log.info("nothing to see")
    found = steps(with_settings(memory, logging__dir=str(logs)))["logs"]
    assert found.state == "doubtful"
    assert "3 errors: 3 x mem.api.x: the door stuck" in found.detail


def test_errors_before_the_period_are_not_counted(memory, logs):
    old = types.written(types.now() - timedelta(days=2))
    (logs / "api.log").write_text(
        json.dumps({"time": old, "level": "ERROR", "logger": "mem.x", "message": "old"}) + "\n"
    )
    assert steps(with_settings(memory, logging__dir=str(logs)))["logs"].state == "good"
    assert steps(with_settings(memory, logging__dir=str(logs)), "weekly")["logs"].state == "doubtful"


def test_jobs_that_failed_are_counted_by_reason(memory, seed):
    job = seed.claimed(seed.source())
    with memory.db.write() as w:
        jobs.finish(w, job, state="failed", error_code="not_media", now=types.now())
    found = steps(memory)["jobs"]
    assert (found.state, "not_media 1" in found.detail) == ("doubtful", True)


def test_only_what_is_old_goes_from_the_scratch_folder(memory):
    old, new = memory.folder / "tmp/old", memory.folder / "tmp/new"
    old.mkdir()
    for file in (old / "a", new):
        file.write_text("x")
    long_ago = time.time() - 3 * 86_400
    os.utime(old / "a", (long_ago, long_ago))
    os.utime(old, (long_ago, long_ago))
    assert "1 old scratch files removed" in steps(memory)["scratch"].detail
    assert (old.exists(), new.exists()) == (False, True)


def test_the_daily_one_takes_deleted_rows_out_of_a_large_file(client, memory, seed, monkeypatch):
    monkeypatch.setattr(forgetting, "_SMALL", 0)
    source = seed.source()
    seed.say(source, 5, "words to forget")
    assert client.delete(f"/api/sources/{source.id}").json()["rows_in_file"] is True
    assert client.get("/api/receipts/1").json()["rows_in_file"] is True
    assert client.get("/api/status").json()["database"]["deleted_since"] is not None
    report = client.post("/api/maintenance", json={"period": "daily"}).json()
    assert "given back" in next(each["detail"] for each in report["steps"] if each["name"] == "compaction")
    assert client.get("/api/status").json()["database"]["deleted_since"] is None
    assert client.get("/api/receipts").json()["receipts"][0]["rows_in_file"] is False


def test_the_forecast_is_what_comes_by_day(memory, seed):
    for ago in range(10):
        moment = types.now() - timedelta(days=ago)
        seed.source(original="o.mp4", path=None, size=10**9, added_at=moment)
    found = capacity.forecast(memory)
    assert found.recordings_per_day == pytest.approx(10 / 9, abs=0.01)
    assert found.original_bytes_per_day == pytest.approx(10**10 / 9, rel=0.01)
    assert found.days_left == pytest.approx(found.free_bytes / found.bytes_per_day, rel=0.01)


def test_an_empty_memory_lasts_for_ever(client):
    found = client.get("/api/capacity").json()
    assert (found["days_left"], found["bytes_per_day"]) == (None, 0)


def bundle(client, owner) -> zipfile.ZipFile:
    answer = client.get("/api/support", headers=owner)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_a_support_bundle_has_no_secret_and_no_content(memory, seed, logs, owner):
    secret = "c4nary" * 6
    source = seed.source(name="private-birthday.mp4")
    seed.say(source, 1, "the codeword is pineapple")
    seed.note("pineapple again", source=source)
    logging.getLogger("mem.api").info("used mem_abcd2345_%s", secret)
    settings = with_settings(memory, logging__dir=str(logs)).config
    settings = settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": f"postgresql://mem:{secret}@h/d"})}
    )
    with local_client(dataclasses.replace(memory, config=settings)) as client:
        files = bundle(client, owner)
    wanted = {"versions.json", "config.json", "status.json", "metrics.txt", "database.json", "api.log"}
    assert wanted <= set(files.namelist())
    everything = b"\n".join(files.read(name) for name in files.namelist())
    for word in (secret, "pineapple", "private-birthday"):
        assert word.encode() not in everything
    assert json.loads(files.read("database.json"))["rows"]["segments"] == 1
    assert json.loads(files.read("versions.json"))["packages"]


def test_the_routes_of_upkeep_are_described():
    paths = create_app().openapi()["paths"]
    assert {"/api/maintenance", "/api/capacity", "/api/support"} <= set(paths)
