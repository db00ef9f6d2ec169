import itertools

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mem.media import sample
from mem.media.offsets import Faults
from mem.media.sample import Pace, Position
from tests import looking, oddities, videos

CODINGS = {
    "keyframe each second": (".mp4", videos.Shape()),
    "B-frames": (".mp4", videos.Shape(bframes=3, gop_ms=25_000)),
    "B-frames in a transport stream": (".ts", videos.Shape(bframes=2, gop_ms=4000)),
    "open groups": (
        ".mkv",
        videos.Shape(codec="libx265", gop_ms=2000, options={"x265-params": "log-level=none"}),
    ),
    "open groups of H.264": (
        ".ts",
        videos.Shape(gop_ms=1500, bframes=3, options={"x264-params": "scenecut=0:bframes=3:open-gop=1"}),
    ),
    "MPEG-4 in AVI": (".avi", videos.Shape(codec="mpeg4", gop_ms=3000)),
    "VP9": (
        ".webm",
        videos.Shape(codec="libvpx-vp9", gop_ms=3000, options={"cpu-used": "8", "deadline": "realtime"}),
    ),
    "only keyframes": (".mov", videos.Shape(codec="mjpeg", pixels="yuvj420p")),
    "fragments": (".mp4", videos.Shape(container={"movflags": "frag_keyframe+empty_moov"})),
    "AV1": (".mkv", videos.Shape(codec="libsvtav1", gop_ms=3000, options={"preset": "12"})),
    "late start": (".mkv", videos.Shape(start_ms=3700, bframes=2)),
}


def counted(seconds, fps=10):
    """Each frame has its own grey, so that a picture tells its number."""
    for number in range(seconds * fps):
        yield number * 1000 // fps, videos.flat((16 + number % 200,) * 3, 64, 64)


def reference(path):
    """Every picture of the file, decoded in order: offset -> grey."""
    with looking.opened(path) as (opened, stream):
        start = opened.start_time / 1_000_000
        return {round((f.time - start) * 1000): grey(f) for f in opened.decode(stream)}


def grey(frame):
    return float(frame.to_ndarray(format="gray").mean())


@pytest.mark.parametrize("every_ms", [100, 250, 700])
@pytest.mark.parametrize("coding", CODINGS)
def test_exact_samples_are_the_pictures_that_full_decoding_gives(tmp_path, coding, every_ms):
    suffix, shape = CODINGS[coding]
    file = videos.write(tmp_path / f"a{suffix}", counted(9), shape)
    truth = reference(file)
    seen = looking.samples(file, every_ms)
    assert len(seen) == -(-9000 // every_ms)
    for one in seen:
        assert one.offset_ms == max(offset for offset in truth if offset <= max(one.asked_ms, min(truth)))
        assert grey(one.frame) == truth[one.offset_ms]


@pytest.mark.parametrize("coding", CODINGS)
def test_near_samples_lie_within_the_tolerance_and_never_repeat(tmp_path, coding):
    suffix, shape = CODINGS[coding]
    file = videos.write(tmp_path / f"a{suffix}", counted(9), shape)
    truth = reference(file)
    seen = looking.samples(file, 2000, 1000)
    assert len(seen) == 5
    assert all(abs(one.offset_ms - one.asked_ms) <= 1000 for one in seen)
    assert all(grey(one.frame) == truth[one.offset_ms] for one in seen)
    assert all(a.offset_ms < b.offset_ms for a, b in itertools.pairwise(seen))


def test_a_keyframe_within_the_tolerance_stands_in(tmp_path):
    file = videos.write(tmp_path / "a.mp4", counted(9), videos.Shape(gop_ms=2000))
    assert [one.offset_ms for one in looking.samples(file, 3000, 1500)] == [0, 2000, 6000]
    assert [one.offset_ms for one in looking.samples(file, 3000, 500)] == [0, 3000, 6000]


def test_a_standing_picture_is_looked_at_once_at_its_own_time(tmp_path):
    times = [0, 700, 9100, 9200, 30_000, 30_050, 95_000]
    pictures = [(moment, videos.flat((20 + 30 * n,) * 3, 64, 64)) for n, moment in enumerate(times)]
    file = videos.write(tmp_path / "a.mkv", pictures, videos.Shape(gop_ms=60_000))
    assert [one.offset_ms for one in looking.samples(file, 5000)] == [0, 700, 9200, 30_000, 30_050, 95_000]


def test_offsets_count_from_the_first_instant_of_the_container(tmp_path):
    file = videos.write(
        tmp_path / "a.ts", videos.scenes([0], 4), videos.Shape(start_ms=60_000), sound=videos.tone(4)
    )
    # AAC begins 64 ms before what it holds, and with it the container.
    assert [one.offset_ms for one in looking.samples(file, 1000)] == [64, 964, 1964, 2964, 3964]


def test_a_file_cut_short_gives_what_is_there(tmp_path):
    shape = videos.Shape(container={"movflags": "faststart"})
    whole = videos.write(tmp_path / "a.mp4", videos.scenes([0, 3000, 6000], 12), shape)
    faults = Faults()
    seen = looking.samples(videos.cut(whole, tmp_path / "cut.mp4", 0.6), 1000, faults=faults)
    assert 3 <= len(seen) <= 9
    assert faults.partial
    assert faults.missing_ms > 2000


def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path):
    whole = videos.write(tmp_path / "a.mkv", videos.at_rate([(0, videos.scene(1))], 20, sigma=4.0))
    faults = Faults()
    seen = looking.samples(videos.spoil(whole, tmp_path / "bad.mkv", (0.4, 0.5)), 1000, faults=faults)
    assert faults.partial
    assert len(seen) >= 16
    assert seen[-1].offset_ms == 19_000


def test_a_clock_that_leaps_is_closed_up(tmp_path):
    first = videos.write(tmp_path / "a.ts", counted(4), videos.Shape(start_ms=500_000))
    second = videos.write(tmp_path / "b.ts", counted(4), videos.Shape(start_ms=1000))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    faults = Faults()
    offsets = [one.offset_ms for one in looking.samples(both, 1000, faults=faults)]
    assert offsets[-1] < 8100
    assert len(offsets) == 8
    assert faults.jumps == 1


@pytest.mark.parametrize("name", ["one_stamp_ahead.ts", "one_stamp_back.ts", "cluster_ahead.mkv"])
def test_damaged_stamps_do_not_stretch_the_recording(tmp_path, name):
    oddities.MAKERS[name](tmp_path / name)
    faults = Faults()
    offsets = [one.offset_ms for one in looking.samples(tmp_path / name, 100, faults=faults)]
    assert offsets[-1] < 3000
    assert len(offsets) in (30, 31)
    assert faults.jumps == 1
    assert not faults.partial


def test_pictures_without_stamps_follow_each_other(tmp_path):
    """Matroska's time stamps before zero are not handed out."""
    oddities.MAKERS["starts_before_zero.mkv"](tmp_path / "a.mkv")
    offsets = [one.offset_ms for one in looking.samples(tmp_path / "a.mkv", 100)]
    assert offsets[:3] == [0, 100, 200]
    assert len(offsets) >= 29


def test_a_gap_of_a_year_costs_no_time_and_leaves_no_hole(tmp_path):
    year = 365 * 86_400_000
    pictures = [
        (moment, videos.flat((moment % 200 + 30,) * 3, 64, 64)) for moment in (0, 1000, year, year + 1000)
    ]
    file = videos.write(tmp_path / "a.mkv", pictures, videos.Shape(gop_ms=100))
    faults = Faults()
    assert looking.samples(file, 1000, faults=faults)[-1].offset_ms < 10_000
    assert faults.jumps == 1


def test_what_lies_beyond_the_longest_recording_is_left_out(tmp_path):
    file = videos.write(tmp_path / "a.mp4", counted(9))
    faults = Faults()
    assert looking.samples(file, 1000, faults=faults, longest_ms=4000)[-1].offset_ms == 4000
    assert faults.too_long


@pytest.mark.parametrize("bframes", [0, 3])
def test_memory_stays_bounded_without_changing_the_samples(tmp_path, monkeypatch, bframes):
    file = videos.write(tmp_path / "a.mp4", counted(40), videos.Shape(bframes=bframes, gop_ms=60_000))
    truth = [(one.asked_ms, one.offset_ms, grey(one.frame)) for one in looking.samples(file, 1300)]
    assert len(truth) == 31
    monkeypatch.setattr(sample, "_HELD_PACKETS", 60)
    for tolerance_ms in (0, 600):
        bounded = looking.samples(file, 1300, tolerance_ms)
        assert [(one.asked_ms, one.offset_ms, grey(one.frame)) for one in bounded] == truth
        position = Position(truth[19][0], truth[18][1])
        rest = looking.samples(file, 1300, tolerance_ms, position=position)
        assert [(one.asked_ms, one.offset_ms, grey(one.frame)) for one in rest] == truth[19:]


@settings(max_examples=25, deadline=None)
@given(
    every_ms=st.integers(100, 4000),
    share=st.floats(0, 0.5),
    steps=st.lists(st.integers(20, 3000), min_size=2, max_size=25),
    gop=st.integers(1, 8),
    bframes=st.integers(0, 3),
)
def test_going_on_from_any_sample_gives_the_rest(tmp_path_factory, every_ms, share, steps, gop, bframes):
    moments = np.cumsum([0, *steps])
    pictures = [(int(at), videos.flat((int(20 + 7 * n) % 256,) * 3, 64, 64)) for n, at in enumerate(moments)]
    shape = videos.Shape(gop_ms=gop * 100, bframes=bframes)
    file = videos.write(tmp_path_factory.mktemp("resume") / "a.mkv", pictures, shape)
    whole = looking.samples(file, every_ms, int(every_ms * share))
    assert whole[0].offset_ms == 0
    if share == 0:
        shown = [max(moments[moments <= asked]) for asked in range(0, moments[-1] + 1, every_ms)]
        assert [one.offset_ms for one in whole][: len(set(shown))] == sorted(set(shown))
    for number in range(1, len(whole)):
        position = Position(whole[number].asked_ms, whole[number - 1].offset_ms)
        rest = looking.samples(file, every_ms, int(every_ms * share), position=position)
        assert [one.offset_ms for one in rest] == [one.offset_ms for one in whole[number:]]


def test_the_grid_is_never_walked_through_an_empty_day():
    at = Position()
    wanted = sample._wanted([0, 80_000_000], 0, None, 80_000_001, Pace(100, 50), at)
    assert [target for _, target in wanted] == [0, 80_000_000]


def test_other_streams_are_read_again_afterwards(tmp_path):
    file = videos.write(tmp_path / "a.mp4", counted(1), sound=videos.tone(1))
    with looking.opened(file) as (opened, stream):
        list(sample.samples(opened, stream, Pace(1000, 0), faults=Faults()))
        assert all(other.discard == av.stream.Discard.default for other in opened.streams)
