"""delete, retention, export, and what notes say of themselves."""

import io
import json
import zipfile

import pytest

from tests.cli import samples
from tests.cli.conftest import pure

PLAN = {
    "from": "2026-11-20T14:00:00.000Z",
    "to": "2026-11-20T15:00:00.000Z",
    "source": None,
    "dry_run": True,
    "extent": {
        "sources": 1,
        "cut_sources": 1,
        "frames": 1204,
        "spans": 9,
        "segments": 2,
        "screen_texts": 0,
        "notes": 1,
        "originals": 1,
        "detached": 1,
        "original_bytes": 2**20,
        "pack_bytes": 2**20,
        "uncovered_ms": 65_000,
    },
}
RECEIPT = {
    "id": 4,
    "kind": "interval",
    "state": "done",
    "asked": {},
    "by": "owner",
    "removed": {"sources": 1, "frames": 1204},
    "freed_bytes": 2**21,
    "begun_at": "2026-11-23T10:00:00.000Z",
    "finished_at": "2026-11-23T10:00:01.000Z",
}
RANGE = ("--from", "2026-11-20 15:00", "--to", "2026-11-20 16:00")


def test_a_dry_run_says_what_would_go(mem, api):
    api.answers["POST /api/delete"] = PLAN
    said = mem("delete", *RANGE, "--dry-run").stdout
    for fact in (
        "1 source",
        "1,204 frames",
        "2 segments",
        "1 note",
        "2.0 MiB",
        "1:05 outside",
        "1 file captured",
    ):
        assert fact in said
    assert "screen" not in said
    (asked,) = api.requests("POST", "/api/delete")
    assert asked.body == {
        "from": "2026-11-20T14:00:00Z",
        "to": "2026-11-20T15:00:00Z",
        "source": None,
        "dry_run": True,
    }


def test_nothing_of_an_interval_is_deleted_without_a_yes(mem, api):
    api.answers["POST /api/delete"] = PLAN
    result = mem("delete", *RANGE)
    assert (result.exit_code, "--yes" in result.stderr) == (2, True)
    assert [one.body.get("dry_run") for one in api.requests("POST", "/api/delete")] == [True]


def test_a_deletion_is_waited_for_and_told(mem, api):
    api.answers["POST /api/delete"] = lambda request: PLAN if "dry_run" in request.body else RECEIPT
    said = mem("delete", *RANGE, "--yes").stdout
    assert "Deleted 1 source, 1,204 frames; 2.0 MiB freed. Receipt 4." in said
    assert "mem db compact" not in said


def test_it_is_said_that_deleted_rows_lie_in_a_large_file_for_a_while(mem, api):
    stay = RECEIPT | {"rows_in_file": True}
    api.answers["POST /api/delete"] = lambda request: PLAN if "dry_run" in request.body else stay
    assert (
        "within a day while a server runs, or now by `mem db compact`"
        in mem("delete", *RANGE, "--yes").stdout
    )


def _plan(**facts):
    forecast = {
        "used_bytes": 2**30,
        "left_bytes": 2**31,
        "paces": [{"days": 7, "bytes_per_day": 2**20, "full_in_days": 2048.0}],
    }
    given = {
        "rules": [{"what": "thin", "days": 9}],
        "removed": {},
        "notes": 0,
        "over_bytes": 0,
        "skipped": [],
    }
    return {**given, "freed_bytes": 0, "dry_run": True, "forecast": forecast, "last": None, **facts}


def test_retention_says_what_would_go_and_when_the_disk_is_full(mem, api):
    removed = {"thin": {"sources": 2, "frames": 1204, "bytes": 2**20}}
    api.answers["GET /api/retention"] = _plan(removed=removed, over_bytes=2**20, skipped=[3])
    said = mem("retention", "--dry-run").stdout
    for fact in ("one a minute of 2 sources, 1,204 frames", "full in 2,048 days", "1 source left alone"):
        assert fact in said
    assert not api.requests("POST", "/api/retention")


def test_retention_without_rules_says_how_to_have_some(mem, api):
    api.answers["GET /api/retention"] = _plan(rules=[])
    assert "storage.retention_days" in mem("retention").stdout
    assert not api.requests("POST", "/api/retention")


def test_retention_runs_and_tells(mem, api):
    api.answers["GET /api/retention"] = _plan()
    api.answers["POST /api/retention"] = (202, RECEIPT | {"state": "running"})
    api.answers["GET /api/receipts/4"] = RECEIPT
    assert "2.0 MiB freed" in mem("retention").stdout


def test_pins_are_made_and_listed(mem, api):
    row = {
        "id": 2,
        "source_id": 3,
        "start": "2026-11-20T14:00:00.000Z",
        "end": "2026-11-20T15:00:00.000Z",
        "reason": "birth",
    }
    api.answers["POST /api/pins"] = (201, row)
    api.answers["GET /api/pins"] = {"pins": [row], "cursor": None}
    api.answers["GET /api/pins/2"] = row
    api.answers["DELETE /api/pins/2"] = (204, b"")
    assert "Pin 2 keeps" in mem("retention", "pin", *RANGE, "-s", "3", "--reason", "birth").stdout
    (asked,) = api.requests("POST", "/api/pins")
    assert (asked.body["source_id"], asked.body["start"]) == (3, "2026-11-20T14:00:00Z")
    assert "birth" in mem("retention", "pins").stdout
    assert "Pin 2 is gone" in mem("retention", "unpin", "2").stdout
    api.answers["GET /api/receipts"] = {"receipts": [RECEIPT], "cursor": None}
    assert "1 source, 1,204 frames" in mem("retention", "receipts").stdout


def _archive(**facts):
    manifest = {
        "from": "2026-11-20T14:00:00.000Z",
        "to": "2026-11-20T15:00:00.000Z",
        "range_defaulted": False,
        "counts": {"files": 3, "sources": 1},
        "bytes": 2**20,
        "omitted": [{"source": 3, "what": "recording", "why": "It is gone."}],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest | facts))
    return out.getvalue()


def test_an_export_is_written_and_what_is_left_out_is_said(mem, api, tmp_path):
    api.answers["GET /api/export"] = (200, _archive())
    result = mem("export", *RANGE, "-o", "out.zip")
    assert "Wrote out.zip: 3 files of 1 source" in result.stdout
    assert "It is gone." in result.stderr
    assert zipfile.is_zipfile(tmp_path / "out.zip")
    (asked,) = api.requests("GET", "/api/export")
    assert asked.query["from"] == ["2026-11-20T14:00:00Z"]
    assert pure(mem("export", "-o", "again.zip", "--json"))["manifest"]["counts"]["files"] == 3


def test_an_export_that_broke_off_leaves_what_was_there(mem, api, tmp_path):
    (tmp_path / "out.zip").write_bytes(b"before")
    api.answers["GET /api/export"] = (200, _archive()[:-30])
    result = mem("export", "-o", "out.zip")
    assert (result.exit_code, "broke off" in result.stderr) == (1, True)
    assert (tmp_path / "out.zip").read_bytes() == b"before"
    assert list(tmp_path.glob(".*.part")) == []
    assert mem("export", "-o", "no/such/folder.zip").exit_code == 1


def test_a_note_is_added_with_type_and_data(mem, api):
    api.answers["POST /api/notes"] = (201, samples.note())
    mem("notes", "add", "Cat", "--type", "action_detected", "--meta", "score=0.9", "--meta", "who=the cat")
    (asked,) = api.requests("POST", "/api/notes")
    assert (asked.body["type"], asked.body["metadata"]) == (
        "action_detected",
        {"score": 0.9, "who": "the cat"},
    )
    assert mem("notes", "add", "Cat", "--meta", "score").exit_code == 2
    assert mem("notes", "add", "Cat", "--type", "poem").exit_code == 2


def test_notes_are_listed_by_tag_type_and_author(mem, api):
    mem("notes", "list", "--tag", "a", "--type", "custom", "--author", "ann")
    (asked,) = api.requests("GET", "/api/notes")
    assert {name: asked.query[name] for name in ("tag", "type", "author")} == {
        "tag": ["a"],
        "type": ["custom"],
        "author": ["ann"],
    }


@pytest.mark.parametrize("words", [("edit", "31", "--text", "x"), ("delete", "31", "--yes")])
def test_a_change_can_depend_on_the_etag(mem, api, words):
    api.answers["PATCH /api/notes/31"] = samples.note()
    api.answers["DELETE /api/notes/31"] = (204, b"")
    assert mem("notes", *words, "--if-match", "abc").exit_code == 0
    (asked,) = api.requests("PATCH" if words[0] == "edit" else "DELETE", "/api/notes/31")
    assert asked.headers["If-Match"] == '"abc"'
    assert "Doorbell" in mem("notes", "show", "31").stdout
