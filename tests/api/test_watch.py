"""Watched folders and plans over HTTP: whose folders, and what is said of them."""

import pytest

from .access import bearer, secret
from .seed import Seed, at


def test_without_a_watched_folder_the_report_is_empty(quiet):
    found = quiet.get("/api/watch").json()
    assert found["folders"] == found["recent"] == []
    assert (found["running"], found["after"]) == (False, "keep")


def test_the_owner_has_any_folder_watched_until_it_is_let_go(client, owner, tmp_path):
    asked = client.post("/api/watch", json={"folders": [str(tmp_path)], "seconds": 60}, headers=owner)
    assert asked.status_code == 200
    assert [(f["path"], f["state"]) for f in asked.json()["folders"]] == [(str(tmp_path), "unseen")]


def test_others_have_only_folders_beneath_the_roots_watched(client, memory, tmp_path):
    refused = client.post("/api/watch", json={"folders": [str(tmp_path)]})
    missing = client.post("/api/watch", json={"folders": [str(tmp_path / "gone")]})
    assert (refused.status_code, missing.status_code) == (404, 404)
    inbox = str(memory.folder / "inbox")
    assert client.post("/api/watch", json={"folders": [inbox]}).status_code == 200


def test_who_only_takes_recordings_in_hears_of_no_other_folder(client, memory, owner, tmp_path):
    text = secret(memory, "capture")
    client.app.state.access.load()
    client.post("/api/watch", json={"folders": [str(tmp_path)]}, headers=owner)
    inbox = str(memory.folder / "inbox")
    told = client.post("/api/watch", json={"folders": [inbox]}, headers=bearer(text)).json()
    assert [folder["path"] for folder in told["folders"]] == [inbox]
    whole = client.post("/api/watch", json={"folders": [inbox]}, headers=owner).json()
    assert {folder["path"] for folder in whole["folders"]} == {str(tmp_path), inbox}


@pytest.mark.parametrize(
    "body", [{}, {"folders": []}, {"folders": ["a\0b"]}, {"folders": ["/"], "seconds": -1}]
)
def test_what_cannot_be_watched_is_refused(quiet, body):
    assert quiet.post("/api/watch", json=body).status_code == 422


def test_a_plan_says_what_is_known_and_when_the_others_were_recorded(client, owner, seed: Seed, tmp_path):
    names = ("known.mp4", "VID_20261120_140000.mp4", "sidecar.mp4", "silent.mp4")
    known, named, beside, silent = files = [tmp_path / name for name in names]
    for file in files:
        file.write_bytes(b"x" * 7)
    (tmp_path / "sidecar.json").write_text('{"photoTakenTime": {"timestamp": "1763647200"}}')
    source = seed.source(path=str(known), size=7, added_at=at(86_400 * 3650))
    paths = [str(file) for file in (*files, tmp_path / "gone.mp4")]
    plan = client.post("/api/capture/plan", json={"paths": paths}, headers=owner).json()
    rows = {row["path"]: row for row in plan["files"]}
    assert set(rows) == {str(file) for file in files}
    assert {path: row["source_id"] for path, row in rows.items() if row["source_id"]} == {
        str(known): source.id
    }
    assert rows[str(named)]["time_source"] == "filename"
    assert rows[str(beside)]["started_at"] == "2025-11-20T14:00:00.000Z"
    assert rows[str(silent)]["started_at"] is None
    assert plan["bytes_per_second"] is None


@pytest.mark.parametrize("facts", [{"size": 8}, {"added_at": at(-86_400 * 3650)}])
def test_a_file_that_changed_since_it_was_taken_in_is_new(client, owner, seed: Seed, tmp_path, facts):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x" * 7)
    seed.source(**{"path": str(file), "size": 7, "added_at": at(86_400 * 3650)} | facts)
    plan = client.post("/api/capture/plan", json={"paths": [str(file)]}, headers=owner).json()
    assert plan["files"][0]["source_id"] is None


def test_a_plan_tells_nothing_of_files_outside_the_roots(client, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert client.post("/api/capture/plan", json={"paths": [str(tmp_path / "a.mp4")]}).json()["files"] == []
