"""A server that dies now and then, and a person who insists until all that they want is done."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests import servers
from tests.faults import stories

NOTES = 60
FACTS = {
    "capture__stretch_seconds": "10",
    "jobs__max_attempts": "100",
    "jobs__poison_deaths": "1000",
    "jobs__poll_seconds": "0.2",
    "capture__frame__interval_seconds": "1",
}
DAY = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "limit": 200}


class Unstarted(Exception):
    """The server did not start, as on a full disk."""


class Household:
    """A server that is started again whenever it dies, and a person who insists until all is done."""

    def __init__(self, data: Path, media: Path, notes: int = NOTES, **facts: str) -> None:
        self.data, self.media, self._facts = data, media, FACTS | facts
        self._notes = notes
        self.server: servers.Server | None = None
        self.acknowledged = 0
        self.exits: dict[str, int] = {}
        self.finished = threading.Event()
        self.failure: Exception | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._live)

    def start(self) -> None:
        self._thread.start()

    def up(self) -> servers.Server:
        """The running server; a new one where it died."""
        with self._lock:
            if self.server is None or self.server.process.poll() is not None:
                if self.server is not None and self.server.process.returncode != -signal.SIGKILL:
                    status = str(self.server.process.returncode)
                    self.exits[status] = self.exits.get(status, 0) + 1
                facts = self._facts.copy()
                self._facts.pop("failpoint", None)
                try:
                    self.server = servers.start(self.data, **facts)
                except AssertionError as error:
                    self.exits["start refused"] = self.exits.get("start refused", 0) + 1
                    raise Unstarted from error
            return self.server

    def join(self) -> None:
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        server = self.up()
        server.process.terminate()
        status = server.process.wait(60)
        assert status == 0, status

    def insist(self, ask: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        """Ask until there is a good answer, as a person does whose server comes and goes."""
        limit = time.monotonic() + 240
        while True:
            with contextlib.suppress(httpx.TransportError, Unstarted):
                server = self.up()
                owner = {"Authorization": f"Bearer {server.key}"}
                with httpx.Client(base_url=server.url, headers=owner, timeout=30, verify=False) as client:
                    found = ask(client)
                if found.is_success:
                    return found
                assert found.status_code in (409, 423, 503, 507), found.text
            assert time.monotonic() < limit, "nobody answered for four minutes"
            time.sleep(0.1)

    def _live(self) -> None:
        try:
            jobs = [self._capture(), self._upload()]
            for number in range(self._notes // 2):
                self._note(number)
            jobs.append(self._tus())
            for number in range(self._notes // 2, self._notes):
                self._note(number)
            for job in jobs:
                self._await(job)
        except Exception as error:  # noqa: BLE001 - told by `join`
            self.failure = error
        finally:
            self.finished.set()

    def _capture(self) -> int | None:
        body = {"path": str(self.media / "spoken.wav"), "started_at": stories.START}
        found = self.insist(lambda client: client.post("/api/capture", json=body)).json()["id"]
        self.acknowledged += 1
        return int(found)

    def _upload(self) -> int | None:
        content = (self.media / "silent.mp4").read_bytes()
        facts = {"filename": "silent.mp4", "started_at": stories.START}
        found = self.insist(lambda client: client.post("/api/upload", params=facts, content=content)).json()
        self.acknowledged += 1
        return None if "duplicate" in found else int(found["id"])

    def _tus(self) -> int | None:
        content = (self.media / "other.mp4").read_bytes()
        address = ""

        def begin(client: httpx.Client) -> httpx.Response:
            nonlocal address
            made = client.post("/api/uploads", headers=stories.creation(content, "other.mp4"))
            address = made.headers.get("location", "")
            return made

        def piece(client: httpx.Client) -> httpx.Response:
            there = client.head(address, headers=stories.TUS)
            if not there.is_success or "mem-job" in there.headers or "mem-source" in there.headers:
                return there
            offset = int(there.headers["upload-offset"])
            assert offset >= reached
            until = min(len(content), offset + len(content) // 8)
            headers = stories.PIECE | {"Upload-Offset": str(offset)}
            return client.patch(address, headers=headers, content=content[offset:until])

        self.insist(begin)
        reached = 0
        while True:
            told = self.insist(piece).headers
            self.acknowledged += 1
            reached = int(told["upload-offset"])
            if "mem-job" in told:
                return int(told["mem-job"].rsplit("/", 1)[1])
            if "mem-source" in told:
                return None
            time.sleep(0.1)

    def _note(self, number: int) -> None:
        text = f"note {number:03d}"

        def write(client: httpx.Client) -> httpx.Response:
            there = client.get("/api/notes", params=DAY)
            if not there.is_success or any(note["text"] == text for note in there.json()["notes"]):
                return there
            return client.post("/api/notes", json={"start": stories.START, "text": text})

        self.insist(write)
        self.acknowledged += 1
        time.sleep(0.05)

    def _await(self, job: int | None) -> None:
        limit = time.monotonic() + 240
        while job is not None:
            found = self.insist(lambda client: client.get(f"/api/jobs/{job}")).json()
            if found["state"] not in ("queued", "running", "retrying"):
                assert found["state"] == "done", found
                return
            assert time.monotonic() < limit, found
            time.sleep(0.1)
