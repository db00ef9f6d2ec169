"""A server over a benchmark's memory, in a process of its own, and clients of it."""

import contextlib
import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from mem import reindex
from mem.api import app
from mem.bench import year
from mem.bench.corpus import Corpus
from mem.memory import Memory, open_memory
from mem.store import frames, sources, texts
from mem.types import Source, Span, StartTime

_START_SECONDS = 120
_ANSWER_SECONDS = 60
_EVERY_SECONDS = 1.0  # between two stretches that the writer commits
_STRETCH = 60  # frames and segments of one stretch


class Client:
    """One connection that is kept open."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS
        )
        self._headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **asked: object) -> tuple[int, bytes]:
        """Status and body of an answer."""
        query = urlencode({name.rstrip("_"): value for name, value in asked.items()})
        self._connection.request("GET", f"{path}?{query}", headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def find(self, text: str) -> int:
        """How many hits a question has."""
        total: int = json.loads(self.get("/api/search", q=text)[1])["total"]
        return total

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class Server:
    """The server's process, and what it can be told."""

    def __init__(self, url: str, key: str, line: Connection) -> None:
        self.url, self.key, self._line = url, key, line

    def client(self) -> Client:
        """A new client."""
        return Client(self.url, self.key)

    def tell(self, command: str, value: str = "") -> float:
        """Have it do something; gives the instant, by time.monotonic, at which that was done."""
        self._line.send((command, value))
        done: float = self._line.recv()
        return done


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Serve the memory in `folder` until the block ends."""
    processes = multiprocessing.get_context("spawn")  # a fork would share locks and threads
    here, there = processes.Pipe()
    process = processes.Process(target=_serve, args=(folder, there), name="mem-bench-server")
    process.start()
    there.close()
    try:
        if not here.poll(_START_SECONDS):
            raise TimeoutError(f"the server did not start within {_START_SECONDS} s")
        url, key = here.recv()
        yield Server(url, key, here)
    finally:
        here.close()  # which ends it
        process.join(_START_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(folder: Path, line: Connection) -> None:
    """The life of the server: do what is asked until nobody asks any more."""
    writing, ended = threading.Event(), threading.Event()
    with (
        open_memory(year.config(folder)) as memory,
        reindex.kept_level(memory.db, memory.index),
        app.serving(memory, worker=False) as (url, key),
    ):
        writer = threading.Thread(target=_write, args=(memory, writing, ended), name="writer")
        writer.start()
        try:
            line.send((url, key))
            with contextlib.suppress(EOFError):
                while True:
                    command, value = line.recv()
                    if command == "say":
                        _say(memory, value)
                    else:
                        (writing.set if command == "write" else writing.clear)()
                    line.send(time.monotonic())
        finally:
            ended.set()
            writing.set()
            writer.join()


def _say(memory: Memory, text: str) -> None:
    """Commit one more segment, after all others."""
    source = _source(memory, text)
    with memory.db.write() as w:
        texts.add_many(w, source.id, [_segment(source.started_at, text)])


def _write(memory: Memory, writing: threading.Event, ended: threading.Event) -> None:
    """While it is wanted, commit a stretch now and then, as a capture does."""
    corpus, source = Corpus(3), None
    while writing.wait() and not ended.is_set():
        source = source or _source(memory, "written beside")
        start = source.started_at + timedelta(milliseconds=int(time.monotonic() * 1000) % 10**9)
        moments = [start + timedelta(milliseconds=number) for number in range(_STRETCH + 1)]
        with memory.db.write() as w:
            ids = frames.add_many(
                w, source.id, [year.new_frame(source.id, n, t) for n, t in enumerate(moments[:-1])]
            )
            frames.add_spans(
                w,
                [
                    Span(source_id=source.id, frame_id=frame, start=a, end=b, samples=1)
                    for frame, a, b in zip(ids, moments[:-1], moments[1:], strict=True)
                ],
            )
            texts.add_many(w, source.id, [_segment(t, corpus.sentence()) for t in moments[:-1]])
        ended.wait(_EVERY_SECONDS)


def _source(memory: Memory, name: str) -> Source:
    start = datetime.now(tz=year.BEGIN.tzinfo).replace(microsecond=0)
    evidence = StartTime(started_at=start, time_source="caller", confidence="high", evidence="")
    facts: dict[str, Any] = {
        "location": None,
        "device": None,
        "size": 1,
        "path": None,
        "original": None,
        "media": None,
    }
    with memory.db.write() as w:
        return sources.add(
            w, kind="live", name=name, content_hash=name, start=evidence, added_at=start, **facts
        )[0]


def _segment(start: datetime, text: str) -> texts.NewSegment:
    return texts.NewSegment(
        start=start,
        end=start + timedelta(seconds=2),
        text=text,
        language="en",
        confidence=0.9,
        model="tiny.en",
        words=(),
    )
