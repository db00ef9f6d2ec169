import jiwer
import numpy as np
import pytest

from mem.speech import decode, vad, windows
from mem.speech.vad import Region
from tests import spoken

RATE = 16_000


@pytest.mark.parametrize(
    ("seconds", "look"), [(0.4, 15), (5.0, 15), (5.1, 20), (14.0, 25), (15.1, 30), (20.0, 30), (30.0, 30)]
)
def test_a_look_has_ten_seconds_of_silence_or_is_whole(seconds, look):
    assert decode.look(round(seconds * RATE)) == look


def test_a_short_window_is_looked_at_shortly(recogniser):
    short, long = (recogniser._decoder.encode(np.zeros(n * RATE, np.float32)) for n in (2, 28))
    assert (short.shape[1], long.shape[1]) == (15 * 50, 30 * 50)


def test_a_long_window_and_a_short_one_behind_it_are_both_understood(recogniser):
    sound, _ = spoken.talk(spoken.SENTENCES[:11], gaps=(*[0.4] * 10, 2.0))
    last = spoken.say(spoken.SENTENCES[11])
    speech = [*vad.regions(sound), Region(len(sound), len(sound) + len(last))]
    looks = {decode.look(window.length) for window in windows.pack(speech, speech[-1].end)}
    assert len(looks) == 2
    found = recogniser.transcribe(np.concatenate((sound, last)), speech, language="en")
    said = spoken.plain(" ".join(each.text for each in found)).split()
    wanted = spoken.plain(" ".join(spoken.SENTENCES[:12])).split()
    assert jiwer.wer(" ".join(wanted), " ".join(said)) <= 0.05
