"""A recording whose pictures are worth coding as reels: a page on which more and more is written."""

import io

import numpy as np
from PIL import Image

from mem.memory import Memory
from mem.store import forgetting
from mem.types import Frame, Source
from tests import stocked, videos

WIDTH, HEIGHT = 640, 360
OLD = 30  # days


Shown = tuple[bytes, bytes, int, int]  # WebP, thumbnail, width, height


def pictures(count: int = 20, width: int = WIDTH, height: int = HEIGHT) -> list[Shown]:
    """Pictures as `stocked.source` takes them."""
    lines = [f"line {number} says {number * 7919 % 1000} of them" for number in range(count)]
    return [shown(videos.typed(lines[: number + 1], width, height, 10)) for number in range(count)]


def shown(picture: np.ndarray) -> Shown:
    """One picture as `stocked.source` takes it; every thumbnail is another."""
    height, width = picture.shape[:2]
    return webp(picture), webp(picture[::8, ::8]), width, height


def webp(picture: np.ndarray) -> bytes:
    """A picture as it is stored."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "WEBP", quality=75, method=2)
    return out.getvalue()


def opened(data: bytes) -> np.ndarray:
    """A picture out of its bytes."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def source(memory: Memory, **facts) -> Source:
    """A recording of some years ago with these pictures in one pack."""
    return stocked.source(memory, pictures=facts.pop("pictures", None) or pictures(), **facts)


def frames(memory: Memory, found: Source) -> list[Frame]:
    """All frames, in the order of time; they lie in one pack."""
    (pack,) = forgetting.packs(memory.db, found.id)
    return forgetting.of_pack(memory.db, found.id, pack)
