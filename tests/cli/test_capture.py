"""`mem capture` through a running server."""

import json
from pathlib import Path

import pytest

from tests.cli import samples
from tests.cli.conftest import pure


@pytest.fixture
def video(tmp_path: Path) -> Path:
    file = tmp_path / "evening.mp4"
    file.write_bytes(b"not looked at here")
    return file


def test_the_summary_says_what_was_done_and_how_to_look_at_it(mem, api, video):
    result = mem("capture", str(video))
    assert result.exit_code == 0
    for fact in ("60 samples", "5 frames", "92 % dropped", "22 s", "48 words", "229 KiB", "30x real time"):
        assert fact in result.stdout
    assert "tiny.en" in result.stdout
    assert "2026-11-20 15:00:00 Europe/Berlin, UTC+01:00, as you said" in result.stdout
    assert "mem timeline --from 2026-11-20T14:00:00Z --to 2026-11-20T14:01:00Z" in result.stdout
    assert "mem search " in result.stdout
    assert 'mem frame "2026-11-20T14:00:05Z" -o frame.jpg' in result.stdout


def test_the_server_is_asked_as_its_owner_with_an_absolute_path_and_utc(mem, api, video, monkeypatch):
    monkeypatch.chdir(video.parent)
    mem("capture", video.name, "--started-at", "2026-11-20 15:00", "--location", "kitchen", "--device", "cam")
    (asked,) = api.requests("POST", "/api/capture")
    assert asked.body == {
        "path": str(video),
        "started_at": "2026-11-20T14:00:00Z",
        "location": "kitchen",
        "device": "cam",
    }
    assert asked.headers["Authorization"] == "Bearer the-key"


def test_json_is_pure_and_holds_job_and_source(mem, api, video):
    body = pure(mem("capture", str(video), "--json"))
    (capture,) = body["captures"]
    assert capture["job"]["result"]["frames"] == 5
    assert capture["source"]["id"] == 3
    assert capture["error"] is None


def test_progress_is_followed_by_events_and_said_in_a_line(mem, api, video):
    states = iter([samples.job(state="running", stage="see", progress=0.4, source_id=3), samples.done()])
    api.answers["GET /api/jobs/7"] = lambda _: next(states)
    api.streams["/api/jobs/7/events"] = [("progress", {"stage": "hear", "progress": 0.7})]
    result = mem("capture", str(video))
    assert result.exit_code == 0
    assert "evening.mp4: 40 %, looking at the pictures" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_known_file_is_said_to_be_known(mem, api, video):
    api.answers["GET /api/jobs/7"] = samples.done(result=samples.result(known=True))
    result = mem("capture", str(video))
    assert result.exit_code == 0
    assert "known already: source 3" in result.stdout


def test_a_failed_job_is_one_line_and_exit_1(mem, api, video):
    api.answers["GET /api/jobs/7"] = samples.done(
        state="failed", source_id=None, result=None, error_code="not_media", error_detail="It is a text file."
    )
    result = mem("capture", str(video))
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("mem: evening.mp4: It is a text file. Mem reads MP4,")


def test_a_partial_job_is_a_warning_and_exit_0(mem, api, video):
    api.answers["GET /api/jobs/7"] = samples.done(
        state="partial", error_code="cut_off", error_detail="The file ends after 30 s."
    )
    result = mem("capture", str(video))
    assert result.exit_code == 0
    assert "read only in part: The file ends after 30 s." in result.stderr
    assert "5 frames" in result.stdout


def test_a_doubtful_time_is_said_with_the_way_to_mend_it(mem, api, video):
    api.answers["GET /api/sources/3"] = samples.source(time_source="mtime", time_confidence="low")
    result = mem("capture", str(video))
    assert "guessed from when the file was last changed" in result.stdout
    assert "mem sources edit 3 --started-at" in result.stderr


def test_a_folder_gives_its_media_files_and_says_what_it_passes_over(mem, api, video, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.mp4").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "another.mkv").write_text("x")
    result = mem("capture", str(tmp_path))
    paths = [asked.body["path"] for asked in api.requests("POST", "/api/capture")]
    assert paths == [str(video), str(tmp_path / "sub" / "another.mkv")]
    assert "notes.txt" in result.stderr
    assert "1 hidden" in result.stderr
    assert "2 recordings taken in" in result.stdout


def test_a_folder_without_media_is_no_media(mem, api, tmp_path):
    (tmp_path / "empty").mkdir()
    result = mem("capture", str(tmp_path / "empty"), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["code"] == "no_media"
    assert result.stdout == ""


def test_a_missing_file_is_said_before_anything_is_handed_over(mem, api, video):
    result = mem("capture", str(video), "gone.mp4")
    assert result.exit_code == 1
    assert "There is no file" in result.stderr
    assert not api.requests("POST", "/api/capture")


def test_one_start_for_several_recordings_is_refused(mem, api, video, tmp_path):
    (tmp_path / "b.mp4").write_text("x")
    result = mem("capture", str(video), str(tmp_path / "b.mp4"), "--started-at", "2026-11-20")
    assert result.exit_code == 2
    assert not api.requests("POST", "/api/capture")


def test_a_refusal_is_said_and_the_other_files_go_on(mem, api, video, tmp_path):
    (tmp_path / "b.mp4").write_text("x")
    problem = {"title": "Empty", "status": 422, "detail": "The file is empty.", "code": "empty_file"}

    def answer(asked):
        return (422, problem) if asked.body["path"].endswith("b.mp4") else (202, samples.job())

    api.answers["POST /api/capture"] = answer
    result = mem("capture", str(tmp_path / "b.mp4"), str(video))
    assert result.exit_code == 1
    assert "mem: b.mp4: The file is empty." in result.stderr
    assert "1 recording taken in, 1 failed" in result.stdout


def test_without_waiting_the_job_is_named(mem, api, video):
    result = mem("capture", str(video), "--no-wait")
    assert result.exit_code == 0
    assert "job 7, queued" in result.stdout
    assert "mem jobs follow 7" in result.stdout
    assert not api.requests("GET", "/api/jobs/7")


def test_ctrl_c_says_that_the_server_goes_on(mem, api, video, monkeypatch):
    from mem.cli import following

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "follow", interrupted)
    result = mem("capture", str(video))
    assert result.exit_code == 130
    assert "the server goes on" in result.stderr
