"""Reading the text off frames, with an engine that reads bars."""

from dataclasses import replace

import numpy as np
import pytest

from mem.capture import read
from mem.capture.read import MOST_PASSED, PATIENCE
from tests import screens
from tests.screens import FakeEngine, text


def request(path, scenes, *, known=(), quiet=(0, 0), last=True, seconds=5.0, start=0):
    """The request for scenes one after the other, whose images are written to `path`."""
    images, offset = [], 0
    with path.open("wb") as out:
        for number, scene in enumerate(scenes, start):
            data = scene if isinstance(scene, bytes) else screens.encoded(screens.picture(scene))
            images.append([number, offset, len(data)])
            offset += out.write(data)
    steps = [[n, n - 1 if n else None, round(n * seconds * 1000)] for n in range(start, start + len(scenes))]
    steps = [step for step in steps if step[0] not in dict(known)]
    return {
        "engine": "fake", "program": None, "threads": 1, "images": images, "steps": steps,
        "known": list(known), "quiet": list(quiet), "last": last,
    }  # fmt: skip


@pytest.fixture
def reading(tmp_path):
    """Reads scenes: gives the messages about frames, and the engine."""

    def run(scenes, *, engine=None, **facts):
        engine, path = engine or FakeEngine(), tmp_path / "images"
        asked = request(path, scenes, **facts)
        with path.open("rb") as file:
            told = list(read.read(asked, b"", descriptor=file.fileno(), engine=engine))
        return [message.fields for message in told if message.kind == "frame"], engine

    return run


def texts(message) -> list[str]:
    return [line[0] for line in message["lines"]]


def test_each_line_comes_with_its_place(reading):
    (frame,), _ = reading([{40: 100, 120: 50}])
    assert frame["lines"] == [["level 100", 0.9, 40, 40, 120, 16], ["level 50", 0.9, 40, 120, 120, 16]]


def test_only_what_changed_is_read_and_the_rest_is_carried_over(reading):
    frames, engine = reading([{40: 100, 80: 60}, {40: 100, 80: 60, 160: 50}])
    assert texts(frames[1]) == [text(100), text(60), text(50)]
    whole, band = engine.heights
    assert whole == screens.HEIGHT
    assert band < 64
    assert engine.lines == 3


def test_a_line_that_went_is_carried_no_further(reading):
    frames, _ = reading([{40: 100, 80: 60}, {40: 100}])
    assert texts(frames[1]) == [text(100)]


def test_a_line_that_changed_is_read_anew(reading):
    frames, engine = reading([{40: 100, 80: 60}, {40: 100, 80: 180}])
    assert texts(frames[1]) == [text(100), text(180)]
    assert engine.lines == 3


def test_a_picture_that_is_as_before_costs_no_reading(reading):
    frames, engine = reading([{40: 100}, {40: 100}])
    assert texts(frames[1]) == [text(100)]
    assert len(engine.heights) == 1


def test_a_picture_of_another_size_is_read_whole(reading):
    wide = screens.encoded(screens.picture({40: 100}, width=400))
    frames, engine = reading([{40: 100}, wide])
    assert texts(frames[1]) == [text(100)]
    assert engine.heights == [screens.HEIGHT, screens.HEIGHT]


def test_pictures_without_text_are_glanced_at_and_not_read(reading):
    _, engine = reading([{}, {}, {}])
    assert engine.heights == []


class Hasty(FakeEngine):
    """Overlooks everything at a glance."""

    def likely(self, picture):
        super().likely(picture)
        return False


def test_a_few_lines_too_small_to_glance_at_are_read_where_all_else_is_one_colour(reading):
    (frame,), engine = reading([{44: 100}], engine=Hasty())
    assert texts(frame) == [text(100)]
    assert engine.heights[0] < screens.HEIGHT


def test_what_a_glance_finds_nothing_in_is_not_read_where_much_is_drawn(reading):
    noisy = np.random.default_rng(1).integers(0, 2, (screens.HEIGHT, screens.WIDTH, 3), dtype=np.uint8) * 9
    (frame,), engine = reading([screens.encoded(noisy)], engine=Hasty())
    assert (texts(frame), engine.heights) == ([], [])


@pytest.mark.parametrize("broken", [b"no picture", b"RIFF\x04\0\0\0WEBP"])
def test_a_broken_picture_is_told_as_such_and_the_next_is_read(reading, broken):
    frames, _ = reading([{40: 100}, broken, {40: 100}])
    assert [frame["fault"] for frame in frames] == [False, True, False]
    assert [texts(frame) for frame in frames] == [[text(100)], [], [text(100)]]


def blank(number: int) -> bytes:
    """A picture that differs from the one before and shows nothing."""
    made = screens.picture({})
    made[:, :30] = 20 + number % 2 * 120
    return screens.encoded(made)


def test_where_no_text_comes_up_for_a_while_frames_are_passed_over(reading):
    frames, engine = reading([blank(n) for n in range(60)])
    assert len(frames) == 60
    assert not any(frame["lines"] for frame in frames)
    # 12 looks, then one for each minute of twelve frames, and the last frame.
    assert engine.glances == PATIENCE + (60 - PATIENCE) // 12


def test_frames_far_apart_are_all_looked_at(reading):
    _, engine = reading([blank(n) for n in range(20)], seconds=61)
    assert engine.glances == 20


def test_frames_close_together_are_looked_at_once_in_a_while(reading):
    _, engine = reading([blank(n) for n in range(PATIENCE + 2 * (MOST_PASSED + 1))], seconds=0.1)
    assert engine.glances == PATIENCE + 2


def test_when_text_comes_up_the_frames_passed_over_are_read_too(reading):
    scenes = [blank(n) for n in range(PATIENCE + 5)] + [{40: 100}] * 12
    frames, _ = reading(scenes)
    assert [bool(frame["lines"]) for frame in frames] == [False] * (PATIENCE + 5) + [True] * 12


class Doubtful(FakeEngine):
    """Reads each bar as one text, with one confidence."""

    def __init__(self, text: str, confidence: float) -> None:
        super().__init__()
        self.text, self.confidence = text, confidence

    def read(self, picture, wanted):
        found = super().read(picture, wanted)
        return [replace(line, text=self.text, confidence=self.confidence) for line in found]


@pytest.mark.parametrize(
    ("text", "confidence", "kept", "rests"),
    [("1", 0.87, False, True), ("1", 0.95, True, True), ("no", 0.6, True, True),
     ("noise", 0.7, True, True), ("word", 0.8, True, False)],
)  # fmt: skip
def test_only_what_is_text_for_sure_keeps_every_frame_being_looked_at(reading, text, confidence, kept, rests):
    scenes = [{40 + number % 2 * 60: 100} for number in range(PATIENCE)]
    frames, _ = reading(scenes, engine=Doubtful(text, confidence))
    assert bool(frames[0]["lines"]) == kept
    assert frames[-1]["quiet"][0] == (PATIENCE if rests else 0)


def test_a_run_may_end_while_frames_are_passed_over(reading):
    frames, _ = reading([blank(n) for n in range(PATIENCE + 5)], last=False)
    assert len(frames) == PATIENCE
    assert all(frame["settled"] for frame in frames)


def test_a_run_that_goes_on_from_anywhere_gives_what_an_undisturbed_one_gives(reading):
    scenes = [
        {40: 100},
        {40: 100, 80: 20},
        {80: 20},
        *(blank(n) for n in range(30)),
        {40: 60},
        {40: 60, 120: 60},
    ]
    whole, _ = reading(scenes)
    for cut in [frame["frame"] for frame in whole if frame["settled"]][:-1]:
        at = whole[cut]
        rest, _ = reading(scenes[cut:], start=cut, known=[[cut, at["lines"]]], quiet=at["quiet"])
        assert rest == whole[cut + 1 :]
