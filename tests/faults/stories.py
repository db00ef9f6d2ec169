"""What a person does with Mem, told so that it can be cut off anywhere and taken up again.

A story notes each answer that it got beside the data directory. Played again after a cut it goes on
behind what it noted, and does again whatever it got no answer to, as a client would.
"""

import base64
import contextlib
import functools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from mem import config
from mem.api import app, serverfile
from mem.memory import open_memory

START = "2026-11-20T14:00:00Z"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
SETTINGS: dict[str, object] = {
    "storage.min_free_bytes": 0,
    "whisper.model": "tiny.en",
    "capture.frame.interval_seconds": 1,
    "capture.timezone": "UTC",
    "capture.stretch_seconds": 10,
    "jobs.poll_seconds": 0.1,
    "capture.screen_text": "off",  # it would be read at leisure, behind the end of a story
}


class World:
    """The data directory, the recordings, and what was acknowledged so far."""

    def __init__(self, data: Path, media: Path) -> None:
        self.data, self.media = data, media
        self._told = data.with_suffix(".told")

    @contextlib.contextmanager
    def serving(self, **settings: object) -> Iterator[httpx.Client]:
        """The server, and its owner as a client."""
        given = SETTINGS | {name.replace("__", "."): value for name, value in settings.items()}
        loaded = config.load({**given, "data_dir": str(self.data)}, environ={})
        with (
            open_memory(loaded) as memory,
            app.serving(memory, worker=True) as (url, key),
            serverfile.written(memory.folder, url, key),
            httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, verify=False
            ) as client,
        ):
            yield client

    def told(self) -> dict[str, Any]:
        """What was noted so far."""
        return dict(map(json.loads, self._told.read_text().splitlines())) if self._told.exists() else {}

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """What `work` gives, noted under `name`; what was noted before where it was."""
        told = self.told()
        if name not in told:
            told[name] = work()
            with self._told.open("a") as out:
                out.write(json.dumps([name, told[name]]) + "\n")
        return told[name]

    def copy(self, name: str, to: str) -> Path:
        """A recording in a place beside the data directory."""
        target = self.data.with_suffix(".files") / to
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.media / name, target)
            os.utime(target, (1_790_000_000, 1_790_000_000))  # where nothing else is known it was made then
        return target


def answer(response: httpx.Response) -> Any:
    """The answer, which must be a good one."""
    assert response.is_success, response.text
    return response.json() if response.content else None


def ended(client: httpx.Client, job: int, state: str = "done") -> dict[str, Any]:
    """The job at its end, in which it must be in this state."""
    while (found := answer(client.get(f"/api/jobs/{job}")))["state"] in ("queued", "running", "retrying"):
        time.sleep(0.05)
    assert found["state"] == state, found
    return found


def captured(world: World, name: str = "silent.mp4", **settings: object) -> None:
    """A recording is taken in from where it lies."""
    with world.serving(**settings) as client:
        capture(world, client, world.media / name)


def capture(world: World, client: httpx.Client, path: Path, at: str = START) -> int:
    """Take in a file; gives its source."""
    body = {"path": str(path), "started_at": at}
    job = world.once(f"capture {path.name}", lambda: answer(client.post("/api/capture", json=body))["id"])
    return ended(client, job)["source_id"]


def parted(world: World) -> None:
    """A recording is looked at in two parts."""
    captured(world, capture__part_seconds=10)


def heard(world: World) -> None:
    """A recording of someone who speaks."""
    captured(world, "spoken.wav")


def uploaded(world: World) -> None:
    """A recording comes in one go, and its original is not kept."""
    content = (world.media / "silent.mp4").read_bytes()

    def upload() -> Any:
        found = answer(client.post("/api/upload", params=facts, content=content))
        return found if "duplicate" in found else found["id"]

    facts = {"filename": "silent.mp4", "started_at": START}
    with world.serving(storage__keep_originals=False) as client:
        told = world.once("upload", upload)
        if isinstance(told, int):
            ended(client, told)


def resumed(world: World) -> None:
    """A recording comes in pieces, then once more, and a third time until its sender thinks better of it."""
    content = (world.media / "silent.mp4").read_bytes()
    with world.serving() as client:
        reached = send(world, client, "first", content)
        ended(client, int(reached["mem-job"].rsplit("/", 1)[1]))
        assert "mem-source" in send(world, client, "second", content)
        third = world.once("third", lambda: begin(client, content + b"more"))
        world.once("gone", lambda: client.delete(third, headers=TUS).status_code)
        assert client.head(third, headers=TUS).status_code == 404


def begin(client: httpx.Client, content: bytes) -> str:
    """The address of a new upload."""
    response = client.post("/api/uploads", headers=creation(content, "silent.mp4"))
    assert response.status_code == 201, response.text
    return response.headers["location"]


def creation(content: bytes, name: str) -> dict[str, str]:
    """The headers that begin a resumable upload."""
    pairs = {"filename": name, "started_at": START}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}


def send(world: World, client: httpx.Client, name: str, content: bytes) -> httpx.Headers:
    """Send all that is not there, in two pieces; gives the headers of the end."""
    address = world.once(name, lambda: begin(client, content))
    half = len(content) // 2
    for until in (half, len(content)):
        there = client.head(address, headers=TUS)
        offset = int(there.headers["upload-offset"])
        assert offset >= world.once(f"{name} {until}", lambda offset=offset: offset)
        if offset < until:
            headers = PIECE | {"Upload-Offset": str(offset)}
            there = client.patch(address, headers=headers, content=content[offset:until])
            assert there.status_code == 204, there.text
    return there.headers


def known(world: World) -> None:
    """The same recording under another name."""
    with world.serving() as client:
        first = capture(world, client, world.copy("tiny.mp4", "one.mp4"))
        assert capture(world, client, world.copy("tiny.mp4", "two.mp4")) == first


def failed(world: World) -> None:
    """An upload that is no recording."""
    content = b"This is a letter, not a film. " * 100
    with world.serving() as client:
        post = functools.partial(client.post, "/api/upload", params={"filename": "a.mp4"}, content=content)
        ended(client, world.once("upload", lambda: answer(post())["id"]), "failed")


def stopped(world: World) -> None:
    """The server is stopped in the middle of a capture, and started again."""

    def begun() -> int:
        with world.serving() as client:
            body = {"path": str(world.media / "spoken.wav"), "started_at": START}
            job = answer(client.post("/api/capture", json=body))["id"]
            while answer(client.get(f"/api/jobs/{job}"))["stage"] != "hear":
                time.sleep(0.01)
            return job

    job = world.once("begun", begun)
    with world.serving() as client:
        ended(client, job)


def noted(world: World) -> None:
    """Notes about a recording are written, changed and removed, and it is dated anew."""
    with world.serving() as client:
        source = capture(world, client, world.media / "tiny.mp4")
        for number in range(3):
            write(world, client, source, f"note {number}")
        there = {note["text"]: note["id"] for note in notes(client)}
        dated = {"started_at": "2026-11-20T15:00:00Z", "name": "Renamed"}
        world.once("dated", lambda: answer(client.patch(f"/api/sources/{source}", json=dated)))
        if "note 0" in there:
            body = {"text": "changed"}
            world.once("change", lambda: answer(client.patch(f"/api/notes/{there['note 0']}", json=body)))
        world.once("removing", lambda: "note 1")
        if "note 1" in there:
            world.once("remove", lambda: answer(client.delete(f"/api/notes/{there['note 1']}")))
        assert sorted(note["text"] for note in notes(client)) == ["changed", "note 2"]


def write(world: World, client: httpx.Client, source: int, text: str) -> None:
    """Write a note that is there once, whether or not its writer was answered the first time."""

    def add() -> int:
        there = [note["id"] for note in notes(client) if note["text"] == text]
        body = {"start": START, "text": text, "source_id": source, "tags": ["kept"]}
        return there[0] if there else answer(client.post("/api/notes", json=body))["id"]

    number = world.once(text, add)
    if world.told().get("removing") != text:
        assert client.get(f"/api/notes/{number}").is_success


def notes(client: httpx.Client) -> list[dict[str, Any]]:
    """All notes."""
    day = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "limit": 200}
    return answer(client.get("/api/notes", params=day))["notes"]


def deleted(world: World) -> None:
    """A recording is deleted with all that was written about it."""
    with world.serving() as client:
        source = world.once("taken", lambda: capture(world, client, world.media / "tiny.mp4"))
        world.once("delete", lambda: client.delete(f"/api/sources/{source}").status_code)
        assert client.get(f"/api/sources/{source}").status_code == 404


def trimmed(world: World) -> None:
    """What a recording showed and said within an interval is deleted."""
    interval = {"from": "2026-11-20T14:00:06Z", "to": "2026-11-20T14:00:09Z"}
    with world.serving() as client:
        source = capture(world, client, world.media / "silent.mp4")
        told = {**interval, "source": source}
        receipt = world.once("trim", lambda: answer(client.post("/api/delete", json=told))["id"])
        while answer(client.get(f"/api/receipts/{receipt}"))["state"] != "done":
            time.sleep(0.05)


def redacted(world: World) -> None:
    """What a recording showed within an interval is made unrecognisable."""
    interval = {"from": "2026-11-20T14:00:06Z", "to": "2026-11-20T14:00:09Z"}
    with world.serving() as client:
        source = capture(world, client, world.media / "silent.mp4")
        told = {**interval, "source": source}

        def redact() -> int:
            begun = answer(client.get("/api/receipts"))["receipts"]  # a second one would cover it again
            return begun[0]["id"] if begun else answer(client.post("/api/redact", json=told))["id"]

        receipt = world.once("redact", redact)
        while answer(client.get(f"/api/receipts/{receipt}"))["state"] != "done":
            time.sleep(0.05)


def corrected(world: World) -> None:
    """What was heard is put right."""
    with world.serving() as client:
        source = capture(world, client, world.media / "spoken.wav")
        day = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "source": source}
        said = answer(client.get("/api/timeline", params=day))["segments"][0]["id"]
        body = {"text": "Put right"}
        world.once("correct", lambda: answer(client.patch(f"/api/segments/{said}", json=body))["text"])


def watched(world: World, after: str = "move") -> None:
    """A recording comes into a watched folder, and goes from there."""
    folder = world.data.with_suffix(".files")
    world.once("came", lambda: str(world.copy("tiny.mp4", "hall/camera/tiny.mp4")))
    rules = {"capture__watch_settle_seconds": 0, "capture__watch_poll_seconds": 0.1}
    with world.serving(capture__watch=[str(folder)], capture__watch_after=after, **rules) as client:
        while True:
            found = answer(client.get("/api/watch"))["folders"][0]
            if found["looked_at"] and not any(found[key] for key in ("files", "working", "waiting")):
                break
            time.sleep(0.05)
        sources = answer(client.get("/api/sources"))["sources"]
    assert [source["state"] for source in sources] == ["ready"]
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == (["taken/hall/camera/tiny.mp4"] if after == "move" else [])


def cleared(world: World) -> None:
    """The same, where what was taken is deleted."""
    watched(world, "delete")


TOLD = (
    captured, parted, heard, corrected, uploaded, resumed, known, failed, stopped, noted, deleted, trimmed,
    redacted, watched, cleared,
)  # fmt: skip
STORIES: dict[str, Callable[[World], None]] = {story.__name__: story for story in TOLD}
