"""A person's words in place of what was heard; listening again never overwrites them.

The words keep their times where both say the same, and share the time of what they stand for elsewhere.
"""

import difflib
import hashlib
import itertools
import json
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from mem import failpoints, folders, types
from mem.errors import BadRequest, SegmentChanged
from mem.memory import Memory
from mem.store import texts
from mem.types import Segment, Word, after, milliseconds

log = logging.getLogger(__name__)

MOST_LETTERS = 20_000  # of one segment
_TAG_LETTERS = 32  # of the hex digits of a digest


def etag(segment: Segment) -> str:
    """What names this state of a segment: as long as nobody changes it, it is the same."""
    text = json.dumps(asdict(segment), default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_TAG_LETTERS]


def segment(
    memory: Memory, segment_id: int, text: str | None, *, by: str, expected: Collection[str] | None = None
) -> Segment:
    """Write what was said in a segment; None takes back what a person wrote.

    With `expected`, only where its `etag` is among these. Raises NotFound, BadRequest, SegmentChanged.
    """
    with memory.db.write() as w:
        before = texts.get(w, segment_id)
        if expected is not None and etag(before) not in expected:
            raise SegmentChanged(f"Segment {segment_id} is not what it was.")
        changed = _reverted(before) if text is None else _written(before, " ".join(text.split()), by)
        texts.rewrite(w, changed)
        folders.mark(memory, {changed.source_id})
    failpoints.reach("segment.edited")
    with folders.repaying(memory, {changed.source_id}):
        folders.write_transcript(memory, changed.source_id)
    log.info("segment edited", extra={"action": "segment_edited", "segment": segment_id, "by": by})
    return changed


def timed(old: Sequence[Word], text: str, start: datetime, end: datetime) -> tuple[Word, ...]:
    """The words of `text` with times, from those of the words that stood there before."""
    new = text.split()
    same = difflib.SequenceMatcher(
        None, [_bare(word.text) for word in old], [_bare(word) for word in new], autojunk=False
    )
    found: list[Word] = []
    for tag, a, b, c, d in same.get_opcodes():
        if tag == "equal":
            found += (replace(word, text=now) for word, now in zip(old[a:b], new[c:d], strict=True))
        elif d > c:
            begin = old[a].start if a < b else (old[a - 1].end if a else start)
            until = old[b - 1].end if a < b else (old[a].start if a < len(old) else end)
            found += _spread(new[c:d], begin, max(begin, until))
    return tuple(found)


def _written(before: Segment, text: str, by: str) -> Segment:
    if not text or len(text) > MOST_LETTERS:
        raise BadRequest(f"What was said takes 1 to {MOST_LETTERS:,} characters.")
    edited = before.edited_at is not None
    return replace(
        before,
        text=text,
        words=timed(before.words, text, before.start, before.end),
        heard=before.heard if edited else before.text,
        heard_words=before.heard_words if edited else before.words,
        edited_at=types.now(),
        edited_by=by,
    )


def _reverted(before: Segment) -> Segment:
    if before.edited_at is None:
        raise BadRequest(f"Nobody wrote anything else for segment {before.id}.")
    if not before.heard:
        raise BadRequest(f"Nothing was heard where segment {before.id} is.")
    return replace(
        before, text=before.heard, words=before.heard_words, heard=None, heard_words=(), edited_at=None,
        edited_by=None,
    )  # fmt: skip


def _spread(texts: Sequence[str], start: datetime, end: datetime) -> Iterator[Word]:
    whole = milliseconds(end - start)
    edges = [after(start, whole * place // len(texts)) for place in range(len(texts) + 1)]
    for text, (begin, until) in zip(texts, itertools.pairwise(edges), strict=True):
        yield Word(start=begin, end=until, text=text, probability=1.0)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum()) or text


def _plain(value: object) -> str:
    return types.written(value) if isinstance(value, datetime) else str(value)
