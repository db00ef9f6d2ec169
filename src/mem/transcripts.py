"""What was said in a source, as text, subtitles or data, piece by piece."""

import html
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

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
_CUE_LETTERS = 84  # two lines of subtitles
_CUE_MILLISECONDS = 7000  # as long as a subtitle usually stands


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle; times are milliseconds since the recording began."""

    start_ms: int
    end_ms: int
    text: str


def write(memory: Memory, source_id: int, form: Form) -> Iterator[str]:
    """The transcript of a source in pieces. Raises NotFound at the call, before the first piece."""
    source = sources.get(memory.db, source_id)
    writers: dict[Form, Callable[[Source, Iterable[Segment]], Iterator[str]]] = {
        "txt": _txt,
        "srt": _srt,
        "vtt": _vtt,
        "json": _json,
    }
    return writers[form](source, texts.of_source(memory.db, source_id))


def cues(source: Source, segments: Iterable[Segment]) -> Iterator[Cue]:
    """Subtitles of the segments; long ones are divided between words."""
    for segment in segments:
        at = 0
        for words in _lines(segment.words):
            text, at = _stretch(segment.text, words, at)
            if text:
                yield Cue(_offset(source, words[0].start), _end(source, words[0].start, words[-1].end), text)
        if not segment.words:
            start, end = segment.start, segment.end
            yield Cue(_offset(source, start), _end(source, start, end), _one_line(segment.text))


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
        yield f"[{_clock(segment.start)}] {_one_line(segment.text)}\n"


def _srt(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    for number, cue in enumerate(cues(source, segments), start=1):
        text = cue.text.replace("-->", "→")
        yield f"{number}\n{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}\n{text}\n\n"


def _vtt(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    yield f"WEBVTT\n\nNOTE 00:00:00.000 is {_clock(source.started_at)}\n\n"
    for cue in cues(source, segments):
        text = html.escape(cue.text, quote=False)
        yield f"{_stamp(cue.start_ms, '.')} --> {_stamp(cue.end_ms, '.')}\n{text}\n\n"


def _json(source: Source, segments: Iterable[Segment]) -> Iterator[str]:
    head = {"source_id": source.id, "name": source.name, "started_at": written(source.started_at)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "segments": ['
    for number, segment in enumerate(segments):
        yield (",\n" if number else "\n") + json.dumps(_plain(source, segment), ensure_ascii=False)
    yield "\n]}\n"


def _plain(source: Source, segment: Segment) -> dict[str, object]:
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
