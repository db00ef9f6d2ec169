"""A memory with recordings in it, made without decoding anything: real packs, rows and copies that agree."""

import hashlib
import json
import random
from collections.abc import Sequence

from mem import folders, packs
from mem.memory import Memory
from mem.ops.backup import Folder, Made
from mem.store import checkpoints, frames, notes, sources, texts
from mem.types import Source, Span, after, milliseconds
from tests.store import rows

PACK = packs.name(1)


def source(
    memory: Memory,
    *,
    count: int = 4,
    size: int = 3_000,
    finished: bool = True,
    seed: int = 0,
    pictures: Sequence[tuple[bytes, bytes, int, int]] = (),
    **facts,
) -> Source:
    """A recording of `count` frames, a second each, with a sentence and a note; its copies are written.

    With `pictures` (WebP, thumbnail, width, height) these are its frames.
    """
    count = len(pictures) or count
    chance = random.Random(seed)
    with memory.db.write() as w:
        made = rows.source(w, **facts)
    folder = folders.of(memory, made)
    folder.mkdir(parents=True)
    news, record = [], {}
    with packs.open_pack(folder, PACK, 0) as pack:
        for number in range(count):
            drawn = (chance.randbytes(size), chance.randbytes(size // 6), 320, 240)
            image, thumb, width, height = pictures[number] if pictures else drawn
            at, digest = number * 1_000, hashlib.sha256(image).hexdigest()
            facts_of = {"width": width, "height": height, "format": "webp", "colour": "#aabbcc"}
            facts_of["sha256"] = digest
            news.append(
                frames.NewFrame(
                    first_seen=after(made.started_at, at),
                    pack=PACK,
                    offset=pack.append(f"{at:012d}.webp", image),
                    length=len(image),
                    thumb_offset=pack.append(f"{at:012d}.thumb.webp", thumb),
                    thumb_length=len(thumb),
                    **facts_of,
                )
            )
            record[str(number)] = {"offset_ms": at, **facts_of}
        spans = [[number, number * 1_000, (number + 1) * 1_000, 1] for number in range(count)]
        body = {"stretch": 0, "frames": record, "spans": spans}
        pack.append(f"{count * 1_000:012d}.stretch.json", json.dumps(body, sort_keys=True).encode())
        length = pack.sync()
    end = after(made.started_at, count * 1_000)
    with memory.db.write() as w:
        ids = frames.add_many(w, made.id, news)
        frames.add_spans(
            w,
            [
                Span(
                    source_id=made.id,
                    frame_id=one,
                    start=new.first_seen,
                    end=after(new.first_seen, 1_000),
                    samples=1,
                )
                for one, new in zip(ids, news, strict=True)
            ],
        )
        texts.add_many(
            w, made.id, [rows.new_segment(made.started_at, after(made.started_at, 900), "a red bicycle")]
        )
        notes.add(w, source_id=made.id, start=made.started_at, end=end, text="seen it", author="me", now=end)
        point = rows.checkpoint(
            made.id,
            pack=PACK,
            pack_length=length,
            until_ms=milliseconds(end - made.started_at),
            finished=finished,
        )
        checkpoints.put(w, point, expected=None)
        made = sources.settle(w, made.id, state="ready" if finished else "partial", ended_at=end)
    folders.write_source(memory, made.id)
    folders.write_notes(memory, made.id)
    if finished:
        folders.write_transcript(memory, made.id)
        folders.write_screen(memory, made.id)
        folders.write_frames(memory, made.id)
    return made


def lying(made: Made) -> tuple[Folder, str]:
    """Where a backup lies that was made in a folder, and its name there."""
    return Folder(made.folder.parent), made.name
