import numpy as np
import pytest

from mem.speech import vad
from tests import spoken

RATE = 16_000
TIME = np.arange(20 * RATE) / RATE


def noise(level):
    return np.random.default_rng(5).normal(0, level, len(TIME)).astype(np.float32)


def chord():
    tones = [
        np.sin(2 * np.pi * hertz * TIME) * (np.sin(np.pi * beat * TIME) ** 2)
        for hertz, beat in ((262, 1.0), (330, 0.7), (392, 1.3))
    ]
    return (0.1 * sum(tones)).astype(np.float32)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.float32),
        np.zeros(20 * RATE, np.float32),
        noise(0.0005),
        noise(0.06),
        (0.2 * np.sin(2 * np.pi * 50 * TIME)).astype(np.float32),
        (np.cumsum(noise(0.002)) * 0.02).astype(np.float32),
    ],
    ids=["nothing", "digital silence", "room noise", "white noise", "hum", "rumble"],
)
def test_nobody_speaks_in_what_is_not_speech(sound):
    assert vad.regions(sound) == []


def test_music_like_sound_is_hardly_ever_speech():
    assert sum(region.seconds for region in vad.regions(chord())) < 1


def test_each_sentence_is_found_within_a_tenth_of_a_second():
    sound, starts = spoken.talk(spoken.SENTENCES[:5], gaps=(1.0,), lead=0.7)
    found = [region.start * 1000 // RATE for region in vad.regions(sound)]
    assert len(found) == 5
    assert np.abs(np.array(found) - np.array(starts)).max() < 120


def test_quiet_speech_is_found_too():
    sound, _ = spoken.talk(spoken.SENTENCES[:3], gaps=(0.6,))
    loud = sum(region.seconds for region in vad.regions(sound))
    quiet = sum(region.seconds for region in vad.regions(sound * 0.02))
    assert quiet > 0.8 * loud
