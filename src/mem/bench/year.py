"""A year of continuous recording, as rows: 300,000 frames, 500,000 segments, 175,000 lines
of text on screen, 2,000 notes.

What a year of looks every five seconds leaves behind (6.3 million), in recordings of three hours. No
pictures are written: nothing that is measured here opens one.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mem.bench import Tell
from mem.bench.corpus import PLACES, Corpus
from mem.config import Config
from mem.store import engines, frames, notes, outbox, screen, sources, texts
from mem.store.database import Database, Writer
from mem.types import Box, Source, Span, StartTime, Word

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
LASTS = timedelta(hours=3)  # of one recording
PER_DAY = timedelta(days=1) // LASTS
FRAMES, SEGMENTS, LINES, SAMPLES = 103, 171, 60, 2160  # of one recording
NOTES = 2_000 / 365 / PER_DAY
_IN_ONE_TRANSACTION = 40  # recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was made."""

    days: int
    frames: int
    segments: int
    lines: int  # of screen text
    notes: int
    source_ids: tuple[int, ...]

    @property
    def end(self) -> datetime:
        """When the last recording ends."""
        return BEGIN + timedelta(days=self.days)


def config(folder: Path) -> Config:
    """The default configuration over a folder, whatever else is configured on this machine."""
    return Config.model_validate({"data_dir": folder, "storage": {"min_free_bytes": 0}})


def build(folder: Path, days: int, tell: Tell, seed: int = 1) -> Built:
    """Fill the database of an empty data directory with `days` of recordings, and no index."""
    settings = config(folder)
    db = engines.open_database(
        None, folder=folder, memory_limit=settings.database.memory_limit, threads=settings.database.threads
    )
    try:
        built = fill(db, days, tell, seed)
        with db.write() as w:  # the index is made from the rows when it is opened first
            outbox.forget_until(w, outbox.latest(db))
    finally:
        db.close()
    return built


def fill(db: Database, days: int, tell: Tell, seed: int = 1) -> Built:
    """Add the recordings to an open database."""
    corpus, chance = Corpus(seed), random.Random(seed)  # noqa: S311 - not for secrets
    count = days * PER_DAY
    ids: list[int] = []
    noted = 0.0
    for first in range(0, count, _IN_ONE_TRANSACTION):
        with db.write() as w:
            for number in range(first, min(count, first + _IN_ONE_TRANSACTION)):
                source = _source(w, number)
                ids.append(source.id)
                seen = _see(w, source, chance)
                _hear(w, source, corpus, chance)
                _read(w, source, corpus, seen)
                noted += NOTES
                while noted >= 1:
                    _note(w, source, corpus, chance)
                    noted -= 1
        tell(f"{min(count, first + _IN_ONE_TRANSACTION):,} of {count:,} recordings made")
    return Built(
        days=days,
        frames=count * FRAMES,
        segments=count * SEGMENTS,
        lines=count * LINES,
        notes=int(count * NOTES),
        source_ids=tuple(ids),
    )


def _source(w: Writer, number: int) -> Source:
    began = BEGIN + number * LASTS
    evidence = StartTime(started_at=began, time_source="filename", confidence="high", evidence="")
    added, _ = sources.add(
        w, kind="file", name=f"desk-{began:%Y%m%d-%H%M}.mp4", location=PLACES[number // 80 % len(PLACES)],
        device="desk", content_hash=f"{number:064x}", size=10**9, path=f"/videos/{number}.mp4", original=None,
        start=evidence, media=None, added_at=began + LASTS,
    )  # fmt: skip
    return sources.settle(w, added.id, state="ready", ended_at=began + LASTS)


def _bounds(chance: random.Random, start: datetime, count: int) -> list[datetime]:
    """Where `count` pieces of a recording begin, and where the last one ends; whole seconds."""
    inner = sorted(chance.sample(range(1, int(LASTS.total_seconds())), count - 1))
    return [start, *(start + timedelta(seconds=second) for second in inner), start + LASTS]


def new_frame(source_id: int, number: int, moment: datetime) -> frames.NewFrame:
    """A frame of a source, without its picture."""
    return frames.NewFrame(
        first_seen=moment, width=1920, height=1080, format="webp", colour="#667788", pack="frames-000001.tar",
        offset=number * 70_000, length=60_000, thumb_offset=number * 70_000 + 60_000, thumb_length=8_000,
        sha256=f"{source_id:032x}{number:032x}",
    )  # fmt: skip


def _see(w: Writer, source: Source, chance: random.Random) -> list[Span]:
    bounds = _bounds(chance, source.started_at, FRAMES)
    made = [new_frame(source.id, number, moment) for number, moment in enumerate(bounds[:-1])]
    ids = frames.add_many(w, source.id, made)
    spans = [
        Span(source_id=source.id, frame_id=frame, start=start, end=end, samples=SAMPLES // FRAMES)
        for frame, start, end in zip(ids, bounds[:-1], bounds[1:], strict=True)
    ]
    frames.add_spans(w, spans)
    return spans


def _read(w: Writer, source: Source, corpus: Corpus, spans: list[Span]) -> None:
    """A line stood on the screen for each of the first spans."""
    box = Box(x=40, y=60, width=900, height=32)
    lines = [
        screen.NewScreenText(
            frame_id=span.frame_id, start=span.start, end=span.end, text=corpus.sentence(), confidence=0.95,
            engine="none", box=box,
        )
        for span in spans[:LINES]
    ]  # fmt: skip
    screen.add_many(w, source.id, lines)


def _hear(w: Writer, source: Source, corpus: Corpus, chance: random.Random) -> None:
    bounds = _bounds(chance, source.started_at, SEGMENTS)
    texts.add_many(w, source.id, list(map(_segment, bounds[:-1], bounds[1:], _sentences(corpus))))


def _sentences(corpus: Corpus) -> Iterator[str]:
    while True:
        yield corpus.sentence()


def _segment(start: datetime, until: datetime, text: str) -> texts.NewSegment:
    spoken = text.split()
    each = min((until - start) / len(spoken), timedelta(milliseconds=400))
    return texts.NewSegment(
        start=start, end=start + each * len(spoken), text=text, language="en", confidence=0.9,
        model="tiny.en",
        words=tuple(
            Word(start=start + place * each, end=start + (place + 1) * each, text=word, probability=0.9)
            for place, word in enumerate(spoken)
        ),
    )  # fmt: skip


def _note(w: Writer, source: Source, corpus: Corpus, chance: random.Random) -> None:
    start = source.started_at + timedelta(seconds=chance.randrange(10_000))
    notes.add(
        w, source_id=source.id, start=start, end=start + timedelta(minutes=1), text=corpus.sentence(),
        tags=(chance.choice(("todo", "idea", "to check")),), author="me", now=source.ended_at or start,
    )  # fmt: skip
