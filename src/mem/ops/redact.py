"""Redacting: making a part of what was shown unrecognisable, afterwards and for good.

An interval loses its pictures (they become black), what was said, and what was to be read; a region loses
its part of the pictures and what was to be read there. The time itself, its notes and all else stay. The
recording holds what is redacted too and cannot be changed without coding it anew, so an original goes, and
a file that was captured by path is no longer referred to. Begun is finished, as with deletions: each step
may be done again, and the receipt says how far it is.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
from PIL import Image

from mem import failpoints, folders, kept, types
from mem.errors import BadRequest
from mem.media import covering
from mem.memory import Memory
from mem.ops import clearing, repack
from mem.store import forgetting, jobs, receipts
from mem.types import Receipt, Source

Region = tuple[float, float, float, float]  # left, top, width, height, as shares of the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is to be made unrecognisable, as its receipt says it."""

    start: datetime
    end: datetime
    source_id: int | None
    region: Region | None

    @classmethod
    def of(cls, receipt: Receipt) -> "Redaction":
        """What was asked for."""
        asked = receipt.asked
        source, region = asked["source"], cast("list[float] | None", asked["region"])
        return cls(
            start=datetime.fromisoformat(str(asked["from"])),
            end=datetime.fromisoformat(str(asked["to"])),
            source_id=None if source is None else int(str(source)),
            region=None if region is None else checked(region),
        )

    def asked(self) -> Mapping[str, object]:
        """The same, for a receipt."""
        return {
            "from": types.written(self.start),
            "to": types.written(self.end),
            "source": self.source_id,
            "region": None if self.region is None else list(self.region),
        }


def checked(region: list[float] | Region) -> Region:
    """A region that lies in a picture. Raises BadRequest."""
    if len(region) != 4 or not all(0 <= share <= 1 for share in region) or not (region[2] and region[3]):
        raise BadRequest(
            "A region is left, top, width and height as shares of the picture, from 0 to 1.",
            hint="For example 0.5,0,0.5,1 is the right half.",
        )
    left, top, width, height = region
    return left, top, width, height


def words(memory: Memory, receipt_id: int, found: Source, wanted: Redaction) -> None:
    """Let go of what was said and to be read in a source, and of the recording itself."""
    folder = folders.of(memory, found)
    with memory.db.write() as w:
        repack.refuse_if_moved(w, found)
        jobs.interrupt(w, found.id, "screen", types.now())
        removed = forgetting.forget_words(w, found.id, wanted.start, wanted.end, wanted.region)
        kept = {"originals": int(found.original is not None), "detached": int(found.path is not None)}
        names = [found.original] if found.original is not None else []
        names += [path.name for path in folder.glob("*.state*")]
        pending = [(f"{found.folder}/{name}", _size(memory, found, name)) for name in names]
        receipts.add(w, receipt_id, {**removed, **kept}, pending)
    failpoints.reach("redact.committed")
    clearing.clear(memory, receipt_id)


def pictures(memory: Memory, receipt_id: int, found: Source, wanted: Redaction) -> int:
    """Draw the pictures of a source anew, pack by pack; gives how many."""
    frames = forgetting.standing_in(memory.db, found.id, wanted.start, wanted.end)
    regions = None if wanted.region is None else [wanted.region]
    quality = memory.config.capture.frame.quality
    for pack in sorted(frames):
        repack.draw(
            memory, receipt_id, found.id, pack, frames[pack], lambda data: redrawn(data, regions, quality)
        )
    if folders.of(memory, found).is_dir():
        folders.write_source(memory, found.id)
        folders.write_transcript(memory, found.id)
        folders.write_frames(memory, found.id)
        folders.write_screen(memory, found.id)
    return sum(map(len, frames.values()))


def redrawn(data: bytes, regions: list[Region] | None, quality: int) -> tuple[bytes, str]:
    """A stored picture with the regions covered, all of it where they are None, and its average colour."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        form = str(image.format)
        picture = covering.cover(np.asarray(image.convert("RGB"), np.uint8), regions)
    Image.fromarray(picture).save(out, form, quality=quality)
    red, green, blue = picture.reshape(-1, 3).mean(axis=0).round().astype(int)
    return out.getvalue(), f"#{red:02x}{green:02x}{blue:02x}"


def _size(memory: Memory, found: Source, name: str) -> int:
    return kept.size(folders.of(memory, found) / name) or 0
