"""What a server says about its own work: every metric moves, and every line can be followed."""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mem import observe
from tests import recordings, servers

METRICS = {
    metric.describe()[0].name
    for metric in vars(observe).values()
    if isinstance(metric, observe.Counter | observe.Gauge | observe.Histogram)
}
ABOUT_WORK = ("mem.capture", "mem.jobs", "mem.media", "mem.speech")


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """The metrics and the log of a server that took one recording in and answered one question."""
    folder = tmp_path_factory.mktemp("measured")
    video = recordings.make(folder / "evening.mp4")
    with servers.running(folder / "data", logging__format="json") as server:
        job = server.wait(server.capture(video)["id"])
        assert job["state"] == "done"
        server.get("/api/search", q="invoice").raise_for_status()
        metrics = {
            family.name: family for family in text_string_to_metric_families(server.get("/metrics").text)
        }
    lines = [json.loads(line) for line in (folder / "serve.log").read_text().splitlines()]
    return metrics, lines, job


# Of waiting jobs, a lagging index, a scanner, reading text, backups, late sources jobs that were taken over
# and buckets: none of that is done here. Tests of each of them move these.
OTHER_WORK = {
    "mem_job_oldest_queued_seconds",
    "mem_index_lag_changes",
    "mem_scans",
    "mem_screen_frames",
    "mem_backup_age_seconds",
    "mem_backup_good",
    "mem_sources_late",
    "mem_jobs_lost",
    "mem_object_bytes",
    "mem_objects_failed",
    "mem_objects_waiting",
}


@pytest.mark.parametrize("name", sorted(METRICS - OTHER_WORK))
def test_a_metric_moves_when_its_work_is_done(said, name):
    metrics, _, _ = said
    assert any(sample.value > 0 for sample in metrics[name].samples)


def test_seconds_of_media_are_those_of_the_recording(said):
    metrics, _, job = said
    seconds = {
        s.labels["stage"]: s.value for s in metrics["mem_media_seconds"].samples if s.name.endswith("_total")
    }
    assert seconds == pytest.approx(dict.fromkeys(("see", "hear"), job["result"]["media_seconds"]), abs=0.2)


def test_a_line_says_what_happened_and_which_job_or_request_it_belongs_to(said):
    _, lines, job = said
    ours = [line for line in lines if line["logger"].startswith("mem.")]
    assert [line for line in ours if "action" not in line] == []
    work = [line for line in ours if line["logger"].startswith(ABOUT_WORK)]
    assert {line["job"] for line in work} == {job["id"]}
    assert {line["stage"] for line in work if line["action"] == "stretch_stored"} == {"see", "hear"}
    answered = [line for line in ours if line["action"] == "answered"]
    assert len({line["request"] for line in answered}) == len(answered) > 0
