"""What was to be read on screen: lines of text, and how long each stood unchanged.

A source that is read again gets a *draft*, which nobody sees before `publish` puts it in the place of
the older reading in one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mem.store import frames, outbox
from mem.store.database import Reader, Row, Writer, build
from mem.types import Box, Frame, ScreenText

_BATCH = 1_000
_MOST = 5_000  # lines of one frame


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScreenText:
    """A line that has no id yet; its fields are those of ScreenText."""

    frame_id: int
    start: datetime
    end: datetime
    text: str
    confidence: float
    engine: str
    box: Box


def add_many(w: Writer, source_id: int, lines: Sequence[NewScreenText], *, draft: bool = False) -> list[int]:
    """Add lines of a source; gives their ids in the same order."""
    if not lines:
        return []
    if any(not timedelta(0) < line.end - line.start for line in lines):
        raise ValueError("a line must end after it starts")
    ids = [int(row["id"]) for row in w.run("screen.reserve", len(lines))]
    w.many(
        "screen.add_many",
        (
            (number, source_id, one.frame_id, one.start, one.end, one.text, one.confidence, one.engine,
             one.box.x, one.box.y, one.box.width, one.box.height, draft)
            for number, one in zip(ids, lines, strict=True)
        ),
    )  # fmt: skip
    if not draft:
        outbox.texts(w, "screen", ids)
    return ids


def extend(w: Writer, ends: Mapping[int, datetime], *, draft: bool = False) -> None:
    """Give lines, by id, a later end."""
    if not ends:
        return
    w.many("screen.extend", ends.items())
    if not draft:
        outbox.texts(w, "screen", ends)


def standing(r: Reader, source_id: int, moment: datetime, *, draft: bool = False) -> list[ScreenText]:
    """The lines that a source showed at `moment`, from the top."""
    return [_line(row) for row in r.read("screen.standing", source_id, moment, draft, _MOST)]


def on_frame(r: Reader, frame: Frame) -> list[ScreenText]:
    """The lines that were read off a frame, from the top; none where it was not read yet."""
    spans = frames.spans_of(r, frame, limit=1)
    return standing(r, frame.source_id, spans[0].start) if spans else []


def between(
    r: Reader,
    start: datetime,
    end: datetime,
    source_id: int | None = None,
    *,
    limit: int,
    after: tuple[datetime, int] | None = None,
) -> list[ScreenText]:
    """Lines that stood in ``[start, end)``, in time order; `after` is (start, id) of the last one."""
    moment, number = after or (None, None)
    return [_line(row) for row in r.read("screen.between", start, end, source_id, limit, moment, number)]


def of_source(r: Reader, source_id: int) -> Iterator[ScreenText]:
    """All that was read off a source in time order, read a page at a time."""
    moment: datetime | None = None
    number: int | None = None
    while rows := r.read("screen.of_source", source_id, _BATCH, moment, number):
        yield from (_line(row) for row in rows)
        moment, number = rows[-1]["start"], rows[-1]["id"]


def first_shown(r: Reader, source_id: int, frame_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of the given frames of a source came up first, by id."""
    rows = r.read("screen.first_shown", source_id, list(frame_ids))
    return {row["frame_id"]: row["start"] for row in rows}


def count(r: Reader, source_id: int, *, draft: bool = False) -> int:
    """How many lines a reading of a source has so far."""
    return int(r.read("screen.count", source_id, draft)[0]["rows"])


def drop_draft(w: Writer, source_id: int) -> None:
    """Forget a reading that did not come to its end."""
    w.run("screen.drop", source_id, True)


def publish(w: Writer, source_id: int) -> None:
    """Put the draft in the place of the older reading."""
    gone = w.run("screen.drop", source_id, False)
    new = w.run("screen.publish", source_id)
    outbox.texts(w, "screen", [int(row["id"]) for row in (*gone, *new)])


def _line(row: Row) -> ScreenText:
    return build(ScreenText, row, box=build(Box, row))
