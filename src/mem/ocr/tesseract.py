"""Tesseract: a program beside Mem, lighter and weaker than RapidOCR; run once for each picture or band."""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from mem.ocr import Line, Picture, Wanted
from mem.types import Box

# Runs a program with bytes on its standard input; gives what it printed.
Run = Callable[[Sequence[str], bytes], bytes]

_ENLARGED = 1.5  # measured on pages of 12 to 16 px: 4.4 % wrong characters instead of 6.6 %
_DARK = 110  # mean level of a picture below which it is inverted: light text on dark is read badly
_LEAST_CONFIDENCE = 0.4
_SURE = 0.6
_SPARSE = ("--psm", "11")  # text wherever it stands


class Tesseract:
    """The program at a path."""

    def __init__(self, program: str, run: Run) -> None:
        self._program, self._run = program, run

    def likely(self, picture: Picture) -> bool:
        """Whether a word is read in the picture at its own size."""
        return any(line.confidence >= _SURE and len(line.text) >= 3 for line in self._lines(picture, 1.0))

    def read(self, picture: Picture, wanted: Wanted) -> Sequence[Line]:
        """The lines of text in the picture, from the top."""
        return [line for line in self._lines(picture, _ENLARGED) if wanted(line.box)]

    def _lines(self, picture: Picture, scale: float) -> list[Line]:
        image = Image.fromarray(picture).convert("L")
        if float(np.mean(np.asarray(image))) < _DARK:
            image = image.point(lambda level: 255 - level)
        if scale != 1.0:
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, Image.Resampling.BICUBIC)
        out = io.BytesIO()
        image.save(out, "PPM")
        told = self._run((self._program, "stdin", "stdout", *_SPARSE, "tsv"), out.getvalue())
        return parse(told.decode(errors="replace"), scale)


def parse(table: str, scale: float = 1.0) -> list[Line]:
    """The lines that Tesseract's table tells of, in pixels of the picture before it was scaled.

    A row is: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
    """
    words: dict[tuple[str, ...], list[tuple[str, float, int, int, int, int]]] = {}
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = map(int, cells[6:10])
        place = (left, top, left + width, top + height)
        words.setdefault(tuple(cells[1:5]), []).append((cells[11].strip(), float(cells[10]) / 100, *place))
    lines = []
    for parts in words.values():
        confidence = sum(part[1] for part in parts) / len(parts)
        if confidence < _LEAST_CONFIDENCE:
            continue
        left, top = min(part[2] for part in parts), min(part[3] for part in parts)
        right, bottom = max(part[4] for part in parts), max(part[5] for part in parts)
        box = Box(
            int(left / scale), int(top / scale), max(1, round((right - left) / scale)),
            max(1, round((bottom - top) / scale)),
        )  # fmt: skip
        lines.append(Line(" ".join(part[0] for part in parts), round(min(1.0, confidence), 4), box))
    return sorted(lines, key=lambda line: (line.box.y, line.box.x))
