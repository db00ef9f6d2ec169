import numpy as np

from mem.capture import hear
from mem.media.audio import Piece
from mem.speech import channels
from mem.speech.vad import Region
from tests import spoken

RATE = 16_000


def turns():
    """Two people who speak in turn, one on each side."""
    one, other = spoken.say(spoken.SENTENCES[0]), spoken.say(spoken.SENTENCES[1])
    left = np.concatenate((one, np.zeros(len(other), np.float32)))
    right = np.concatenate((np.zeros(len(one), np.float32), other))
    return np.stack((left, right))


def test_two_people_in_turn_are_told_apart():
    assert channels.differ(turns())


def test_one_voice_on_both_sides_is_one_voice():
    sound = spoken.say(spoken.SENTENCES[0])
    echo = np.roll(sound, 20) * np.float32(0.6)
    assert not channels.differ(np.stack((sound, echo)))


def test_a_side_that_is_silent_is_no_second_voice():
    sound = spoken.say(spoken.SENTENCES[0])
    assert not channels.differ(np.stack((sound, np.zeros_like(sound))))


def test_what_bleeds_over_from_the_other_side_is_left_out():
    sound = spoken.say(spoken.SENTENCES[0])
    found = [Region(0, len(sound))]
    assert channels.own(found, sound, sound * np.float32(0.1)) == found
    assert channels.own(found, sound * np.float32(0.1), sound) == []


def test_speech_on_both_sides_at_once_counts_once():
    both = [[Region(0, 100), Region(200, 300)], [Region(50, 150)]]
    assert hear._covered(both) == 250


def test_mono_beside_stereo_is_the_same_on_both_sides():
    mono, stereo = Piece(0, np.ones(2, np.float32)), Piece(2, np.zeros((2, 3), np.float32))
    assert mono.and_then(stereo).sound.tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]
    assert Piece(0, np.array([[1, 0], [0, 1]], np.float32)).samples.tolist() == [0.5, 0.5]
