"""A real `mem serve` in a process of its own, for tests that need one to start, kill and start again."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

SETTINGS = {
    "api.port": "0",
    "storage.min_free_bytes": "0",
    "whisper.model": "tiny.en",
    "capture.frame.interval_seconds": "1",
    "capture.screen_text": "off",
    "capture.timezone": "UTC",
}


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a `mem` process over `data_dir`; keys of settings write a dot as two underscores."""
    given = SETTINGS | {name.replace("__", "."): value for name, value in settings.items()}
    names = {f"MEM_{key.upper().replace('.', '__')}": value for key, value in given.items()}
    return os.environ | names | {"MEM_DATA_DIR": str(data_dir), "COLUMNS": "120"}


def mem(
    data_dir: Path, *words: str, timeout: float = 120, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one `mem` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mem", *words],
        env=environment(data_dir, **settings),
        cwd=data_dir.parent,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def answer(data_dir: Path, *words: str, **settings: str):
    """What one `mem … --json` command prints; its failure is shown."""
    done = mem(data_dir, *words, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen
    url: str
    key: str

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def get(self, path: str, **params: object) -> httpx.Response:
        """Ask it."""
        return httpx.get(f"{self.url}{path}", params=params, timeout=30)

    def capture(self, path: Path, **facts: object) -> dict:
        """Ask it, as its owner, to take in a file; gives the job."""
        headers = {"Authorization": f"Bearer {self.key}"}
        body = {"path": str(path), **facts}
        answer = httpx.post(f"{self.url}/api/capture", json=body, headers=headers, timeout=30)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def job(self, job_id: int) -> dict:
        """The job as it stands."""
        return self.get(f"/api/jobs/{job_id}").json()

    def wait(self, job_id: int, seconds: float = 120) -> dict:
        """The job once it has ended."""
        limit = time.monotonic() + seconds
        while (job := self.job(job_id))["state"] in ("queued", "running", "retrying"):
            assert time.monotonic() < limit, job
            time.sleep(0.1)
        return job


def start(data_dir: Path, **settings: str) -> Server:
    """Start a server and wait until it answers."""
    note = data_dir / "server.json"
    note.unlink(missing_ok=True)
    with (data_dir.parent / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mem", "serve"],
            env=environment(data_dir, **settings),
            cwd=data_dir.parent,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, httpx.TransportError):
            said = json.loads(note.read_text())
            httpx.get(f"{said['url']}/healthz", timeout=5).raise_for_status()
            return Server(process, said["url"], said["key"])
        assert process.poll() is None, (data_dir.parent / "serve.log").read_text()
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def start_beside(data_dir: Path, first: Server, **settings: str) -> Server:
    """Start another server over the same data directory, on a port of its own; the first keeps its note."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (data_dir.parent / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mem", "serve", "--port", str(port)],
            env=environment(data_dir, **settings),
            cwd=data_dir.parent,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).raise_for_status()
            return Server(process, f"http://127.0.0.1:{port}", first.key)
        assert process.poll() is None, (data_dir.parent / "serve.log").read_text()
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@contextlib.contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[Server]:
    """A server for the length of the block, stopped gently."""
    server = start(data_dir, **settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            server.process.wait(timeout=40)
