"""A memory with something in it: real packs, rows through the store."""

import hashlib
import io
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from mem import packs
from mem.memory import Memory
from mem.store import frames, jobs, notes, screen, sources, texts
from mem.store.frames import NewFrame
from mem.store.texts import NewSegment
from mem.types import AudioStream, Box, Job, Media, Note, Source, Span, StartTime, VideoStream, Word

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RANGE = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"}
MEDIA = Media(
    container="mov,mp4,m4a,3gp,3g2,mj2",
    size=1000,
    duration_ms=60_000,
    video=VideoStream(index=0, codec="h264", width=640, height=360, fps=25.0),
    audio=AudioStream(index=1, codec="aac", rate=48_000, channels=2),
)
_numbers = itertools.count(1)


def at(seconds: float) -> datetime:
    """The instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def picture(colour: str, width: int = 640, height: int = 360) -> bytes:
    """A WebP image of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "WEBP")
    return out.getvalue()


class Seed:
    """Puts recordings, words, notes and jobs into a memory."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def source(self, moment: datetime = NOON, **facts: Any) -> Source:
        given: dict[str, Any] = {
            "kind": "file",
            "name": "a.mp4",
            "location": "Hall",
            "device": "camera-1",
            "content_hash": hashlib.sha256(str(next(_numbers)).encode()).hexdigest(),
            "size": 1000,
            "path": "/videos/a.mp4",
            "original": None,
            "start": StartTime(
                started_at=moment, time_source="caller", confidence="high", evidence="--started-at"
            ),
            "media": MEDIA,
            "added_at": NOON,
        }
        with self.memory.db.write() as w:
            source = sources.add(w, **(given | facts))[0]
            end = source.started_at + timedelta(minutes=1)
            return sources.settle(w, source.id, state="ready", ended_at=end)

    def frames(self, source: Source, seconds: list[float], colour: str = "red") -> list[int]:
        """A frame at each instant (seconds into the source), standing until the next; the last is an end."""
        folder = self.memory.folder / source.folder
        folder.mkdir(parents=True, exist_ok=True)
        image, thumb = picture(colour), picture(colour, 320, 180)
        moments = [source.started_at + timedelta(seconds=s) for s in seconds]
        with packs.open_pack(folder, packs.name(1), 0) as pack:
            made = [self._frame(pack, n, moment, image, thumb) for n, moment in enumerate(moments[:-1])]
            pack.sync()
        with self.memory.db.write() as w:
            ids = frames.add_many(w, source.id, made)
            frames.add_spans(
                w,
                [
                    Span(source_id=source.id, frame_id=number, start=begin, end=end, samples=2)
                    for number, begin, end in zip(ids, moments, moments[1:], strict=False)
                ],
            )
        return ids

    def _frame(self, pack, number: int, moment: datetime, image: bytes, thumb: bytes) -> NewFrame:
        return NewFrame(
            first_seen=moment,
            width=640,
            height=360,
            format="webp",
            colour="#ff0000",
            pack=packs.name(1),
            offset=pack.append(f"{number:09}.webp", image),
            length=len(image),
            thumb_offset=pack.append(f"{number:09}.thumb.webp", thumb),
            thumb_length=len(thumb),
            sha256=hashlib.sha256(image).hexdigest(),
        )

    def say(self, source: Source, second: float, text: str, seconds: float = 2) -> int:
        begin = source.started_at + timedelta(seconds=second)
        spoken = text.split()
        step = timedelta(seconds=seconds) / len(spoken)
        words = tuple(
            Word(start=begin + n * step, end=begin + (n + 1) * step, text=f" {word}", probability=0.9)
            for n, word in enumerate(spoken)
        )
        segment = NewSegment(
            start=begin,
            end=begin + timedelta(seconds=seconds),
            text=text,
            language="en",
            confidence=0.9,
            model="tiny.en",
            words=words,
        )
        with self.memory.db.write() as w:
            return texts.add_many(w, source.id, [segment])[0]

    def read(self, source: Source, second: float, text: str, lasting: float = 5) -> int:
        """A line of text that was read off the screen."""
        line = screen.NewScreenText(
            frame_id=1, start=at(second), end=at(second + lasting), text=text, confidence=0.9, engine="none",
            box=Box(x=0, y=0, width=10, height=10),
        )  # fmt: skip
        with self.memory.db.write() as w:
            return screen.add_many(w, source.id, [line])[0]

    def note(
        self, text: str, begin: datetime = NOON, seconds: float = 10, source: Source | None = None
    ) -> Note:
        with self.memory.db.write() as w:
            return notes.add(
                w,
                source_id=source and source.id,
                start=begin,
                end=begin + timedelta(seconds=seconds),
                text=text,
                tags=("seen",),
                author="me",
                now=NOON,
            )

    def job(self, **facts: Any) -> Job:
        given: dict[str, Any] = {
            "kind": "capture",
            "source_id": None,
            "params": {"path": "/videos/a.mp4", "name": "a.mp4", "upload": False},
            "max_attempts": 3,
            "now": NOON,
        }
        with self.memory.db.write() as w:
            return jobs.enqueue(w, **(given | facts))

    def claimed(self, source: Source | None = None) -> Job:
        """A job that a worker has taken."""
        self.job(source_id=source and source.id)
        with self.memory.db.write() as w:
            job = jobs.claim(w, "worker", lease_seconds=60, now=at(1))
        assert job is not None
        return job

    def finish(self, job: Job, state="done", **facts: Any) -> Job:
        with self.memory.db.write() as w:
            return jobs.finish(w, job, state=state, now=at(5), **facts)
