import json

import numpy as np
import pytest

from mem.bench import effects, listening, sounds, words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("At 6 o'clock, in ROOM 42!", "at six o'clock in room forty two"),
        ("Our neighbours, 20 of them", "our neighbors twenty of them"),
        ("in 1984", "in 1984"),
    ],
)
def test_words_are_compared_without_what_does_not_matter(text, plain):
    assert words.plain(text) == plain.split()


@pytest.mark.parametrize(
    ("heard", "found"),
    [("a b c d", (0, 0)), ("a c d", (1, 1)), ("a x c d", (1, 0)), ("a b c d d", (1, 0)), ("", (4, 4))],
)
def test_what_is_wrong_and_what_is_missing_is_counted(heard, found):
    assert words.edits(["a", "b", "c", "d"], heard.split()) == found


def test_recordings_of_people_are_read_with_their_words(tmp_path):
    tone = np.sin(np.arange(sounds.RATE) / 10).astype(np.float32) / 2
    for name in ("b.wav", "a.wav"):
        sounds.write(tmp_path / name, tone)
    listed = [
        {"file": f"{name}.wav", "text": text, "speaker": "x"} for name, text in (("b", "two"), ("a", "One."))
    ]
    (tmp_path / "refs.json").write_text(json.dumps(listed))
    found = listening.real(tmp_path)
    assert list(found) == ["x"]
    assert found["x"].words == ["one", "two"]
    assert len(found["x"].sound) == pytest.approx(2.8 * sounds.RATE, abs=2)
    assert np.allclose(found["x"].sound[: len(tone)], tone, atol=1e-3)


def test_without_recordings_of_people_there_are_none(tmp_path):
    assert listening.real(tmp_path) == {}


@pytest.mark.parametrize("change", [effects.far, effects.telephone, effects.clipped, effects.interrupted])
def test_an_effect_keeps_the_length_and_the_range(change):
    tone = (np.sin(np.arange(3 * sounds.RATE) / 10) / 4).astype(np.float32)
    changed = change(tone)
    assert len(changed) == len(tone)
    assert changed.dtype == np.float32
    assert np.max(np.abs(changed)) <= 1
    assert not np.allclose(changed, tone)
