"""What was heard anew, beside what people wrote meanwhile.

A segment that a person wrote keeps its text, its words and its place. What is heard there now is kept beside
it; a segment that reaches beyond it is divided between words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mem.store import texts
from mem.store.database import Reader, Writer
from mem.store.texts import NewSegment
from mem.types import Segment, Word

Range = tuple[datetime, datetime]


def widened(r: Reader, source_id: int, within: Range) -> Range:
    """A range that cuts no segment of the source in two."""
    start, end = within
    for segment in texts.of_source(r, source_id):
        if segment.start < end and segment.end > within[0]:
            start, end = min(start, segment.start), max(end, segment.end)
    return start, end


def put(w: Writer, source_id: int, made: Sequence[NewSegment], within: Range | None = None) -> None:
    """Put what was heard in the place of what was heard before, in a range or everywhere."""
    written = [one for one in texts.edited(w, source_id) if within is None or _inside(one.start, within)]
    free: list[NewSegment] = list(made)
    for one in written:
        beneath: list[NewSegment] = []
        rest: list[NewSegment] = []
        for segment in free:
            under, others = _divided(segment, one)
            beneath += under
            rest += others
        free = rest
        heard = " ".join(part.text for part in beneath)
        words = tuple(word for part in beneath for word in part.words)
        texts.rewrite(w, replace(one, heard=heard, heard_words=words))
    texts.replace(w, source_id, free, within)


def _inside(moment: datetime, within: Range) -> bool:
    return within[0] <= moment < within[1]


def _divided(segment: NewSegment, written: Segment) -> tuple[list[NewSegment], list[NewSegment]]:
    """The parts of a segment that lie where a person wrote, and the others."""
    apart = segment.end <= written.start or segment.start >= written.end
    sides = segment.channel != written.channel and None not in (segment.channel, written.channel)
    if apart or sides:
        return [], [segment]
    if not segment.words:
        middle = segment.start + (segment.end - segment.start) / 2
        return ([segment], []) if _inside(middle, (written.start, written.end)) else ([], [segment])
    under: list[NewSegment] = []
    others: list[NewSegment] = []
    for inside, part in _runs(segment, (written.start, written.end)):
        (under if inside else others).append(part)
    return under, others


def _runs(segment: NewSegment, within: Range) -> Iterator[tuple[bool, NewSegment]]:
    """The segment in parts: those whose words have their middle in the range, and those between."""
    run: list[Word] = []
    place, inside = 0, False
    for word in segment.words:
        now = _inside(word.start + (word.end - word.start) / 2, within)
        if run and now != inside:
            part, place = _part(segment, run, place, len(segment.words))
            yield inside, part
            run = []
        run.append(word)
        inside = now
    yield inside, _part(segment, run, place, 0)[0]


def _part(segment: NewSegment, words: list[Word], place: int, more: int) -> tuple[NewSegment, int]:
    """The part of a segment with these words; its text is cut out of the whole from `place` on."""
    if len(words) == len(segment.words):
        return segment, len(segment.text)
    end = place
    for word in words:
        at = segment.text.find(word.text, end)
        end = at + len(word.text) if at >= 0 else end
    text = (segment.text[place:end] if more else segment.text[place:]).strip()
    told = text or _joined(words)
    return replace(segment, start=words[0].start, end=words[-1].end, text=told, words=tuple(words)), end


def _joined(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)
