"""The real RapidOCR, with the models that lie in its package. Small: loading takes most of the time."""

import io
import itertools
import logging
import tempfile
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mem.capture import lines, read
from mem.ocr import rapid
from mem.types import Box
from tests import screens

LINES = ["Invoice 2381 for RE16-TGK", "def total(values): return sum(values)", "Please water the garden"]


@cache
def reader() -> rapid.Rapid:
    return rapid.Rapid(1)


def page(said: list[str]) -> np.ndarray:
    made = Image.new("RGB", (640, 160), (30, 30, 30))
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(16)
    for number, line in enumerate(said):
        draw.text((20, 16 + number * 40), line, font=font, fill=(212, 212, 212))
    out = io.BytesIO()
    made.save(out, "WEBP", quality=75)
    return np.asarray(Image.open(out).convert("RGB"))


def test_a_page_is_read_line_by_line_with_its_places_and_without_the_network(caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        found = reader().read(page(LINES), lambda box: True)
    assert [line.text for line in found] == LINES
    for number, line in enumerate(found):
        assert abs(line.box.x - 20) < 8
        assert abs(line.box.y + line.box.height / 2 - (16 + number * 40 + 8)) < 6
        assert line.confidence > 0.8
    assert not [record for record in caplog.records if record.name.startswith("RapidOCR")]
    assert capfd.readouterr() == ("", "")


def looked(pictures: list[np.ndarray]) -> list[list[str]]:
    """The texts on pictures that follow one another, each read against the one before."""
    images = [screens.encoded(made) for made in pictures]
    starts = [0, *itertools.accumulate(map(len, images))]
    request = {
        "images": [[n, starts[n], len(data)] for n, data in enumerate(images)],
        "steps": [[n, n - 1 if n else None, 5000 * n] for n in range(len(images))],
        "known": [], "quiet": [0, 0], "last": True,
    }  # fmt: skip
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(images))
        file.flush()
        told = list(read.read(request, b"", descriptor=file.fileno(), engine=reader()))
    return [[line[0] for line in message.fields["lines"]] for message in told if message.kind == "frame"]


@pytest.mark.parametrize("font", ["", "DejaVuSansMono.ttf", "LiberationSerif-Regular.ttf"])
@pytest.mark.parametrize(("size", "dark"), [(12, True), (15, False)])
@pytest.mark.parametrize("way", ["typed", "pushed", "scrolled", "switched"])
def test_every_line_on_a_screen_that_changes_is_there(font, size, dark, way):
    words = [
        "Please water the garden",
        "Invoice for the bicycle",
        "Platform seven is closed",
        "The morning train",
    ]
    typed = [words[1][:count] for count in (7, 15, 23)]
    scenes = {
        "typed": [[words[0], so_far, *words[2:]] for so_far in typed],
        "pushed": [words[:3], [words[3], *words[:3]], words],
        "scrolled": [words[:3], words[1:], [*words[2:], words[0]]],
        "switched": [words[:2], words[2:], words[:2]],
    }[way]
    try:
        lettering = ImageFont.truetype(font, size) if font else ImageFont.load_default(size)
    except OSError:
        pytest.skip(f"{font} is not installed")
    ground, ink = (30, 212) if dark else (255, 24)
    pictures = []
    for scene in scenes:
        made = Image.new("RGB", (320, 96), (ground,) * 3)
        for number, said in enumerate(scene):
            ImageDraw.Draw(made).text((12, 6 + number * 21), said, font=lettering, fill=(ink,) * 3)
        pictures.append(np.asarray(made))
    found = looked(pictures)
    assert [[lines.folded(said) for said in frame] for frame in found] == [
        [lines.folded(said) for said in scene] for scene in scenes
    ]


def test_what_is_not_wanted_is_not_read():
    asked: list[Box] = []
    found = reader().read(page(LINES), lambda box: bool(asked.append(box)))
    assert found == []
    assert len(asked) == len(LINES)


def test_a_quick_look_tells_text_from_none():
    assert reader().likely(page(LINES[:1]))
    assert not reader().likely(page([]))


def test_noise_that_looks_like_text_at_half_its_size_is_none():
    chance = np.random.default_rng(1)
    y, x = np.mgrid[0:1080, 0:1920].astype(np.float32)
    level = 70 + 40 * np.sin(x / 700) + 30 * np.cos(y / 500)
    level[500:1000, 300:700], level[300:900, 1100:1190] = 40, 110
    noisy = level[:, :, None] + chance.normal(0, 9, (1080, 1920, 3)).astype(np.float32)
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "WEBP", quality=75, method=0)
    picture = np.array(Image.open(out).convert("RGB"))
    assert not reader().likely(picture)
    text = Image.new("RGB", (600, 32), "white")
    ImageDraw.Draw(text).text((8, 4), "Platform 7 is closed", font=ImageFont.load_default(20), fill=0)
    picture[700:732, 900:1500] = np.asarray(text)
    assert reader().likely(picture)


def test_a_picture_lower_than_a_line_can_be_read():
    assert reader().read(page(LINES)[:5, :7], lambda box: True) == []


@given(height=st.integers(1, 9000), width=st.integers(1, 16_000))
def test_bands_cover_a_picture_once_and_are_of_bounded_size(height, width):
    bands = rapid.bands(height, width)
    assert [first for _, _, first, _ in bands] == [0, *(last for _, _, _, last in bands[:-1])]
    assert bands[-1][3] == height
    for top, bottom, first, last in bands:
        assert 0 <= top <= first <= last <= bottom <= height
        assert (last - first) * width <= 1_100_000 + width


@given(st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 400)), max_size=40))
def test_every_line_is_recognised_once_with_others_of_its_shape(sizes):
    boxes = [Box(0, 0, width, height) for width, height in sizes]
    batches = rapid._batches(boxes)
    assert sorted(number for batch in batches for number in batch) == list(range(len(boxes)))
