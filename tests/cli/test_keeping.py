"""sources, notes, jobs and config."""

import json

from tests.cli import samples
from tests.cli.conftest import pure


def test_sources_are_listed_with_or_without_the_word_list(mem, api):
    assert mem("sources").stdout == mem("sources", "list").stdout
    said = mem("sources").stdout
    assert "RECORDED (EUROPE/BERLIN, UTC+01:00)" in said
    for fact in ("3", "2026-11-20 15:00:00", "1:00", "ready", "2.9 MiB", "evening.mp4"):
        assert fact in said
    assert pure(mem("sources", "--json"))["sources"][0]["id"] == 3


def test_sources_mark_a_doubtful_time(mem, api):
    doubtful = samples.source(time_confidence="low", time_source="mtime")
    api.answers["GET /api/sources"] = {"sources": [doubtful], "cursor": None}
    assert "2026-11-20 15:00:00 ?" in mem("sources").stdout


def test_no_sources_say_how_to_begin(mem, api):
    api.answers["GET /api/sources"] = {"sources": [], "cursor": None}
    assert "mem capture FILE" in mem("sources").stdout


def test_a_source_is_shown_by_number_or_name(mem, api):
    assert mem("sources", "show", "3").stdout == mem("sources", "show", "evening.mp4").stdout
    assert "h264, 320 x 240, 25 a second" in mem("sources", "show", "3").stdout


def test_a_source_is_redated_in_the_readers_zone(mem, api):
    api.answers["PATCH /api/sources/3"] = samples.source(started_at="2026-07-01T10:00:00.000Z")
    result = mem("sources", "edit", "3", "--started-at", "2026-07-01 12:00", "--name", "summer")
    (asked,) = api.requests("PATCH", "/api/sources/3")
    assert asked.body == {"started_at": "2026-07-01T10:00:00Z", "name": "summer"}
    assert "2026-07-01 12:00:00 Europe/Berlin, UTC+02:00" in result.stdout


def test_an_edit_of_nothing_is_a_usage_error(mem, api):
    assert mem("sources", "edit", "3").exit_code == 2
    assert mem("notes", "edit", "31").exit_code == 2


def test_nothing_is_deleted_without_a_yes(mem, api):
    api.answers["DELETE /api/sources/3"] = {"removed": {"frames": 5, "notes": 0}, "freed_bytes": 234_567}
    result = mem("sources", "delete", "3")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert not api.requests("DELETE", "/api/sources/3")
    said = mem("sources", "delete", "3", "--yes").stdout
    assert "5 frames" in said
    assert "229 KiB freed" in said
    assert "notes" not in said


def test_notes_are_written_listed_changed_and_deleted(mem, api):
    api.answers["POST /api/notes"] = (201, samples.note())
    api.answers["PATCH /api/notes/31"] = samples.note(text="Postman")
    api.answers["DELETE /api/notes/31"] = (204, b"")
    said = mem("notes", "add", "Doorbell", "--at", "2026-11-20 15:00:10", "-t", "home", "-t", "door")
    assert "note 31" in said.stdout
    (asked,) = api.requests("POST", "/api/notes")
    assert asked.body["start"] == "2026-11-20T14:00:10Z"
    assert asked.body["tags"] == ["home", "door"]
    assert "Doorbell" in mem("notes").stdout
    assert "Postman" in mem("notes", "edit", "31", "--text", "Postman").stdout
    assert mem("notes", "delete", "31", "--yes").exit_code == 0
    assert api.requests("DELETE", "/api/notes/31")


def test_notes_are_listed_for_all_time_unless_a_range_is_given(mem, api):
    mem("notes", "list")
    (asked,) = api.requests("GET", "/api/notes")
    assert asked.query["from"][0] < "1950"
    assert asked.query["to"][0] > "2400"


def test_jobs_are_listed_and_shown(mem, api):
    failed = samples.done(id=8, state="failed", error_code="not_media", error_detail="It is a text file.")
    api.answers["GET /api/jobs"] = {"jobs": [failed, samples.done()], "cursor": None}
    said = mem("jobs").stdout
    assert "not_media, It is a text file." in said
    assert "evening.mp4" in said
    assert "tiny.en" in mem("jobs", "show", "7").stdout
    assert pure(mem("jobs", "show", "7", "--json"))["id"] == 7


def test_jobs_are_filtered_by_state(mem, api):
    mem("jobs", "list", "--state", "failed")
    (asked,) = api.requests("GET", "/api/jobs")
    assert asked.query["state"] == ["failed"]


def test_a_job_is_followed_to_its_end(mem, api):
    assert "5 frames" in mem("jobs", "follow", "7").stdout
    api.answers["GET /api/jobs/7"] = samples.done(state="cancelled", error_code=None)
    result = mem("jobs", "follow", "7")
    assert result.exit_code == 1
    assert "mem jobs retry 7" in result.stderr


def test_a_job_is_cancelled_and_tried_again(mem, api):
    api.answers["POST /api/jobs/7/cancel"] = (202, samples.job(state="cancelled"))
    api.answers["POST /api/jobs/7/retry"] = (202, samples.job())
    assert "is cancelled" in mem("jobs", "cancel", "7").stdout
    assert "is queued again" in mem("jobs", "retry", "7").stdout


def test_a_conflict_is_one_line_with_its_code(mem, api):
    problem = {"status": 409, "code": "not_cancellable", "detail": "The job has ended.", "hint": "See it."}
    api.answers["POST /api/jobs/7/cancel"] = (409, problem)
    result = mem("jobs", "cancel", "7")
    assert (result.exit_code, result.stderr) == (1, "mem: The job has ended. See it.\n")
    told = json.loads(mem("jobs", "cancel", "7", "--json").stderr)
    assert (told["code"], told["status"]) == ("not_cancellable", 409)


def test_the_configuration_is_shown_with_what_was_set(mem):
    said = mem("config", "show", "--set", "whisper.model=base").stdout
    (line,) = [line for line in said.splitlines() if line.startswith("whisper.model ")]
    assert line.split()[1:3] == ["base", "auto"]
    assert pure(mem("--json", "config", "show"))["api.port"] == 8000


def test_a_bad_configuration_is_78_and_names_the_nearest_key(mem, tmp_path):
    assert mem("config", "check").exit_code == 0
    (tmp_path / "config.yaml").write_text("whisper:\n  modell: base\n")
    result = mem("config", "check")
    assert result.exit_code == 78
    assert "Did you mean 'whisper.model'?" in result.stderr
