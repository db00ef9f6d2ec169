"""What was said in a source, as text, subtitles or data, piece by piece."""

import html
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from mem.errors import NotFound
from mem.memory import Memory
from mem.store import sources, texts
from mem.types import Segment, Source, Word, milliseconds, written

Form = Literal["txt", "srt", "vtt", "json"]

MEDIA_TYPES: dict[Form, str] = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
}
_PAGE = 1_000
_MOST_SOURCES = 10_000
_CUE_LETTERS = 84  # two lines of subtitles
_CUE_MILLISECONDS = 7000  # as long as a subtitle usually stands


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle; times are milliseconds since the recording began."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[tuple[int, str], ...] = ()  # each with its start
    speaker: str | None = None  # the side of a stereo recording


def write(memory: Memory, source_id: int, form: Form) -> Iterator[str]:
    """The transcript of a source in pieces. Raises NotFound at the call, before the first piece."""
    source = sources.get(memory.db, source_id)
    return rendered(source, texts.of_source(memory.db, source_id), form)


def over(
    memory: Memory, start: datetime, end: datetime, source_ids: Sequence[int], form: Form
) -> Iterator[str]:
    """What was said in ``[start, end)`` in pieces; of all sources, or of those given.

    Text and JSON come source by source. Subtitles count from the beginning of the source, or where there are
    several, in order of time from `start`. Raises NotFound where there is none.
    """
    found = sources.overlapping(memory.db, start, end, limit=_MOST_SOURCES)
    wanted = [source for source in found if not source_ids or source.id in source_ids]
    if not wanted:
        raise NotFound("No recording lies in that range.")
    if form == "json":
        return _json_over(memory, wanted, start, end)
    if form == "txt":
        return _txt_over(memory, wanted, start, end)
    if len(wanted) == 1:
        return rendered(wanted[0], _between(memory, start, end, wanted[0].id), form)
    heading = replace(wanted[0], name=f"{len(wanted)} recordings", started_at=start)
    ids = {source.id for source in wanted}
    return rendered(heading, (one for one in _between(memory, start, end) if one.source_id in ids), form)


def _between(
    memory: Memory, start: datetime, end: datetime, source_id: int | None = None
) -> Iterator[Segment]:
    """Segments that overlap a range, in order of time, read a page at a time."""
    after: tuple[datetime, int] | None = None
    while page := texts.between(memory.db, start, end, source_id, limit=_PAGE, after=after):
        yield from page
        after = (page[-1].start, page[-1].id)


def _txt_over(memory: Memory, wanted: Sequence[Source], start: datetime, end: datetime) -> Iterator[str]:
    for number, source in enumerate(wanted):
        yield "\n" if number else ""
        yield from _txt(source, _between(memory, start, end, source.id))


def _json_over(memory: Memory, wanted: Sequence[Source], start: datetime, end: datetime) -> Iterator[str]:
    yield json.dumps({"from": written(start), "to": written(end)})[:-1] + ', "sources": ['
    for number, source in enumerate(wanted):
        yield ",\n" if number else "\n"
        yield from _json(source, _between(memory, start, end, source.id))
    yield "]}\n"


def rendered(source: Source, segments: Iterable[Segment], form: Form) -> Iterator[str]:
    """Segments of a source in pieces; what is relative counts from its `started_at`."""
    writers: dict[Form, Callable[[Source, Iterable[Segment]], Iterator[str]]] = {
        "txt": _txt,
        "srt": _srt,
        "vtt": _vtt,
        "json": _json,
    }
    return writers[form](source, segments)


def cues(source: Source, segments: Iterable[Segment]) -> Iterator[Cue]:
    """Subtitles of the segments but those that are doubted; long ones are divided between words."""
    for segment in segments:
        if _doubted(segment):
            continue
        at = 0
        for words in _lines(segment.words):
            text, at = _stretch(segment.text, words, at)
            if text:
                start, end = _offset(source, words[0].start), _end(source, words[0].start, words[-1].end)
                timed_words = tuple((_offset(source, word.start), word.text.strip()) for word in words)
                yield Cue(start, end, text, timed_words, segment.channel)
        if not segment.words:
            start, end = _offset(source, segment.start), _end(source, segment.start, segment.end)
            yield Cue(start, end, _one_line(segment.text), (), segment.channel)


def _stretch(text: str, words: Sequence[Word], at: int) -> tuple[str, int]:
    """The part of a segment's text from `at` on that holds these words, and where it ends.

    Cut out of the text rather than joined, because not every language puts spaces between words.
    """
    begin = end = at
    for word in words:
        bare = word.text.strip()
        found = text.find(bare, end)
        if found < 0:  # not as it was heard, such as after a correction
            return _one_line(" ".join(one.text.strip() for one in words)), at
        end = found + len(bare)
    return _one_line(text[begin:end]), end


def _lines(words: tuple[Word, ...]) -> Iterator[list[Word]]:
    line: list[Word] = []
    for word in words:
        letters = sum(len(one.text) for one in line) + len(word.text)
        if line and (letters > _CUE_LETTERS or milliseconds(word.end - line[0].start) > _CUE_MILLISECONDS):
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _txt(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    yield f"{_one_line(source.name)}, from {_clock(source.started_at)}\n\n"
    for segment in segments:
        side = f"{segment.channel}: " if segment.channel else ""
        doubt = "(doubted) " if _doubted(segment) else ""
        yield f"[{_clock(segment.start)}] {side}{doubt}{_one_line(segment.text)}\n"


def _srt(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    for number, cue in enumerate(cues(source, segments), start=1):
        text = cue.text.replace("-->", "→")
        yield f"{number}\n{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}\n{text}\n\n"


def _vtt(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    yield f"WEBVTT\n\nNOTE 00:00:00.000 is {_clock(source.started_at)}\n\n"
    for cue in cues(source, segments):
        voice = f"<v {cue.speaker}>" if cue.speaker else ""
        yield f"{_stamp(cue.start_ms, '.')} --> {_stamp(cue.end_ms, '.')}\n{voice}{_marked(cue)}\n\n"


def _marked(cue: Cue) -> str:
    """The text of a cue with the time of each word before it, which players highlight by."""
    out, at, last = "", 0, cue.start_ms
    for start_ms, word in cue.words:
        place = cue.text.find(word, at)
        if place < 0 or not word:
            continue
        out += html.escape(cue.text[at:place], quote=False)
        if last < start_ms < cue.end_ms:  # stamps must grow
            out += f"<{_stamp(start_ms, '.')}>"
            last = start_ms
        at = place + len(word)
        out += html.escape(word, quote=False)
    return out + html.escape(cue.text[at:], quote=False)


def _doubted(segment: Segment) -> bool:
    return segment.suspect is not None and segment.edited_at is None


def _json(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    head = {"source_id": source.id, "name": source.name, "started_at": written(source.started_at)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "segments": ['
    for number, segment in enumerate(segments):
        yield (",\n" if number else "\n") + json.dumps(timed(source, segment), ensure_ascii=False)
    yield "\n]}\n"


def timed(source: Source, segment: Segment) -> dict[str, object]:
    """A segment as JSON has it: with instants, and milliseconds since the source began."""
    return {
        "id": segment.id,
        "start": written(segment.start),
        "end": written(segment.end),
        "start_ms": _offset(source, segment.start),
        "end_ms": _offset(source, segment.end),
        "text": segment.text,
        "language": segment.language,
        "confidence": segment.confidence,
        "model": segment.model,
        "channel": segment.channel,
        "suspect": segment.suspect,
        "heard": segment.heard,
        "edited_at": None if segment.edited_at is None else written(segment.edited_at),
        "edited_by": segment.edited_by,
        "words": [
            {
                "start": written(word.start),
                "end": written(word.end),
                "text": word.text,
                "probability": word.probability,
            }
            for word in segment.words
        ],
    }


def _offset(source: Source, moment: datetime) -> int:
    return max(0, milliseconds(moment - source.started_at))


def _end(source: Source, start: datetime, end: datetime) -> int:
    """An end that lies behind its start, which players insist on."""
    return max(_offset(source, end), _offset(source, start) + 1)


def _stamp(offset_ms: int, point: str) -> str:
    seconds, ms = divmod(offset_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{ms:03d}"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _one_line(text: str) -> str:
    return " ".join(text.split())
