"""A small memory that can be spoken to and asked, on both engines."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mem import reindex, search
from mem.index import Index
from mem.search import Query, SearchPage
from mem.store import engines, frames, notes, screen, sources, texts
from mem.store.database import Database, Writer
from mem.types import Box, Source, Span, StartTime
from tests.store.conftest import postgres_server, postgres_url  # noqa: F401 - fixtures

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def start_time(moment: datetime) -> StartTime:
    return StartTime(started_at=moment, time_source="caller", confidence="high", evidence="")


@dataclass
class Recalled:
    """A database with its index, and short ways to fill and ask it."""

    db: Database
    index: Index
    hashes: Iterator[int] = field(default_factory=itertools.count)

    def source(self, name: str = "a.mp4", *, location: str | None = None, began: float = 0) -> Source:
        with self.db.write() as w:
            return sources.add(
                w, kind="file", name=name, location=location, device=None, size=1, path="/a.mp4",
                content_hash=str(next(self.hashes)), original=None, start=start_time(at(began)), media=None,
                added_at=NOON,
            )[0]  # fmt: skip

    def say(
        self, source: Source, text: str, second: float = 0, *, lasting: float = 5, language: str = "en"
    ) -> int:
        with self.db.write() as w:
            return self.say_many(w, source, [(text, second)], lasting=lasting, language=language)[0]

    def say_many(
        self, w: Writer, source: Source, said: list[tuple[str, float]], *, lasting: float = 5, language="en"
    ) -> list[int]:
        segments = [
            texts.NewSegment(
                start=at(second), end=at(second + lasting), text=text, language=language, confidence=0.9,
                model="tiny", words=(),
            )
            for text, second in said
        ]  # fmt: skip
        return texts.add_many(w, source.id, segments)

    def read(self, source: Source, text: str, second: float = 0, *, lasting: float = 5) -> int:
        """A line of text that was read off the screen."""
        line = screen.NewScreenText(
            frame_id=1, start=at(second), end=at(second + lasting), text=text, confidence=0.9, engine="none",
            box=Box(x=0, y=0, width=10, height=10),
        )  # fmt: skip
        with self.db.write() as w:
            return screen.add_many(w, source.id, [line])[0]

    def note(
        self, text: str, second: float = 0, *, lasting: float = 5, source: Source | None = None, tags=()
    ) -> int:
        with self.db.write() as w:
            return notes.add(
                w, source_id=source and source.id, start=at(second), end=at(second + lasting), text=text,
                tags=tags, author="me", now=NOON,
            ).id  # fmt: skip

    def show(self, source: Source, first: float, last: float) -> int:
        """Keep a frame that stands from `first` to `last` second."""
        with self.db.write() as w:
            frame = frames.NewFrame(
                first_seen=at(first), width=2, height=2, format="webp", colour="#000000", pack="p", offset=0,
                length=1, thumb_offset=0, thumb_length=1, sha256="",
            )  # fmt: skip
            number = frames.add_many(w, source.id, [frame])[0]
            span = Span(source_id=source.id, frame_id=number, start=at(first), end=at(last), samples=1)
            frames.add_spans(w, [span])
            return number

    def ask(self, text: str = "", **given) -> SearchPage:
        return search.ask(self.db, self.index, Query(text=text, **given))

    def found(self, text: str = "", **given) -> list[str]:
        """The texts that answer, the best first."""
        page = self.ask(text, limit=200, **given)
        assert sum(moment.hit_count for moment in page.moments) == page.total
        return [hit.text for moment in page.moments for hit in moment.hits]


@contextlib.contextmanager
def opened(url: str | None, folder: Path) -> Iterator[Recalled]:
    """The memory in `folder`, opened."""
    db = engines.open_database(url, folder=folder, memory_limit=2**28, threads=1)
    with contextlib.closing(db), reindex.open_index(db, folder / "index") as index:
        yield Recalled(db, index)


@pytest.fixture(params=["duckdb", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "duckdb" else request.getfixturevalue("postgres_url")


@pytest.fixture
def recalled(url: str | None, tmp_path: Path) -> Iterator[Recalled]:
    """An empty memory; a test that takes it runs on both engines."""
    with opened(url, tmp_path) as memory:
        yield memory
