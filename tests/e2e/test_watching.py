"""A folder watched by a real server: files that grow, move and are renamed are taken in once each."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tests import servers, videos

FAST = {"capture__watch_settle_seconds": "1.2", "capture__watch_poll_seconds": "0.2"}


def video(path: Path, seed: int, *, seconds: float = 2) -> Path:
    videos.write(path, videos.at_rate([(0, videos.scene(seed))], seconds))
    return path


def until(found, wanted, seconds: float = 60):
    """Wait until `found()` is `wanted`."""
    limit = time.monotonic() + seconds
    while (now := found()) != wanted:
        assert time.monotonic() < limit, now
        time.sleep(0.1)


def sources(server) -> list[tuple]:
    rows = server.get("/api/sources").json()["sources"]
    return sorted((row["name"], row["location"], row["device"], row["state"]) for row in rows)


def report(server) -> dict:
    (folder,) = server.get("/api/watch").json()["folders"]
    return folder


def settled(server) -> tuple[int, int, int, int]:
    folder = report(server)
    return folder["files"], folder["taken"], folder["working"], folder["waiting"]


def test_a_folder_is_taken_in_as_it_fills_and_changes(tmp_path):
    watched, ready = tmp_path / "watched", tmp_path / "ready"
    (watched / "hall" / "door").mkdir(parents=True)
    ready.mkdir()
    first, slow = video(ready / "first.mp4", 1), video(ready / "slow.mp4", 2)
    with servers.running(tmp_path / "data", capture__watch=f'["{watched}"]', **FAST) as server:
        shutil.copy(first, watched / "hall" / "door" / "first.mp4")
        (watched / "readme.txt").write_text("x")
        content = slow.read_bytes()
        growing = watched / "slow.mp4"
        for part in np.array_split(np.frombuffer(content, np.uint8), 8):  # opened anew for each part
            with growing.open("ab") as file:
                file.write(part.tobytes())
            time.sleep(0.4)
            assert all(name != "slow.mp4" for name, *_ in sources(server)), "a half-written file was taken"
        until(lambda: settled(server), (2, 2, 0, 0))
        taken = [("first.mp4", "hall", "door", "ready"), ("slow.mp4", None, None, "ready")]
        assert sources(server) == taken

        (watched / "sub").mkdir()
        growing.rename(watched / "sub" / "renamed.mp4")
        until(lambda: settled(server), (2, 2, 0, 0))
        until(lambda: len(server.get("/api/jobs").json()["jobs"]), 3)
        until(lambda: settled(server), (2, 2, 0, 0))
        assert sources(server) == taken
        assert server.get("/api/sources/2").json()["path"] == str(watched / "sub" / "renamed.mp4")
        passed = {one["reason"]: one["examples"] for one in report(server)["passed_over"]}
        assert passed == {"other": ["readme.txt"]}
    with servers.running(tmp_path / "data", capture__watch=f'["{watched}"]', **FAST) as server:
        until(lambda: settled(server), (2, 2, 0, 0))
        time.sleep(2)
        assert len(server.get("/api/jobs").json()["jobs"]) == 3, "something was handed over again"


def test_one_round_from_the_command_line_moves_what_it_took(tmp_path):
    folder = tmp_path / "card"
    folder.mkdir()
    video(folder / "a.mp4", 3)
    (folder / "broken.mp4").write_text("this is text")
    facts = FAST | {"capture__watch_after": "move"}
    done = servers.mem(tmp_path / "data", "watch", "--once", str(folder), **facts)
    assert done.returncode == 1, done.stderr
    assert "a.mp4: taken in, source 1" in done.stdout
    assert "broken.mp4: failed" in done.stderr
    assert sorted(path.name for path in folder.rglob("*.mp4")) == ["a.mp4", "broken.mp4"]
    assert (folder / "taken" / "a.mp4").exists()
    again = servers.answer(tmp_path / "data", "sources", "show", "1")
    assert again["path"] == str(folder / "taken" / "a.mp4")


@pytest.mark.timeout(200)
def test_thousands_of_files_are_planned_without_reading_them(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    video(tmp_path / "one.mp4", 4)
    for number in range(2_000):
        name = f"VID_20261120_{number // 100:02}{number % 60:02}{number % 59:02}_{number}.mp4"
        shutil.copy(tmp_path / "one.mp4", folder / name) if number % 400 == 0 else (
            folder / name
        ).write_bytes(b"x")
    began = time.monotonic()
    plan = servers.answer(tmp_path / "data", "capture", str(folder), "--dry-run")
    assert (plan["new"], len(plan["files"]), plan["unseen"]) == (2_000, 2_000, 0)
    assert all(file["time_source"] == "filename" for file in plan["files"])
    assert plan["new_seconds"] > 0
    assert time.monotonic() - began < 60
    assert servers.answer(tmp_path / "data", "jobs")["jobs"] == []


def test_a_folder_taken_in_again_is_not_read_again(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed in (5, 6):
        video(folder / f"VID_20261120_14000{(seed - 5) * 2}.mp4", seed)
    data = tmp_path / "data"
    first = servers.mem(data, "capture", str(folder), "--device", "cam")
    assert first.returncode == 0, first.stderr
    assert "2 recordings to take in" in first.stderr
    again = servers.mem(data, "capture", str(folder))
    assert "0 recordings to take in" in again.stderr
    assert "2 known already" in again.stderr
    assert len(servers.answer(data, "jobs")["jobs"]) == 2
    timeline = servers.answer(
        data, "timeline", "--from", "2026-11-20T13:00:00Z", "--to", "2026-11-20T15:00:00Z"
    )
    assert timeline["continues"] == {"2": 1}
