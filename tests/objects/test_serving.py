"""A real server whose frames and recordings lie in a bucket, asked as anybody asks it."""

import hashlib
import time
from pathlib import Path

import httpx
import pytest

from tests import servers, videos


@pytest.fixture
def given(settings, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "data" / "inbox").mkdir(parents=True, mode=0o700)
    (tmp_path / "data").chmod(0o700)
    return {key.replace(".", "__"): str(value) for key, value in settings.items() if key != "data_dir"}


def uploaded(server: servers.Server, file: Path) -> dict:
    answer = httpx.post(
        f"{server.url}/api/upload",
        params={"filename": file.name, "started_at": "2026-11-20T12:00:00Z"},
        content=file.read_bytes(),
        headers={"Authorization": f"Bearer {server.key}"},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text
    return server.wait(answer.json()["id"])


def recorded(file: Path, starts_ms: list[int]) -> Path:
    return videos.write(file, videos.scenes(starts_ms, 6.0))


def until(wanted, seconds: float = 30):
    limit = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_an_upload_ends_in_the_bucket_and_is_shown_from_there(given, tmp_path, weed):
    data, video = tmp_path / "data", recorded(tmp_path / "talk.mp4", [0, 2000, 4000])
    server = servers.start(data, **given)
    try:
        job = uploaded(server, video)
        assert job["state"] == "done", job
        source = job["source_id"]
        folder = data / server.get(f"/api/sources/{source}").json()["folder"]
        until(lambda: not [*folder.glob("frames-*.tar"), *folder.glob("original.mp4")])
        assert sorted(path.name for path in folder.glob("*.pointer")) == [
            "frames-000001.tar.pointer", "original.mp4.pointer",
        ]  # fmt: skip
        hour = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"}
        frames = server.get("/api/frames", **hour).json()
        assert frames["frames"]
        for path in (data / "cache").rglob("*"):
            path.unlink() if path.is_file() else None
        for frame in frames["frames"]:
            shown = server.get(f"/api/frames/{frame['id']}/image")
            assert hashlib.sha256(shown.content).hexdigest() == frame["sha256"]
        whole = server.get(f"/api/sources/{source}/video")
        assert whole.content == video.read_bytes()
        asked = {"Range": "bytes=100-299", "If-Range": whole.headers["etag"]}
        part = httpx.get(f"{server.url}/api/sources/{source}/video", headers=asked)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes 100-299/{len(whole.content)}"
        assert part.content == whole.content[100:300]
        end = httpx.get(f"{server.url}/api/sources/{source}/video", headers={"Range": "bytes=-5"})
        assert end.content == whole.content[-5:]
        behind = httpx.get(f"{server.url}/api/sources/{source}/video", headers={"Range": "bytes=9999999-"})
        assert behind.status_code == 416
        for path in (data / "cache").rglob("*"):
            path.unlink() if path.is_file() else None
        job = httpx.post(
            f"{server.url}/api/sources/{source}/rerun",
            json={"stages": ["frames"]},
            headers={"Authorization": f"Bearer {server.key}"},
        ).json()
        assert server.wait(job["id"])["state"] == "done"
        until(lambda: not list(folder.glob("frames-*.tar")))
        anew = server.get("/api/frames", **hour).json()["frames"]
        assert [each["sha256"] for each in anew] == [each["sha256"] for each in frames["frames"]]
        assert anew[0]["pack"] != frames["frames"][0]["pack"]
        assert server.get(f"/api/frames/{anew[0]['id']}/image").status_code == 200
        assert len(list(folder.glob("frames-*.pointer"))) == 1
        head = httpx.head(f"{server.url}/api/sources/{source}/video")
        assert (head.status_code, int(head.headers["content-length"])) == (200, len(whole.content))
    finally:
        server.process.terminate()
        server.process.wait()
    assert "mem-test-secret-canary" not in (tmp_path / "serve.log").read_text()


def test_a_bucket_that_is_away_is_503_for_pictures_and_nothing_to_captures(given, tmp_path, proxy):
    data = tmp_path / "data"
    server = servers.start(data, **given | {"storage__s3__timeout_seconds": "1"})
    try:
        first = uploaded(server, recorded(tmp_path / "a.mp4", [0, 2000]))
        folder = data / server.get(f"/api/sources/{first['source_id']}").json()["folder"]
        until(lambda: not [*folder.glob("frames-*.tar"), *folder.glob("original.mp4")])
        for path in (data / "cache").rglob("*"):
            path.unlink() if path.is_file() else None
        proxy.errors = 1.0
        second = uploaded(server, recorded(tmp_path / "b.mp4", [0, 1000, 3000]))
        assert second["state"] == "done", second
        refused = server.get("/api/frames/1/image")
        assert refused.status_code == 503
        assert refused.json()["code"] == "storage_failed"
        assert "retry-after" in refused.headers
        assert server.get(f"/api/sources/{first['source_id']}/video").status_code == 503
        until(lambda: any("storage:" in each for each in server.get("/api/status").json()["reasons"]))
        metrics = server.get("/metrics").text
        for name in ("mem_objects_waiting", "mem_objects_failed_total", 'mem_object_bytes_total{way="up"}'):
            assert float(metrics.split(f"\n{name} ")[1].split()[0]) > 0, name
        proxy.errors = 0.0
        until(lambda: server.get("/api/frames/1/image").status_code == 200)
        folder = data / server.get(f"/api/sources/{second['source_id']}").json()["folder"]
        until(lambda: not [*folder.glob("frames-*.tar")], 60)
        until(lambda: not any("storage:" in each for each in server.get("/api/status").json()["reasons"]))
    finally:
        server.process.terminate()
        server.process.wait()
