"""What the commands about jobs ask for, and what they say."""

import json

from mem.cli import client, following, pace
from tests.cli import samples


def body(api, path):
    return api.requests("POST", path)[-1].body


def test_a_poisoned_job_goes_on_without_its_stretch(mem, api):
    api.answers["POST /api/jobs/7/retry"] = (202, samples.job(state="queued"))
    done = mem("jobs", "retry", "7", "--skip")
    assert (done.exit_code, body(api, "/api/jobs/7/retry")) == (0, {"skip": True})
    assert "queued again" in done.stdout


def test_all_that_failed_for_a_passing_reason_is_tried_again(mem, api):
    api.answers["POST /api/jobs/retry"] = (202, {"queued": [1, 4]})
    assert "2 jobs queued again" in mem("jobs", "retry", "--failed").stdout
    assert json.loads(mem("jobs", "retry", "--failed", "--json").stdout) == {"queued": [1, 4]}


def test_one_job_or_all_that_failed_is_to_be_named(mem, api):
    assert mem("jobs", "retry").exit_code == 2
    assert mem("jobs", "retry", "7", "--failed").exit_code == 2
    assert not api.asked


def test_a_waiting_job_gets_another_priority(mem, api):
    api.answers["POST /api/jobs/7/priority"] = (202, samples.job(state="queued", priority=9))
    assert "priority 9" in mem("jobs", "priority", "7", "9").stdout
    assert body(api, "/api/jobs/7/priority") == {"priority": 9}
    assert mem("jobs", "priority", "7", "10").exit_code == 2


def test_a_capture_says_how_soon_it_is_wanted(mem, api, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    mem("capture", "a.mp4", "--priority", "8", "--no-wait")
    assert body(api, "/api/capture")["priority"] == 8


def test_stages_are_asked_for_again_with_another_model(mem, api):
    api.answers["POST /api/sources/3/rerun"] = (202, samples.job(kind="rerun", state="queued"))
    done = mem("sources", "rerun", "3", "--stage", "speech", "--model", "small", "--no-wait")
    assert done.exit_code == 0
    assert body(api, "/api/sources/3/rerun") == {"stages": ["speech"], "model": "small"}
    assert "mem jobs follow 7" in done.stdout


def test_a_rerun_is_followed_to_its_end(mem, api):
    api.answers["POST /api/sources/3/rerun"] = (202, samples.job(kind="rerun", state="queued"))
    done = mem("sources", "rerun", "3", "--stage", "frames")
    assert (done.exit_code, len(api.requests("GET", "/api/jobs/7")) > 0) == (0, True)


def test_the_list_shows_the_priorities_and_one_job_where_it_died(mem, api):
    here = {"stage": "see", "stretch": 2, "begin_ms": 600_000, "end_ms": 900_000}
    poisoned = samples.done(state="failed", priority=6, deaths=3, place=here, error_code="poison")
    api.answers |= {"GET /api/jobs": {"jobs": [poisoned], "cursor": None}, "GET /api/jobs/7": poisoned}
    assert "PRIO" in mem("jobs").stdout
    assert "3 at seeing, 00:10:00 to 00:15:00" in mem("jobs", "show", "7").stdout


def test_a_recording_in_parts_is_one_line_that_says_how_many_are_done(mem, api):
    row = samples.job(state="running", stage="see", progress=0.4, parts={"done": 3, "of": 8})
    api.answers |= {"GET /api/jobs": {"jobs": [row], "cursor": None}, "GET /api/jobs/7": row}
    assert "looking at the pictures, 3 of 8 parts" in " ".join(mem("jobs").stdout.split())
    assert "3 of 8 parts" in mem("jobs", "show", "7").stdout
    heard = row | {"stage": "hear"}
    api.answers |= {"GET /api/jobs": {"jobs": [heard], "cursor": None}}
    assert "parts" not in mem("jobs").stdout


def test_a_step_of_a_part_moves_the_count_of_its_recording():
    row = samples.job(state="running", stage="see", progress=0.4, parts={"done": 3, "of": 8})
    data = {"data": {"progress": 0.5, "stage": "see", "parts": {"done": 4, "of": 8}}}
    stepped = following.moved(row, client.Event(id="1", type="progress", data=data))
    assert pace.stage(stepped) == "looking at the pictures, 4 of 8 parts"
