"""Processes of Mem that share one database: servers, workers, and those that misbehave."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mem import config as mem_config
from mem import types
from mem.config import Config
from mem.memory import Memory, open_memory
from mem.store import jobs
from tests import servers

ROOT = Path(__file__).parents[2]
LEASE = 5  # seconds, the shortest that the configuration takes


class Fleet:
    """What runs over the database at `url` and the data directory."""

    def __init__(self, data: Path, url: str) -> None:
        self.data = data
        self.url = url
        self.settings = {
            "database__url": url,
            "jobs__backend": "workers",
            "jobs__lease_seconds": str(LEASE),
            "jobs__poll_seconds": "0.1",
            "logging__format": "json",
        }
        self.log = data.parent / "workers.log"
        self.workers: list[subprocess.Popen] = []
        self._stack = contextlib.ExitStack()

    @property
    def config(self) -> Config:
        """The configuration of its processes."""
        given = servers.SETTINGS | {name.replace("__", "."): text for name, text in self.settings.items()}
        return mem_config.load({"data_dir": str(self.data), **given}, environ={})

    def memory(self) -> Memory:
        """The memory, open in this process until the test ends."""
        return self._stack.enter_context(open_memory(self.config))

    def worker(self, *words: str, program: str = "tests.scale.hand") -> subprocess.Popen:
        """Start a worker process; with the cheap work of hand.py, or `program` "mem"."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", program, "worker", *words],
                env=servers.environment(self.data, **self.settings) | {"PYTHONPATH": str(ROOT)},
                cwd=self.data.parent,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def server(self) -> servers.Server:
        """Start an API process."""
        server = servers.start(self.data, **self.settings)
        self._stack.callback(_end, server.process)
        return server

    def also(self, process: subprocess.Popen) -> None:
        """End this one too."""
        self.workers.append(process)

    def logged(self, action: str) -> list[dict]:
        """The lines that its workers logged about an action."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("action") == action]

    def close(self) -> None:
        """End what still runs."""
        for process in self.workers:
            _end(process)
        self._stack.close()


def queue(memory: Memory, count: int) -> list[int]:
    """Queue so many cheap jobs; gives their ids."""
    ids = []
    for _ in range(count):
        with memory.db.write() as w:
            job = jobs.enqueue(w, kind="rerun", source_id=None, params={}, max_attempts=100, now=types.now())
        ids.append(job.id)
    memory.bell.ring()
    return ids


def wait_until(true, seconds: float = 60, what: object = "") -> None:
    """Wait until a condition holds."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, what() if callable(what) else what
        time.sleep(0.05)


def all_done(memory: Memory) -> bool:
    """Whether every job has ended well."""
    return set(jobs.counts(memory.db)) == {"done"}


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
