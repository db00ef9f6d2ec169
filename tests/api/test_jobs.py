"""Jobs and the streams of what happens to them."""

import json
import threading
import time

import httpx
import pytest

from mem import types
from mem.memory import open_memory
from mem.store import jobs, parts

from .conftest import local_client
from .seed import Seed, at
from .test_problems import check


def events(answer: httpx.Response) -> list[dict]:
    """The events of a stream that has ended."""
    return [parsed(block) for block in answer.text.split("\n\n") if "data: " in block]


def parsed(block: str) -> dict:
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    event = json.loads(fields["data"])
    assert (fields["id"], fields["event"]) == (str(event["id"]), event["type"])
    return event


def progress(memory, job, share: float) -> None:
    with memory.db.write() as w:
        jobs.progress(w, job, stage="see", progress=share, now=at(3))
    memory.bell.ring()


def test_jobs_are_paged_newest_first(client, seed):
    for _ in range(5):
        seed.job()
    ids, cursor = [], None
    while True:
        answer = client.get("/api/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        ids += [job["id"] for job in answer["jobs"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert ids == [5, 4, 3, 2, 1]


def test_jobs_are_filtered_by_state_and_source(client, seed):
    source = seed.source()
    done = seed.finish(seed.claimed(source))
    waiting = seed.job()
    assert [j["id"] for j in client.get("/api/jobs?state=queued").json()["jobs"]] == [waiting.id]
    assert [j["id"] for j in client.get(f"/api/jobs?source={source.id}").json()["jobs"]] == [done.id]
    check(client.get("/api/jobs?state=lost"), 422, "invalid")


def test_a_recording_that_is_looked_at_in_parts_says_how_many_are_done(memory, client, seed):
    job, other = seed.claimed(seed.source()), seed.job()
    with memory.db.write() as w:
        parts.add(w, job, [{"share": 0.25}] * 4, types.now())
        first = parts.of_job(w, job.id)[0]
        w.script(f"update jobs set state = 'done', finished_at = created_at where id = {first.id}")
    told = {"done": 1, "of": 4}
    listed = client.get("/api/jobs").json()["jobs"]
    assert [(each["id"], each["parts"]) for each in listed] == [(other.id, None), (job.id, told)]
    assert client.get(f"/api/jobs/{job.id}").json()["parts"] == told
    assert client.post(f"/api/jobs/{job.id}/cancel").json()["parts"] == told


def test_a_job_is_cancelled_and_tried_again(client, seed):
    job = seed.job()
    answer = client.post(f"/api/jobs/{job.id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert answer.headers["location"] == f"/api/jobs/{job.id}"
    check(client.post(f"/api/jobs/{job.id}/cancel"), 409, "not_cancellable")
    assert client.post(f"/api/jobs/{job.id}/retry").json()["state"] == "queued"
    check(client.post(f"/api/jobs/{job.id}/retry"), 409, "not_retriable")


def test_an_unknown_job_is_not_found(client):
    check(client.get("/api/jobs/9"), 404, "not_found")
    check(client.get("/api/jobs/9/events"), 404, "not_found")
    check(client.post("/api/jobs/9/cancel"), 404, "not_found")
    check(client.post("/api/jobs/9/retry"), 404, "not_found")


def test_the_stream_of_an_ended_job_tells_its_life_and_closes(client, seed, memory):
    job = seed.claimed()
    progress(memory, job, 0.5)
    seed.finish(job)
    answer = client.get(f"/api/jobs/{job.id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    told = events(answer)
    assert [event["type"] for event in told] == ["queued", "claimed", "progress", "done"]
    assert {event["job_id"] for event in told} == {job.id}
    assert told[2]["data"]["progress"] == 0.5


def test_a_stream_goes_on_behind_the_event_last_seen(client, seed):
    job = seed.claimed()
    seed.finish(job)
    told = events(client.get(f"/api/jobs/{job.id}/events"))
    later = client.get(f"/api/jobs/{job.id}/events", headers={"Last-Event-ID": str(told[0]["id"])})
    assert events(later) == told[1:]
    rest = client.get(f"/api/jobs/{job.id}/events", headers={"Last-Event-ID": str(told[-1]["id"])})
    assert events(rest) == []


def test_a_stream_goes_on_through_a_second_try(client, seed, memory):
    job = seed.finish(seed.claimed(), state="failed", error_code="x", error_detail="y")
    client.post(f"/api/jobs/{job.id}/retry")
    with memory.db.write() as w:
        again = jobs.claim(w, "worker", lease_seconds=60, now=types.now())
    seed.finish(again)
    told = [event["type"] for event in events(client.get(f"/api/jobs/{job.id}/events"))]
    assert told == ["queued", "claimed", "failed", "queued", "claimed", "done"]


def test_an_event_id_that_is_none_is_invalid(client, seed):
    job = seed.job()
    check(client.get(f"/api/jobs/{job.id}/events", headers={"Last-Event-ID": "x"}), 422, "invalid")


def test_a_listener_hears_what_happens_as_it_happens_and_then_the_end(live, seed, memory):
    job = seed.claimed()
    heard: list[tuple[str, float]] = []

    def listen() -> None:
        with live.stream("GET", f"/api/jobs/{job.id}/events") as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    heard.append((line.removeprefix("event: "), time.monotonic()))

    listener = threading.Thread(target=listen)
    listener.start()
    wait_for(lambda: len(heard) == 2)
    rung = time.monotonic()
    progress(memory, job, 0.5)
    wait_for(lambda: len(heard) == 3)
    assert heard[-1][1] - rung < 1
    seed.finish(job)
    listener.join(5)
    assert not listener.is_alive()
    assert [type_ for type_, _ in heard] == ["queued", "claimed", "progress", "done"]


def test_the_stream_of_all_jobs_begins_now_or_behind_an_event(live, seed, memory):
    old = seed.finish(seed.claimed())
    heard: list[dict] = []
    replayed: list[dict] = []
    threads = [
        threading.Thread(target=collect, args=(live, {}, heard, 1)),
        threading.Thread(target=collect, args=(live, {"Last-Event-ID": "1"}, replayed, 3)),
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(replayed) == 2)
    time.sleep(0.3)  # the other one has nothing to show yet
    new = seed.job()
    memory.bell.ring()
    for thread in threads:
        thread.join(5)
    assert [(event["job_id"], event["type"]) for event in heard] == [(new.id, "queued")]
    assert [event["type"] for event in replayed] == ["claimed", "done", "queued"]
    assert replayed[0]["job_id"] == old.id


def collect(live: httpx.Client, headers: dict[str, str], into: list[dict], count: int) -> None:
    with live.stream("GET", "/api/events", headers=headers) as answer:
        block: list[str] = []
        for line in answer.iter_lines():
            if line:
                block.append(line)
                continue
            if any(part.startswith("data: ") for part in block):
                into.append(parsed("\n".join(block)))
            block = []
            if len(into) == count:
                return


def test_too_many_listeners_are_told_to_come_back(live, seed):
    seed.job()
    streams = [live.stream("GET", "/api/jobs/1/events") for _ in range(64)]
    try:
        for stream in streams:
            assert stream.__enter__().status_code == 200
        answer = live.get("/api/events")
        check(answer, 503, "too_busy")
        assert answer.headers["retry-after"] == "60"
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)
    wait_for(lambda: ended(live))


def ended(live: httpx.Client) -> bool:
    with live.stream("GET", "/api/jobs/1/events") as answer:
        return answer.status_code == 200


def wait_for(condition, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail("it did not happen in time")
        time.sleep(0.01)


def test_a_waiting_job_gets_another_priority(client, seed):
    job = seed.job()
    answer = client.post(f"/api/jobs/{job.id}/priority", json={"priority": 9})
    assert (answer.status_code, answer.json()["priority"]) == (202, 9)
    check(client.post(f"/api/jobs/{job.id}/priority", json={"priority": 10}), 422, "invalid")
    check(client.post("/api/jobs/99/priority", json={"priority": 1}), 404, "not_found")
    client.post(f"/api/jobs/{job.id}/cancel")
    check(client.post(f"/api/jobs/{job.id}/priority", json={"priority": 1}), 409, "not_waiting")


def test_a_poisoned_job_is_tried_again_without_its_stretch(client, seed, memory):
    job = seed.claimed()
    here = types.Place("see", 1, 300_000, 600_000)
    with memory.db.write() as w:
        jobs.progress(w, job, stage="see", progress=0.1, now=at(3), place=here)
    seed.finish(job, state="failed", error_code="poison", error_detail="x")
    answer = client.post(f"/api/jobs/{job.id}/retry", json={"skip": True}).json()
    assert (answer["state"], answer["skip"]["begin_ms"]) == ("queued", 300_000)


def test_nothing_is_left_out_of_a_job_that_was_not_killed_at_a_stretch(client, seed):
    job = seed.finish(seed.claimed(), state="failed", error_code="disk_full", error_detail="y")
    check(client.post(f"/api/jobs/{job.id}/retry", json={"skip": True}), 409, "not_retriable")


def test_all_that_failed_for_a_passing_reason_is_tried_again(client, seed):
    ended = [
        seed.finish(seed.claimed(), state="failed", error_code=code, error_detail="y").id
        for code in ("model_missing", "not_media", "unreadable", "poison", "worker_lost")
    ]
    answer = client.post("/api/jobs/retry")
    assert (answer.status_code, answer.json()) == (202, {"queued": [ended[0], ended[2], ended[4]]})
    assert client.post("/api/jobs/retry").json() == {"queued": []}


def test_stages_are_asked_for_again(client, seed, memory):
    source = seed.source()
    url = f"/api/sources/{source.id}/rerun"
    check(client.post(url, json={"stages": ["frames"]}), 409, "recording_gone")
    check(client.post(url, json={"stages": ["dreams"]}), 422, "invalid")
    check(client.post(url, json={"stages": []}), 422, "invalid")
    check(client.post("/api/sources/99/rerun", json={"stages": ["index"]}), 404, "not_found")
    answer = client.post(url, json={"stages": ["index"], "priority": 7})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["source_id"], job["priority"]) == ("rerun", source.id, 7)
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    check(client.post(url, json={"stages": ["index"]}), 409, "conflict")


@pytest.fixture
def full(config):
    """A caller of a server that holds one waiting job and takes no more."""
    crowded = config.model_copy(update={"jobs": config.jobs.model_copy(update={"max_queued": 1})})
    with open_memory(crowded) as opened, local_client(opened) as caller:
        seed = Seed(opened)
        seed.job()
        yield caller, seed.source(), crowded


def test_every_entrance_is_closed_when_too_much_waits(full, owner, tmp_path):
    caller, source, _ = full
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    refused = [
        caller.post("/api/capture", json={"path": str(file)}, headers=owner),
        caller.post("/api/upload", content=b"video"),
        caller.post("/api/uploads", headers=tus),
        caller.post(f"/api/sources/{source.id}/rerun", json={"stages": ["index"]}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60"), answer.text


@pytest.mark.parametrize("priority", ["10", "-1", "high"])
def test_a_priority_that_is_none_is_refused(client, priority):
    assert client.post(f"/api/upload?priority={priority}", content=b"video").status_code == 422
