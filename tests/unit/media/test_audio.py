import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from mem.media import audio
from mem.media.audio import RATE, Faults, Piece
from tests import oddities, videos


def hear(path):
    """The whole sound of a file, in place, and what went wrong."""
    faults = Faults()
    with av.open(str(path)) as container:
        stream = audio.find(container)
        assert stream is not None
        parts = list(audio.sound(container, stream, faults))
    return parts, faults


def laid(parts):
    """The parts on one time line."""
    whole = np.zeros(parts[-1].end, np.float32)
    for part in parts:
        whole[part.start : part.end] = part.samples
    return whole


def bursts_ms(samples, level=0.1):
    """Where tones begin, in ms."""
    envelope = np.array([np.max(np.abs(hop)) for hop in np.array_split(samples, len(samples) // 80)])
    loud = envelope > level
    return (np.flatnonzero(loud[1:] & ~loud[:-1]) + 1) * 5


def beeps(starts_ms, seconds, rate=RATE):
    """Silence with a tone of 200 ms at each start."""
    sound = np.zeros(round(seconds * rate), np.float32)
    for start in starts_ms:
        at = start * rate // 1000
        sound[at : at + rate // 5] = videos.tone(0.2, rate)
    return sound


def stamped(path, parts, rate=RATE, block=480):
    """Write sounds as uncompressed audio at the given times (ms), overlapping or apart as they are."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        stream.time_base = Fraction(1, rate)
        for start_ms, sound in parts:
            for at in range(0, len(sound), block):
                data = (sound[at : at + block] * 32767).astype(np.int16)[None]
                frame = AudioFrame.from_ndarray(data, format="s16", layout="mono")
                frame.rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = start_ms * rate // 1000 + at
                for packet in stream.encode(frame):
                    packet.pts = packet.dts = frame.pts
                    container.mux(packet)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.mp4", "a.webm", "a.mkv", "a.flac", "a.ts", "a.mp3"])
def test_every_tone_is_heard_where_it_was_put(tmp_path, name):
    starts = [500, 4_000, 13_000, 24_500]
    file = videos.write(tmp_path / name, sound=beeps(starts, 26, 48_000), rate=48_000)
    parts, faults = hear(file)
    assert np.abs(bursts_ms(laid(parts)) - np.array(starts)).max() <= 30
    assert not faults.partial
    assert abs(parts[-1].end / RATE - 26) < 0.15


def test_a_stereo_track_at_another_rate_keeps_its_length_to_the_sample(tmp_path):
    samples = videos.tone(47.003, 44_100)
    parts, _ = hear(videos.write(tmp_path / "a.wav", sound=samples, rate=44_100))
    assert abs(parts[-1].end - len(samples) * RATE / 44_100) <= 2


def test_a_gap_between_time_stamps_becomes_silence(tmp_path):
    tone = videos.tone(1.0)
    parts, _ = hear(stamped(tmp_path / "gap.mkv", [(0, tone), (3_000, tone)]))
    whole = laid(parts)
    assert bursts_ms(whole)[-1] == pytest.approx(3_000, abs=10)
    assert np.max(np.abs(whole[RATE * 12 // 10 : RATE * 28 // 10])) == 0
    assert abs(parts[-1].end - 4 * RATE) <= RATE // 100


def test_sound_that_the_container_says_twice_is_heard_once():
    samples = np.arange(5_000, dtype=np.float32)
    said = [Piece(0, samples[:2_000]), Piece(500, samples[500:1_500]), Piece(1_000, samples[1_000:])]
    parts = list(audio._laid(said))
    assert [part.start for part in parts] == [0, 2_000]
    assert np.array_equal(np.concatenate([part.samples for part in parts]), samples)


def test_a_track_that_starts_late_starts_with_silence(tmp_path):
    file = tmp_path / "late.mkv"
    with av.open(str(file), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(40):
            picture = av.VideoFrame.from_ndarray(videos.flat((9, 9, 9), 64, 64), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 10)
            container.mux(video.encode(picture))
        data = (videos.tone(1.0) * 32767).astype(np.int16)[None]
        late = AudioFrame.from_ndarray(data, format="s16", layout="mono")
        late.rate, late.time_base, late.pts = RATE, Fraction(1, RATE), 1_500 * 16
        container.mux(sound.encode(late))
        container.mux(video.encode(None))
    parts, _ = hear(file)
    assert parts[0].start == 0
    assert list(bursts_ms(laid(parts))) == [pytest.approx(1_500, abs=10)]


def test_time_stamps_that_begin_far_from_zero_change_nothing(tmp_path):
    shape = videos.Shape(start_ms=3_700)
    pictures = videos.scenes([0], 6.0)
    file = videos.write(tmp_path / "a.mkv", pictures, shape, sound=beeps([2_000], 6), rate=RATE)
    parts, _ = hear(file)
    assert list(bursts_ms(laid(parts))) == [pytest.approx(2_000, abs=30)]


def test_a_long_gap_is_left_out_and_what_follows_is_in_its_place(tmp_path):
    tone = videos.tone(1.0)
    parts, _ = hear(stamped(tmp_path / "pause.mkv", [(0, tone), (6 * 3_600_000, tone)]))
    assert sum(len(part.samples) for part in parts) == pytest.approx(2 * RATE, abs=200)
    assert [piece.start for piece in audio.pieces(parts)] == [0, 6 * 3600 * RATE]


def test_a_clock_set_a_month_ahead_goes_on_where_the_sound_was(tmp_path):
    """As the picture's does, so that the two stay together."""
    tone = videos.tone(5.0)
    parts, faults = hear(stamped(tmp_path / "month.mkv", [(0, tone), (30 * 86_400_000, tone)]))
    assert parts[-1].end == pytest.approx(10 * RATE, abs=200)
    assert faults.jumps == 1
    assert not faults.partial


def test_a_clock_set_back_goes_on_where_the_sound_was():
    frames = [frame(30_000 + n) for n in range(0, 3000, 10)] + [frame(n) for n in range(0, 3000, 10)]
    places = [place for place, _ in audio._timed(frames, 30.0)]
    assert places == pytest.approx([n * 16 for n in range(0, 6000, 10)])


def frame(start_ms):
    made = AudioFrame.from_ndarray(np.zeros((1, 160), np.int16), format="s16", layout="mono")
    made.rate, made.time_base, made.pts = RATE, Fraction(1, 1000), start_ms
    return made


def test_one_damaged_time_stamp_does_not_move_what_follows():
    frames = [frame(0), frame(10), frame(50_000_000), frame(30), frame(40)]
    places = [place for place, _ in audio._timed(frames, 0.0)]
    assert places == [0, 160, 320, 480, 640]


def test_a_leap_that_the_next_frame_confirms_is_believed():
    places = [place for place, _ in audio._timed([frame(0), frame(60_000), frame(60_010)], 0.0)]
    assert places == [0, 60_000 * 16, 60_010 * 16]


def test_frames_without_time_stamps_follow_each_other():
    places = [place for place, _ in audio._timed([frame(5), frame(None), frame(None)], 0.005)]
    assert places == [0, 160, 320]


def test_damage_in_the_middle_costs_only_the_middle(tmp_path):
    starts = [1_000, 18_000]
    whole = videos.write(tmp_path / "whole.mkv", sound=beeps(starts, 20) + videos.tone(20) * 0.03, rate=RATE)
    broken = videos.spoil(whole, tmp_path / "broken.mkv", (0.4, 0.6))
    parts, faults = hear(broken)
    heard = bursts_ms(laid(parts), 0.15)
    assert min(abs(heard - 1_000)) <= 30
    assert min(abs(heard - 18_000)) <= 30
    assert faults.partial
    assert faults.warnings()


def test_a_file_that_was_cut_off_is_partial(tmp_path):
    shape = videos.Shape(container={"movflags": "faststart"})
    whole = videos.write(tmp_path / "whole.mp4", shape=shape, sound=videos.tone(30), rate=RATE)
    parts, faults = hear(videos.cut(whole, tmp_path / "cut.mp4", 0.5))
    assert 10 * RATE < parts[-1].end < 20 * RATE
    assert faults.partial
    assert any("ends" in warning for warning in faults.warnings())


def test_a_video_without_sound_has_no_audio_stream(tmp_path):
    file = videos.write(tmp_path / "silent.mp4", videos.scenes([0], 2.0))
    with av.open(str(file)) as container:
        assert audio.find(container) is None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 30 * 16), min_size=1, max_size=12))
def test_pieces_neither_lose_nor_double_a_sample(seed, lengths):
    samples = np.random.default_rng(seed).normal(0, 0.1, sum(lengths) * 100).astype(np.float32)
    at, parts = 0, []
    for length in lengths:
        parts.append(Piece(at, samples[at : at + length * 100]))
        at += length * 100
    found = list(audio.pieces(parts, seconds=2, search_seconds=1))
    assert np.array_equal(np.concatenate([piece.samples for piece in found]), samples)
    assert all(before.end == after.start for before, after in itertools.pairwise(found))
    assert all(1 * RATE <= len(piece.samples) <= 2 * RATE for piece in found[:-1])
    assert all(piece.end % 16 == 0 for piece in found[:-1])


def test_a_piece_ends_in_the_middle_of_the_lull():
    samples = np.random.default_rng(1).normal(0, 0.1, 70 * RATE).astype(np.float32)
    samples[55 * RATE : 56 * RATE] *= 0.01
    first = next(audio.pieces([Piece(0, samples)]))
    assert first.end / RATE == pytest.approx(55.5, abs=0.2)


def test_the_memory_in_use_does_not_grow_with_the_recording():
    import tracemalloc

    def parts(minutes):
        for at in range(minutes * 6):
            yield Piece(at * 10 * RATE, np.full(10 * RATE, 0.1, np.float32))

    tracemalloc.start()
    for _ in audio.pieces(parts(30)):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6


@pytest.mark.parametrize("name", ["adts.aac", "no_length.mp3"])
def test_a_length_that_nobody_states_is_not_missed(tmp_path, name):
    oddities.MAKERS[name](tmp_path / name)
    _, faults = hear(tmp_path / name)
    assert not faults.partial
