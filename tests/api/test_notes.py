"""Notes: written, found, changed, deleted."""

import json
import threading

import pytest

from .seed import RANGE, at
from .test_problems import check

NOTE = {"start": "2026-11-20T12:00:05Z", "end": "2026-11-20T12:00:07Z", "text": "hello", "tags": ["a"]}


def test_a_note_is_written_and_read(client, seed):
    source = seed.source()
    answer = client.post("/api/notes", json=NOTE | {"source_id": source.id, "author": "ann"})
    assert answer.status_code == 201
    note = client.get(answer.headers["location"]).json()
    assert note == answer.json()
    assert (note["text"], note["tags"], note["author"]) == ("hello", ["a"], "ann")
    assert note["start"] == "2026-11-20T12:00:05.000Z"


def test_a_note_is_copied_to_its_sources_folder(client, seed, memory):
    source = seed.source()
    number = client.post("/api/notes", json=NOTE | {"source_id": source.id}).json()["id"]
    file = memory.folder / source.folder / "notes.jsonl"
    assert "hello" in file.read_text()
    client.delete(f"/api/notes/{number}")
    assert file.read_text() == ""


def test_a_note_about_an_instant_overlaps_it(client):
    client.post("/api/notes", json={"start": "2026-11-20T12:00:00Z", "text": "now"})
    assert len(client.get("/api/notes", params=RANGE).json()["notes"]) == 1


def test_a_note_is_changed_in_part(client, seed):
    number = seed.note("before").id
    answer = client.patch(f"/api/notes/{number}", json={"text": "after"}).json()
    assert (answer["text"], answer["tags"]) == ("after", ["seen"])
    assert answer["updated_at"] > answer["created_at"]


def test_a_note_that_ends_before_it_starts_is_refused(client, seed):
    number = seed.note("x").id
    check(client.post("/api/notes", json=NOTE | {"end": NOTE["start"]}), 422, "bad_time")
    check(client.patch(f"/api/notes/{number}", json={"end": "2026-11-20T11:00:00Z"}), 422, "bad_time")


def test_a_note_about_an_unknown_source_is_refused(client):
    check(client.post("/api/notes", json=NOTE | {"source_id": 77}), 404, "not_found")


def test_a_note_is_deleted(client, seed):
    number = seed.note("x").id
    answer = client.delete(f"/api/notes/{number}")
    assert (answer.status_code, answer.content) == (204, b"")
    check(client.get(f"/api/notes/{number}"), 404, "not_found")
    check(client.delete(f"/api/notes/{number}"), 404, "not_found")
    check(client.patch(f"/api/notes/{number}", json={"text": "x"}), 404, "not_found")


def test_a_batch_is_written_whole_or_not_at_all(client):
    answer = client.post("/api/notes/batch", json={"notes": [NOTE, NOTE | {"text": "second"}]})
    assert answer.status_code == 201
    assert [note["text"] for note in answer.json()["notes"]] == ["hello", "second"]
    bad = {"notes": [NOTE, NOTE | {"source_id": 99}]}
    check(client.post("/api/notes/batch", json=bad), 404, "not_found")
    assert len(client.get("/api/notes", params=RANGE).json()["notes"]) == 2


SENSELESS: list[dict[str, object]] = [
    {"text": ""},
    {"text": "a\0b"},
    {"text": "\ud800"},
    {"text": "x" * 20_001},
    {"tags": ["x"] * 33},
    {"tags": [""]},
    {"source_id": "one"},
]


def test_a_note_without_sense_is_invalid(client):
    for change in SENSELESS:
        body = json.dumps(NOTE | change)
        answer = client.post("/api/notes", content=body, headers={"Content-Type": "application/json"})
        check(answer, 422, "invalid")


def test_notes_are_paged_without_gap_or_repeat(client, seed):
    for n in range(23):
        seed.note(str(n), at(n // 3))
    found, cursor = [], None
    while True:
        answer = client.get(
            "/api/notes", params=RANGE | {"limit": 4} | ({"cursor": cursor} if cursor else {})
        )
        found += [note["text"] for note in answer.json()["notes"]]
        cursor = answer.json()["cursor"]
        if cursor is None:
            break
    assert found == [str(n) for n in range(23)]


def test_notes_written_at_once_are_all_in_the_copy(live, seed, memory):
    source = seed.source()
    answers: list[int] = []

    def write() -> None:
        for _ in range(5):
            answers.append(live.post("/api/notes", json=NOTE | {"source_id": source.id}).status_code)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 30
    assert len((memory.folder / source.folder / "notes.jsonl").read_text().splitlines()) == 30


def test_a_note_has_a_type_and_metadata_and_can_be_filtered_by_it(client):
    body = NOTE | {
        "type": "scene_description",
        "metadata": {"model": "v1", "boxes": [[1, 2]]},
        "author": "eye",
    }
    note = client.post("/api/notes", json=body).json()
    assert (note["type"], note["metadata"]) == ("scene_description", {"model": "v1", "boxes": [[1, 2]]})
    client.post("/api/notes", json=NOTE | {"tags": ["b"]})

    def found(**asked):
        return [one["id"] for one in client.get("/api/notes", params=RANGE | asked).json()["notes"]]

    assert found(type="scene_description") == found(author="eye") == found(tag="a") == [note["id"]]
    assert found(type="custom") == found(tag="nothing") == []
    check(client.get("/api/notes", params=RANGE | {"type": "poem"}), 422, "invalid")


UNKEPT = (
    '{"a": NaN}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', f'{{"a": "{"x" * 17_000}"}}', "[1]",
    f'{{"a": {"9" * 4000}}}', '{"a": [18446744073709551616]}', '{"a":' * 900 + "1" + "}" * 900,
    f'{{"a": {"[" * 40}{"]" * 40}}}',
)  # fmt: skip


def test_metadata_that_cannot_be_kept_is_invalid(client):
    for text in UNKEPT:
        body = json.dumps(NOTE)[:-1] + f', "metadata": {text}}}'
        answer = client.post("/api/notes", content=body, headers={"Content-Type": "application/json"})
        check(answer, 422, "invalid")
    assert client.post("/api/notes", json=NOTE).status_code == 201


def test_a_note_that_was_changed_meanwhile_is_not_overwritten(client):
    written = client.post("/api/notes", json=NOTE)
    address, tag = written.headers["location"], written.headers["etag"]
    assert client.get(address).headers["etag"] == tag
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    first = client.patch(address, json={"text": "mine"}, headers={"If-Match": tag})
    assert (first.status_code, first.headers["etag"] != tag) == (200, True)
    check(client.patch(address, json={"text": "late"}, headers={"If-Match": tag}), 412, "note_changed")
    check(client.delete(address, headers={"If-Match": tag}), 412, "note_changed")
    assert client.get(address).json()["text"] == "mine"
    assert client.patch(address, json={"text": "any"}, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(address, json={"text": "free"}).status_code == 200
    tag = client.get(address).headers["etag"]
    assert client.delete(address, headers={"If-Match": f'"other", {tag}'}).status_code == 204


def test_the_copy_of_a_note_holds_all_of_it(client, seed, memory):
    source = seed.source()
    facts = {"source_id": source.id, "type": "custom", "metadata": {"k": [1]}, "author": "ann"}
    client.post("/api/notes", json=NOTE | facts)
    row = json.loads((memory.folder / source.folder / "notes.jsonl").read_text())
    assert {name: row[name] for name in facts} == facts


@pytest.mark.parametrize("number", [0, -1, 2**63, -(2**63) - 1, 10**30])
def test_a_recording_that_no_database_can_number_is_invalid(client, number):
    check(client.post("/api/notes", json=NOTE | {"source_id": number}), 422, "invalid")
    check(client.get("/api/search", params={"q": "a", "source": number}), 422, "invalid")
    check(client.get("/api/transcript.txt", params={"source": number}), 422, "invalid")
    span = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z", "sources": [number]}
    check(client.post("/api/transcript/rerun", json=span), 422, "invalid")
