"""Makers of rows, with every fact that a test does not care about filled in."""

import itertools
from datetime import UTC, datetime, timedelta

from mem.store import frames, jobs, sources
from mem.store.database import Writer
from mem.store.frames import NewFrame
from mem.store.screen import NewScreenText
from mem.store.texts import NewSegment
from mem.types import Box, Checkpoint, Job, Media, Source, Span, StartTime, VideoStream, Word

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEDIA = Media(
    container="mov,mp4",
    size=1000,
    duration_ms=60_000,
    video=VideoStream(index=0, codec="h264", width=320, height=240, fps=29.97, rotation=90),
    audio=None,
    tags={"creation_time": "2026-11-20T12:00:00Z"},
)
_hashes = itertools.count(1)


def at(seconds: float) -> datetime:
    """The instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def start(moment: datetime = NOON, **facts: str) -> StartTime:
    return StartTime(
        **{
            "started_at": moment,
            "time_source": "caller",
            "confidence": "high",
            "evidence": "--started-at",
            **facts,
        }
    )


def source(w: Writer, moment: datetime = NOON, **facts) -> Source:
    given = {
        "kind": "file",
        "name": "a.mp4",
        "location": None,
        "device": None,
        "content_hash": f"hash-{next(_hashes)}",
        "size": 1000,
        "path": "/videos/a.mp4",
        "original": None,
        "start": start(moment),
        "media": MEDIA,
        "added_at": moment,
    }
    return sources.add(w, **(given | facts))[0]


def new_frame(moment: datetime, number: int = 0) -> NewFrame:
    return NewFrame(
        first_seen=moment,
        width=320,
        height=240,
        format="webp",
        colour="#aabbcc",
        pack="frames-000001.tar",
        offset=512 + number * 60_000,
        length=50_000,
        thumb_offset=512 + number * 60_000 + 50_000,
        thumb_length=8_000,
        sha256=f"{number:064x}",
    )


def tiles(w: Writer, source_id: int, bounds: list[datetime]) -> list[Span]:
    """A frame and a span for each two bounds that follow each other."""
    ids = frames.add_many(w, source_id, [new_frame(b, n) for n, b in enumerate(bounds[:-1])])
    spans = [
        Span(source_id=source_id, frame_id=number, start=begin, end=end, samples=1)
        for number, begin, end in zip(ids, bounds, bounds[1:], strict=False)
    ]
    frames.add_spans(w, spans)
    return spans


def new_line(frame_id: int, begin: datetime, end: datetime, text: str = "Total 12") -> NewScreenText:
    return NewScreenText(
        frame_id=frame_id, start=begin, end=end, text=text, confidence=0.9, engine="test",
        box=Box(x=1, y=2, width=30, height=12),
    )  # fmt: skip


def new_segment(begin: datetime, end: datetime, text: str = "Good morning") -> NewSegment:
    step = (end - begin) / max(1, len(text.split()))
    words = tuple(
        Word(start=begin + n * step, end=begin + (n + 1) * step, text=word, probability=0.5)
        for n, word in enumerate(text.split())
    )
    return NewSegment(
        start=begin, end=end, text=text, language="en", confidence=0.9, model="tiny.en", words=words
    )


def job(w: Writer, **facts) -> Job:
    given = {
        "kind": "capture",
        "source_id": None,
        "params": {"path": "/videos/a.mp4"},
        "max_attempts": 3,
        "now": NOON,
    }
    return jobs.enqueue(w, **(given | facts))


def checkpoint(source_id: int, **facts) -> Checkpoint:
    given = {
        "source_id": source_id,
        "stage": "see",
        "stretch": 1,
        "until_ms": 20_000,
        "pack": None,
        "pack_length": 0,
        "state_file": None,
        "facts": {},
        "finished": True,
    }
    return Checkpoint(**(given | facts))
