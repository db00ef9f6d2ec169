import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mem.speech import windows
from mem.speech.vad import Region

RATE = 16_000
stretches = st.lists(
    st.tuples(st.integers(2_560, 3 * RATE), st.integers(512, 28 * RATE)), min_size=1, max_size=40
)


def lay(gaps_and_lengths):
    at, regions = 0, []
    for gap, length in gaps_and_lengths:
        regions.append(Region(at + gap, at + gap + length))
        at += gap + length
    return regions, at + RATE


@given(stretches)
def test_every_stretch_is_in_one_window_and_no_window_is_too_long(found):
    speech, length = lay(found)
    packed = windows.pack(speech, length)
    assert [region for window in packed for region in window.speech] == speech
    assert all(window.length <= 30 * RATE for window in packed)
    assert all(0 <= span.start < span.end <= length for window in packed for span in window.spans)


@given(stretches, st.floats(0, 1))
def test_a_place_in_a_window_is_found_again_in_the_piece(found, where):
    speech, length = lay(found)
    piece = np.arange(length, dtype=np.float32)
    for window in windows.pack(speech, length):
        cut = window.cut(piece)
        at = int(where * (len(cut) - 2))
        start, end = window.place(at / RATE, (at + 1) / RATE)
        assert abs(start - int(cut[at])) <= 1
        assert start <= end


def test_a_window_ends_at_the_longest_pause_near_its_end():
    gaps = [1_000, 8_000, 8_000, 20_000, 8_000, 8_000]
    speech, length = lay([(gap, 7 * RATE) for gap in gaps])
    first = windows.pack(speech, length)[0]
    assert len(first.speech) == 3


def test_pauses_are_shortened_and_margins_kept():
    (window,) = windows.pack([Region(RATE, 2 * RATE), Region(10 * RATE, 11 * RATE)], 12 * RATE)
    assert window.length == round(3.6 * RATE)
    assert window.spans[0] == Region(round(0.6 * RATE), round(2.4 * RATE))


def test_no_speech_makes_no_window():
    assert windows.pack([], 60 * RATE) == []


def test_speech_without_a_word_is_told_and_a_pause_is_not():
    speech = [Region(0, 5 * RATE), Region(8 * RATE, 12 * RATE)]
    (window,) = windows.pack(speech, 12 * RATE)  # 0.8 s of the pause are left
    spoken = [(0.1, 0.6), (1.5, 2.0), (3.1, 3.6), (4.6, 5.0), (6.0, 6.5), (7.6, 8.0), (9.5, 9.8)]
    assert window.unheard(spoken) is None
    assert window.unheard(spoken[:4]) == (5.0, window.length / RATE)
    assert window.unheard([spoken[0], *spoken[3:]]) == (0.6, 4.6)
    assert window.unheard([(0.1, 4.9), *spoken[4:]]) == (1.1, 6.0)  # a word that reaches into the gap
