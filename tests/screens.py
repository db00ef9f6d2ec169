"""Screens whose text is known without a model: bars of grey that a fake engine reads.

A bar is a line of text: 16 pixels high, its level of grey says what it reads. `tesseract` puts a program
of that name on disk which reads them too, so that the whole way through a confined child can be tested.
"""

import hashlib
import io
import itertools
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from mem import packs
from mem.memory import Memory
from mem.ocr import Line, Picture, Wanted
from mem.store import frames, sources
from mem.store.frames import NewFrame
from mem.types import Box, Source, Span, StartTime

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WIDTH, HEIGHT = 320, 240
LEFT, BAR_WIDTH, BAR_HEIGHT = 40, 120, 16
Bars = Mapping[int, int]  # row of a bar -> its level of grey, 0 to 200
_hashes = itertools.count()


def at(seconds: float) -> datetime:
    """The instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def picture(bars: Bars, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """White, with these bars."""
    made = np.full((height, width, 3), 255, np.uint8)
    for top, level in bars.items():
        made[top : top + BAR_HEIGHT, LEFT : LEFT + BAR_WIDTH] = level
    return made


def text(level: int) -> str:
    """What a bar of this level reads."""
    return f"level {level}"


class FakeEngine:
    """Reads bars, and remembers how high each picture was that it was given."""

    def __init__(self) -> None:
        self.glances = 0
        self.heights: list[int] = []
        self.lines = 0  # that were recognised

    def likely(self, picture: Picture) -> bool:
        """Whether there is a bar at all."""
        self.glances += 1
        return bool(_bars(picture[:, LEFT + 10, 1]))

    def read(self, picture: Picture, wanted: Wanted) -> Sequence[Line]:
        """The bars, whole ones and parts."""
        self.heights.append(picture.shape[0])
        found = _bars(picture[:, LEFT + 10, 1])
        boxes = [(Box(LEFT, top, BAR_WIDTH, high), level) for top, high, level in found]
        lines = [Line(text(level), 0.9, box) for box, level in boxes if wanted(box)]
        self.lines += len(lines)
        return lines


def _bars(column: np.ndarray) -> list[tuple[int, int, int]]:
    found = []
    for level, group in itertools.groupby(enumerate(column.tolist()), key=lambda item: item[1]):
        rows = [row for row, _ in group]
        if level < 210:
            found.append((rows[0], len(rows), level))
    return found


def tesseract(folder: Path, *, slow: float = 0) -> Path:
    """A program `tesseract` in `folder` that reads bars from the PGM picture on its standard input."""
    program = folder / "tesseract"
    program.write_text(
        f"#!{sys.executable} -SE\n"
        + textwrap.dedent(f"""
        import sys, time
        time.sleep({slow})
        data = sys.stdin.buffer.read()
        kind, size, most, body = data.split(b"\\n", 3)
        width, height = map(int, size.split())
        scale = width / {WIDTH}
        column = int({LEFT + 60} * scale)
        row, last = 0, None
        print("level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight\\tconf\\ttext")
        runs = []
        for y in range(height):
            level = round(body[y * width + column] / 10) * 10
            if runs and runs[-1][0] == level:
                runs[-1][2] = y + 1
            else:
                runs.append([level, y, y + 1])
        for number, (level, top, bottom) in enumerate(runs):
            if level < 210 and bottom - top >= 6:
                place = [int({LEFT} * scale), top, int({BAR_WIDTH} * scale), bottom - top]
                for word, text in enumerate(("level", str(level))):
                    print(5, 1, number, 1, 1, word, *place, 91.5, text, sep="\\t")
    """)
    )
    program.chmod(0o755)
    return program


def encoded(made: Picture) -> bytes:
    """The picture as a frame holds it, here without loss."""
    out = io.BytesIO()
    Image.fromarray(made).save(out, "WEBP", lossless=True)
    return out.getvalue()


def keep(memory: Memory, scenes: Sequence[Bars | bytes], *, seconds: float = 10, began: float = 0) -> Source:
    """A source that shows each of the scenes for so long; one that comes again is the frame it was first.

    Bytes stand for a scene whose picture is these bytes, whatever they are.
    """
    images = [scene if isinstance(scene, bytes) else encoded(picture(scene)) for scene in scenes]
    with memory.db.write() as w:
        source = sources.add(
            w, kind="file", name="screen.mp4", location=None, device=None, size=1, path="/screen.mp4",
            content_hash=f"screen-{next(_hashes)}", original=None, media=None, added_at=NOON,
            start=StartTime(started_at=at(began), time_source="caller", confidence="high", evidence=""),
        )[0]  # fmt: skip
        source = sources.settle(w, source.id, state="ready", ended_at=at(began + seconds * len(scenes)))
    folder = memory.folder / source.folder
    folder.mkdir(parents=True)
    unique = list(dict.fromkeys(images))
    with packs.open_pack(folder, packs.name(1), 0) as pack:
        made = [
            NewFrame(
                first_seen=at(began + images.index(image) * seconds),
                width=WIDTH,
                height=HEIGHT,
                format="webp",
                colour="#ffffff",
                pack=packs.name(1),
                offset=pack.append(f"{number}.webp", image),
                length=len(image),
                thumb_offset=512,
                thumb_length=1,
                sha256=hashlib.sha256(image).hexdigest(),
            )
            for number, image in enumerate(unique)
        ]
        pack.sync()
    with memory.db.write() as w:
        ids = dict(zip(unique, frames.add_many(w, source.id, made), strict=True))
        bounds = [at(began + number * seconds) for number in range(len(images) + 1)]
        frames.add_spans(w, [
            Span(source_id=source.id, frame_id=ids[image], start=start, end=end, samples=1)
            for image, start, end in zip(images, bounds, bounds[1:], strict=False)
        ])  # fmt: skip
    return source
