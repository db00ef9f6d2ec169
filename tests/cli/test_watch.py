"""`mem watch` through a running server, and the plan of `mem capture FOLDER`."""

import json
from pathlib import Path

import pytest

from tests.cli import samples
from tests.cli.conftest import pure


def folder(path: Path | str, **changes: object) -> dict:
    return {
        "path": str(path),
        "state": "watched",
        "looked_at": "2026-11-23T10:00:00.000Z",
        "files": 3,
        "taken": 2,
        "working": 0,
        "waiting": 0,
        "passed_over": [
            {
                "reason": "failed",
                "why": "could not be taken in",
                "files": 1,
                "examples": ["c.mp4: It is empty."],
            }
        ],
    } | changes


def report(*folders: dict, ended=(), **changes: object) -> dict:
    return {
        "running": True,
        "settle_seconds": 0.0,
        "poll_seconds": 0.1,
        "after": "keep",
        "held_back": None,
        "folders": list(folders),
        "recent": [
            {"number": n, "path": f"/w/{name}", "state": state, "source_id": 3, "detail": detail}
            for n, (name, state, detail) in enumerate(ended, 1)
        ],
    } | changes


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("mem.cli.watching.ASK_SECONDS", 0.01)


def test_the_watched_folders_are_shown_with_what_was_passed_over_and_why(mem, api):
    api.answers["GET /api/watch"] = report(folder("/cameras"), folder("/card", state="gone", passed_over=[]))
    said = mem("watch").stdout
    assert "/cameras" in said
    assert "/card (not there)" in said
    assert "1 file, could not be taken in: c.mp4: It is empty." in said


def test_without_a_watched_folder_it_says_how_to_have_one(mem, api):
    api.answers["GET /api/watch"] = report()
    assert "capture.watch" in mem("watch").stdout
    assert pure(mem("watch", "--json"))["folders"] == []


def test_a_server_that_does_not_watch_is_said(mem, api):
    api.answers["GET /api/watch"] = report(folder("/cameras"), running=False)
    assert "mem serve" in mem("watch").stdout


def test_one_round_asks_until_all_is_done_and_tells_each_file(mem, api, tmp_path):
    done = [("b.mp4", "done", None), ("c.mp4", "failed", "It is empty.")]
    steps = iter(
        [
            report(folder(tmp_path, state="unseen", taken=0)),
            report(folder(tmp_path, waiting=3, taken=0)),
            report(folder(tmp_path, working=1, taken=1), ended=done[:1]),
            report(folder(tmp_path), ended=done),
        ]
    )
    last = report(folder(tmp_path), ended=done)
    api.answers["POST /api/watch"] = lambda _: next(steps, last)
    result = mem("watch", "--once", str(tmp_path))
    assert result.exit_code == 1
    assert result.stdout.count("b.mp4: taken in, source 3") == 1
    assert "mem: c.mp4: failed: It is empty." in result.stderr
    asked = [one.body for one in api.requests("POST", "/api/watch")]
    assert asked[0] == {"folders": [str(tmp_path)], "seconds": 60.0}
    assert asked[-1] == {"folders": [str(tmp_path)], "seconds": 0}


def test_one_round_waits_until_what_was_taken_is_moved(mem, api, tmp_path):
    steps = iter([report(folder(tmp_path), after="move"), report(folder(tmp_path, taken=0), after="move")])
    last = report(folder(tmp_path, taken=0), after="move")
    api.answers["POST /api/watch"] = lambda _: next(steps, last)
    assert mem("watch", "--once", str(tmp_path)).exit_code == 0
    assert len(api.requests("POST", "/api/watch")) == 3


def test_ctrl_c_ends_the_watching_and_says_what_was_passed_over(mem, api, tmp_path, monkeypatch):
    api.answers["POST /api/watch"] = report(folder(tmp_path))

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mem.cli.watching.time.sleep", interrupted)
    result = mem("watch", str(tmp_path))
    assert result.exit_code == 0
    assert "Ctrl-C ends it" in result.stderr
    assert "could not be taken in" in result.stdout
    assert api.requests("POST", "/api/watch")[-1].body["seconds"] == 0


def test_one_round_over_a_folder_that_is_not_there_fails(mem, api, tmp_path):
    api.answers["GET /api/watch"] = report(folder(tmp_path, state="gone", passed_over=[]))
    assert mem("watch", "--once").exit_code == 1


def planned(path: Path, **changes: object) -> dict:
    facts = {"size": 1_000_000, "source_id": None, "time_source": None, "time_confidence": None}
    return {"path": str(path), "started_at": None} | facts | changes


@pytest.fixture
def three(tmp_path, api) -> list[Path]:
    """Three recordings: one known, one whose name says when, one that says nothing."""
    files = [tmp_path / "clips" / name for name in ("a.mp4", "b.mp4", "c.mp4")]
    files[0].parent.mkdir()
    for file in files:
        file.write_text("x")
    rows = [
        planned(files[0], source_id=3),
        planned(files[1], started_at="2026-11-20T14:00:00.000Z", time_source="filename"),
        planned(files[2]),
    ]
    api.answers["POST /api/capture/plan"] = {"files": rows, "bytes_per_second": 1_000.0}
    return files


def test_many_recordings_are_planned_before_they_are_taken_in(mem, api, three):
    result = mem("capture", str(three[0].parent))
    assert "2 recordings to take in (1.9 MiB, about 33:20 of recording), 1 known already." in result.stderr
    assert "from 2026-11-20 15:00:00 to 2026-11-20 15:00:00; 1 do not say when" in result.stderr
    asked = [one.body["path"] for one in api.requests("POST", "/api/capture")]
    assert asked == [str(three[1]), str(three[2])]
    assert "2 recordings taken in, 1 known already" in result.stdout


def test_a_plan_alone_takes_nothing_in(mem, api, three):
    assert pure(mem("capture", str(three[0].parent), "--dry-run", "--json"))["new"] == 2
    assert mem("capture", str(three[0].parent), "--dry-run").stdout == ""
    assert not api.requests("POST", "/api/capture")


def test_a_recording_that_is_not_read_again_still_comes_with_its_source(mem, api, three):
    captures = pure(mem("capture", str(three[0].parent), "--json"))["captures"]
    assert [capture["source"]["name"] for capture in captures] == ["evening.mp4"] * 3
    assert [capture["job"] is None for capture in captures] == [True, False, False]


def test_progress_of_many_names_the_share_of_all(mem, api, three):
    states = iter([samples.job(state="running", stage="see", progress=0.5, source_id=3)])
    api.answers["GET /api/jobs/7"] = lambda _: next(states, samples.done())
    lines = mem("capture", str(three[0].parent)).stderr.splitlines()
    assert "0 of 2 recordings, 25 %; b.mp4: 50 %, looking at the pictures" in lines


def test_the_plan_of_thousands_is_asked_for_in_parts(mem, api, tmp_path):
    for number in range(450):
        (tmp_path / f"{number}.mp4").write_text("x")

    def answer(asked):
        return {"files": [planned(Path(path)) for path in asked.body["paths"]], "bytes_per_second": 10.0}

    api.answers["POST /api/capture/plan"] = answer
    assert pure(mem("capture", str(tmp_path), "--dry-run", "--json"))["new"] == 450
    asked = api.requests("POST", "/api/capture/plan")
    assert [len(one.body["paths"]) for one in asked] == [200, 200, 50]
    assert [one.body["probe"] for one in asked] == [5, 0, 0]
    assert all(len(json.dumps(one.body)) < 2**20 for one in asked)
