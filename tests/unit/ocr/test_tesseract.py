"""Tesseract as a program beside Mem."""

import numpy as np
import pytest

from mem.errors import DecoderCrashed, DecoderHung
from mem.media import sandbox
from mem.ocr import tesseract
from mem.ocr.tesseract import Tesseract
from mem.types import Box
from tests import screens

TABLE = "\n".join(
    "\t".join(map(str, row))
    for row in [
        ("level", "page_num", "block_num", "par_num", "line_num", "word_num", "left", "top", "width",
         "height", "conf", "text"),
        (1, 1, 0, 0, 0, 0, 0, 0, 960, 540, -1, ""),
        (5, 1, 1, 1, 1, 1, 60, 30, 90, 24, 96.1, "Invoice"),
        (5, 1, 1, 1, 1, 2, 165, 33, 60, 21, 92.5, "2381"),
        (5, 1, 2, 1, 1, 1, 60, 300, 30, 20, 12.0, "~;"),
        (5, 1, 3, 1, 1, 1, 30, 90, 30, 15, 80, "b"),
        (5, 1, 3, 1, 1, 2, 30, 90, 30, 15, 80, " "),
        ("torn", "row"),
    ]
)  # fmt: skip


def test_words_of_a_line_are_one_line_in_the_pixels_of_the_picture():
    first, second = tesseract.parse(TABLE, 1.5)
    assert (first.text, first.box) == ("Invoice 2381", Box(40, 20, 110, 16))
    assert first.confidence == pytest.approx(0.943, abs=0.001)
    assert (second.text, second.box) == ("b", Box(20, 60, 20, 10))


def test_light_text_on_dark_is_turned_over_before_it_is_read():
    seen = []

    def run(command, data):
        seen.append((command, np.frombuffer(data.split(b"\n", 3)[3], np.uint8).mean()))
        return b""

    engine = Tesseract("/usr/bin/tesseract", run)
    engine.read(np.full((30, 40, 3), 20, np.uint8), lambda box: True)
    engine.read(np.full((30, 40, 3), 240, np.uint8), lambda box: True)
    assert [level for _, level in seen] == [235, 240]
    assert seen[0][0] == ("/usr/bin/tesseract", "stdin", "stdout", "--psm", "11", "tsv")


def test_the_program_reads_what_is_wanted(tmp_path):
    engine = Tesseract(str(screens.tesseract(tmp_path)), sandbox.program)
    made = screens.picture({40: 100, 120: 50})
    assert engine.likely(made)
    assert not engine.likely(screens.picture({}))
    lines = engine.read(made, lambda box: box.y > 80)
    assert [line.text for line in lines] == ["level 50"]
    assert abs(lines[0].box.y - 120) <= 1


@pytest.mark.parametrize(
    ("script", "error"),
    [("exit 3", DecoderCrashed), ("sleep 20", DecoderHung), (None, DecoderCrashed)],
)
def test_a_program_that_fails_ends_in_a_typed_error(tmp_path, script, error):
    program = tmp_path / "tesseract"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    with pytest.raises(error, match="tesseract"):
        sandbox.program([str(program)], b"", seconds=0.3)
