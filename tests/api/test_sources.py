"""Sources: listed, changed, re-dated, deleted, read and played."""

import json
from pathlib import Path

import pytest

from mem.store import frames, jobs, sources, texts

from .seed import RANGE, at
from .test_problems import check


def test_sources_are_paged_newest_recording_first(client, seed):
    for minute in (3, 1, 2, 2, 2):
        seed.source(at(60 * minute))
    ids, cursor = [], None
    while True:
        answer = client.get(
            "/api/sources", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        ids += [source["id"] for source in answer["sources"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert ids == [1, 5, 4, 3, 2]


def test_a_source_says_what_it_is(client, seed):
    source = client.get(f"/api/sources/{seed.source().id}").json()
    assert source["started_at"] == "2026-11-20T12:00:00.000Z"
    assert source["media"]["video"]["codec"] == "h264"


def test_an_unknown_source_is_not_found(client):
    for method in ("GET", "DELETE"):
        check(client.request(method, "/api/sources/9"), 404, "not_found")
    check(client.patch("/api/sources/9", json={"name": "x"}), 404, "not_found")
    check(client.get("/api/sources/9/video"), 404, "not_found")
    check(client.get("/api/sources/9/transcript.txt"), 404, "not_found")


def test_labels_are_changed_and_the_rest_stays(client, seed):
    source = seed.source()
    answer = client.patch(f"/api/sources/{source.id}", json={"name": "Talk", "device": "phone"}).json()
    assert (answer["name"], answer["device"], answer["location"]) == ("Talk", "phone", "Hall")


def test_a_new_start_moves_everything_and_its_copies(client, seed, memory):
    source = seed.source()
    seed.frames(source, [0, 10, 20])
    seed.say(source, 5, "good morning")
    seed.note("look", at(3), source=source)
    answer = client.patch(f"/api/sources/{source.id}", json={"started_at": "2026-11-20T14:30:00+02:00"})
    assert answer.json()["started_at"] == "2026-11-20T12:30:00.000Z"
    assert answer.json()["time_source"] == "caller"
    page = client.get("/api/timeline", params=RANGE | {"words": True}).json()
    assert [span["start"] for span in page["spans"]] == [
        "2026-11-20T12:30:00.000Z",
        "2026-11-20T12:30:10.000Z",
    ]
    assert page["segments"][0]["start"] == "2026-11-20T12:30:05.000Z"
    assert page["segments"][0]["words"][0]["start"] == "2026-11-20T12:30:05.000Z"
    assert page["notes"][0]["start"] == "2026-11-20T12:30:03.000Z"
    folder = memory.folder / source.folder
    assert json.loads((folder / "source.json").read_text())["started_at"] == "2026-11-20T12:30:00.000Z"
    assert "12:30:05" in (folder / "transcript.jsonl").read_text()
    assert "12:30:03" in (folder / "notes.jsonl").read_text()


def test_a_source_that_is_worked_on_is_neither_redated_nor_deleted(client, seed):
    source = seed.source()
    job = seed.claimed(source)
    answer = client.patch(f"/api/sources/{source.id}", json={"name": "Talk", "started_at": at(5).isoformat()})
    problem = check(answer, 409, "conflict")
    assert f"Job {job.id}" in problem["detail"]
    assert client.get(f"/api/sources/{source.id}").json()["name"] == "a.mp4"
    check(client.delete(f"/api/sources/{source.id}"), 409, "conflict")
    assert client.patch(f"/api/sources/{source.id}", json={"name": "Talk"}).status_code == 200


def test_a_change_without_sense_is_invalid(client, seed):
    source = seed.source()
    for body in ({"name": ""}, {"name": "x" * 501}, {"name": "a\0b"}, {"started_at": 5}, [], "x"):
        assert client.patch(f"/api/sources/{source.id}", json=body).status_code == 422


def test_deleting_takes_rows_and_folder_and_says_how_much(client, seed, memory):
    source, other = seed.source(), seed.source()
    for one in (source, other):
        seed.frames(one, [0, 10, 20])
        seed.say(one, 5, "good morning")
    seed.finish(seed.claimed(source))
    answer = client.delete(f"/api/sources/{source.id}").json()
    assert answer["removed"]["frames"] == 2
    assert answer["removed"]["segments"] == 1
    assert answer["freed_bytes"] > 1000
    assert not (memory.folder / source.folder).exists()
    assert (memory.folder / other.folder).exists()
    assert list((memory.folder / "tmp").iterdir()) == []
    check(client.get(f"/api/sources/{source.id}"), 404, "not_found")
    assert frames.stats(memory.db).frames == 2
    assert len(list(texts.of_source(memory.db, other.id))) == 1
    assert jobs.page(memory.db, limit=10) == []


def test_deleting_the_last_source_of_a_day_leaves_no_empty_folders(client, seed, memory):
    source = seed.source()
    seed.frames(source, [0, 10])
    client.delete(f"/api/sources/{source.id}")
    assert list((memory.folder / "sources").iterdir()) == []


@pytest.fixture
def recording(seed, memory, tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(bytes(range(256)) * 4)
    source = seed.source(path=str(file), size=1024)
    return source, file


def test_a_recording_is_sent_by_range(client, recording):
    source, file = recording
    whole = client.get(f"/api/sources/{source.id}/video")
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.content == file.read_bytes()
    part = client.get(f"/api/sources/{source.id}/video", headers={"Range": "bytes=256-511"})
    assert (part.status_code, part.headers["content-range"]) == (206, "bytes 256-511/1024")
    assert part.content == bytes(range(256))
    tail = client.get(f"/api/sources/{source.id}/video", headers={"Range": "bytes=-2"})
    assert tail.content == bytes([254, 255])


def test_a_range_beyond_the_end_is_a_problem_that_says_the_length(client, recording):
    source, _ = recording
    answer = client.get(f"/api/sources/{source.id}/video", headers={"Range": "bytes=5000-"})
    check(answer, 416, "bad_range")
    assert answer.headers["content-range"] == "bytes */1024"
    check(client.get(f"/api/sources/{source.id}/video", headers={"Range": "lines=1"}), 400, "bad_request")


def test_a_recording_that_is_gone_or_another_is_not_found(client, recording):
    source, file = recording
    file.write_bytes(b"something else")
    check(client.get(f"/api/sources/{source.id}/video"), 404, "not_found")
    file.unlink()
    check(client.get(f"/api/sources/{source.id}/video"), 404, "not_found")


def test_a_kept_original_is_played_from_its_folder(client, seed, memory):
    source = seed.source(path=None, original="original.mp4", size=3)
    folder = memory.folder / source.folder
    folder.mkdir(parents=True)
    (folder / "original.mp4").write_bytes(b"abc")
    assert client.get(f"/api/sources/{source.id}/video").content == b"abc"


def test_the_state_of_a_source_is_what_the_store_says(client, seed, memory):
    source = seed.source()
    with memory.db.write() as w:
        sources.settle(w, source.id, state="partial")
    assert client.get(f"/api/sources/{source.id}").json()["state"] == "partial"


def test_a_link_in_the_place_of_a_recording_is_not_followed(client, seed, tmp_path):
    file, secret = tmp_path / "a.mp4", tmp_path / "secret"
    file.write_bytes(b"video")
    secret.write_bytes(b"SEALS")
    source = seed.source(path=str(file), size=5)
    address = f"/api/sources/{source.id}/video"
    assert client.get(address).content == b"video"
    assert client.get(address, headers={"Range": "bytes=1-2"}).content == b"id"
    file.unlink()
    file.symlink_to(secret)
    check(client.get(address), 404, "not_found")
    check(client.get(address, headers={"Range": "bytes=0-1"}), 404, "not_found")


def test_an_open_recording_is_closed_with_its_answer(client, seed, tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"video")
    address = f"/api/sources/{seed.source(path=str(file), size=5).id}/video"
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        client.get(address)
        client.head(address)
        client.get(address, headers={"Range": "bytes=9-"})
        client.get(address, headers={"If-None-Match": "*"})
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
