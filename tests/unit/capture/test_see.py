import io
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mem.errors import DecoderCrashed, NotAVideo
from tests import looking, videos


def tiled(seen):
    """Asserts that the spans follow each other from 0 to the end, and each stretch from the last one's."""
    at = 0
    for stretch in seen.of("stretch"):
        for _, start, end, samples in stretch.fields["spans"]:
            assert start == at
            assert end > start
            assert samples >= 1
            at = end
        assert at == stretch.fields["until_ms"]
    assert at == seen.end["duration_ms"]
    return True


def picture(message):
    return Image.open(io.BytesIO(message.body[: message.fields["image"]]))


def test_each_scene_is_found_at_its_second(tmp_path):
    starts = [0, 4000, 9000, 11_000, 18_000]
    file = videos.write(tmp_path / "a.mp4", videos.scenes(starts, 20), sound=videos.tone(20))
    seen = looking.look(file)
    assert seen.offsets == starts
    assert [span[:3] for span in seen.spans] == [
        (0, 0, 4000),
        (1, 4000, 9000),
        (2, 9000, 11_000),
        (3, 11_000, 18_000),
        (4, 18_000, 20_000),
    ]
    assert sum(span[3] for span in seen.spans) == 20
    assert seen.end == {"duration_ms": 20_000, "partial": False, "warnings": []}


def test_a_frame_message_holds_the_picture_and_its_thumbnail(tmp_path):
    file = videos.write(tmp_path / "a.mp4", [(0, videos.flat((200, 60, 30), 640, 480))])
    frame = looking.look(file).of("frame")[0]
    facts = frame.fields
    assert len(frame.body) == facts["image"] + facts["thumb"]
    with picture(frame) as whole, Image.open(io.BytesIO(frame.body[facts["image"] :])) as thumb:
        assert whole.size == (facts["width"], facts["height"]) == (640, 480)
        assert thumb.size == (320, 240)
        assert looking.near(looking.colour(whole, 0.5, 0.5), (200, 60, 30))
        assert looking.near(tuple(bytes.fromhex(facts["colour"][1:])), (200, 60, 30))


@pytest.mark.parametrize("sigma", [0.0, 4.0])
def test_a_still_picture_is_kept_once_with_noise_or_without(tmp_path, sigma):
    file = videos.write(
        tmp_path / "a.mp4", videos.at_rate([(0, videos.scene(1))], 12, 5, sigma), videos.Shape(fps=5)
    )
    seen = looking.look(file)
    assert seen.offsets == [0]
    assert seen.spans == [(0, 0, 12_000, 12)]


def test_each_typed_line_is_kept(tmp_path):
    lines = ["mem remembers what it sees", "a second line of text", "and the third one is here"]
    pages = [(2000 * n, videos.typed(lines[: n + 1])) for n in range(3)]
    file = videos.write(tmp_path / "a.mp4", videos.at_rate(pages, 6))
    assert looking.look(file).offsets == [0, 2000, 4000]


def test_going_back_to_a_picture_makes_a_span_but_no_frame(tmp_path):
    pages = [(0, videos.scene(1)), (3000, videos.scene(2)), (6000, videos.scene(1))]
    file = videos.write(tmp_path / "a.mp4", videos.at_rate(pages, 9))
    seen = looking.look(file)
    assert seen.offsets == [0, 3000]
    assert seen.spans == [(0, 0, 3000, 3), (1, 3000, 6000, 3), (0, 6000, 9000, 3)]


def test_times_are_true_when_the_frame_rate_varies(tmp_path):
    times = [0, 1700, 1750, 40_300, 41_900]
    pages = [(moment, videos.scene(n)) for n, moment in enumerate(times, 1)]
    file = videos.write(tmp_path / "a.mkv", pages, videos.Shape(gop_ms=10_000))
    seen = looking.look(file)
    assert seen.offsets == [0, 1750, 40_300]
    assert tiled(seen)


def test_a_late_first_picture_stands_for_what_came_before_it(tmp_path):
    pages = [(1500 + moment, one) for moment, one in videos.scenes([0], 3)]
    file = videos.write(tmp_path / "a.mkv", pages, sound=videos.tone(5))
    seen = looking.look(file)
    assert seen.offsets == [1500]
    assert seen.spans[0][1] == 0


def test_a_turned_recording_gives_upright_frames(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 1), videos.Shape(rotation=90))
    facts = looking.look(file).of("frame")[0].fields
    assert (facts["width"], facts["height"]) == (240, 320)


def test_a_cut_file_keeps_what_is_there_and_says_so(tmp_path):
    whole = videos.write(
        tmp_path / "a.mp4",
        videos.scenes([0, 3000, 6000], 12),
        videos.Shape(container={"movflags": "faststart"}),
    )
    seen = looking.look(videos.cut(whole, tmp_path / "cut.mp4", 0.5))
    assert 0 in seen.offsets
    assert seen.end["partial"]
    assert any("before it should" in text for text in seen.warnings)
    assert tiled(seen)


def test_a_damaged_file_keeps_the_good_part_and_says_so(tmp_path):
    whole = videos.write(
        tmp_path / "a.mkv", videos.at_rate([(0, videos.scene(1)), (9000, videos.scene(2))], 12, 10, 3)
    )
    seen = looking.look(videos.spoil(whole, tmp_path / "bad.mkv", (0.4, 0.5)))
    assert seen.offsets[0] == 0
    assert 9000 in seen.offsets
    assert seen.end["partial"]
    assert any("damaged" in text for text in seen.warnings)
    assert tiled(seen)


def test_a_recording_without_picture_is_not_a_video(tmp_path):
    with pytest.raises(NotAVideo):
        looking.look(videos.write(tmp_path / "a.wav", sound=videos.tone(1)))


def test_a_picture_beyond_the_limit_is_never_decoded(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 2))
    seen = looking.look(file, max_pixels=320 * 240 // 2)
    assert not seen.of("frame")
    assert seen.end["partial"]
    assert any("No picture" in text for text in seen.warnings)


def test_a_picture_that_changes_its_size_is_kept_in_both(tmp_path):
    first = videos.write(tmp_path / "a.ts", videos.scenes([0], 3))
    second = videos.write(
        tmp_path / "b.ts",
        [(at, videos.scene(1, 640, 480)) for at in range(0, 3000, 100)],
        videos.Shape(start_ms=3000),
    )
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    seen = looking.look(both)
    assert [frame.fields["width"] for frame in seen.of("frame")] == [320, 640]
    assert tiled(seen)


def same(one, other):
    return [(m.kind, m.fields, m.body) for m in one] == [(m.kind, m.fields, m.body) for m in other]


def resumed(file, seen, **request):
    """Goes on behind each stretch of `seen`, and asserts that it gives what came after it."""
    for place, message in enumerate(seen.messages):
        if message.kind != "stretch":
            continue
        ordinals = [m.fields["ordinal"] for m in seen.messages[:place] if m.kind == "frame"]
        resume = {
            "until_ms": message.fields["until_ms"],
            "stretch": message.fields["index"] + 1,
            "next_ordinal": max(ordinals) + 1,
        }
        again = looking.look(file, message.body, resume=resume, **request)
        assert same(again.messages, seen.messages[place + 1 :])
    return True


@pytest.mark.parametrize("tolerance_ms", [0, 500])
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_going_on_behind_any_stretch_gives_the_same_messages(tmp_path, suffix, tolerance_ms):
    pages = [(n * 1700, videos.scene(seed)) for n, seed in enumerate([1, 2, 1, 3, 3, 4, 2, 5, 1, 6, 7, 6])]
    shape = videos.Shape(bframes=2, gop_ms=2300)
    file = videos.write(tmp_path / f"a{suffix}", videos.at_rate(pages, 21, 10, 3.0), shape)
    request = {"stretch_ms": 3000, "tolerance_ms": tolerance_ms}
    seen = looking.look(file, **request)
    assert len(seen.of("stretch")) == 7
    assert tiled(seen)
    assert resumed(file, seen, **request)


def test_going_on_in_a_damaged_file_gives_the_same_messages(tmp_path):
    pages = [(n * 1700, videos.scene(seed)) for n, seed in enumerate([1, 2, 1, 3, 3, 4, 2, 5])]
    whole = videos.write(tmp_path / "a.mkv", videos.at_rate(pages, 14, 10, 3.0), videos.Shape(gop_ms=4000))
    for part in (0.2, 0.5, 0.8):
        file = videos.spoil(whole, tmp_path / "bad.mkv", (part, part + 0.02))
        seen = looking.look(file, stretch_ms=2000)
        assert seen.end["partial"]
        assert tiled(seen)
        assert resumed(file, seen, stretch_ms=2000)


def test_a_span_goes_on_over_the_end_of_a_stretch(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.at_rate([(0, videos.scene(1))], 10))
    seen = looking.look(file, stretch_ms=3000)
    told = [stretch.fields["spans"] for stretch in seen.of("stretch")]
    assert told == [[[0, 0, 3000, 3]], [[0, 3000, 6000, 3]], [[0, 6000, 9000, 3]], [[0, 9000, 10_000, 1]]]


def test_a_state_of_another_stretch_is_refused(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 6))
    first, second = looking.look(file, stretch_ms=3000).of("stretch")
    resume = {"until_ms": first.fields["until_ms"], "stretch": 1, "next_ordinal": 1}
    for state in (second.body, b"", b"nonsense", first.body[:-9]):
        with pytest.raises(DecoderCrashed):
            looking.look(file, state, stretch_ms=3000, resume=resume)


def test_every_message_is_plain_json(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0, 2000], 4))
    for message in looking.look(file).messages:
        assert json.loads(json.dumps(message.fields)) == message.fields


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(30, 2500), st.integers(1, 4)), min_size=1, max_size=15),
    every_ms=st.integers(200, 3000),
    stretch_ms=st.integers(1000, 9000),
    tolerant=st.booleans(),
)
def test_spans_always_tile_the_recording(tmp_path_factory, steps, every_ms, stretch_ms, tolerant):
    moments = itertools.accumulate((step for step, _ in steps), initial=0)
    pages = [
        (at, videos.scene(seed, 64, 48)) for at, (_, seed) in zip(moments, [(0, 1), *steps], strict=True)
    ]
    file = videos.write(tmp_path_factory.mktemp("tile") / "a.mkv", pages, videos.Shape(gop_ms=500))
    request = {"every_ms": every_ms, "tolerance_ms": every_ms // 2 * tolerant, "stretch_ms": stretch_ms}
    seen = looking.look(file, **request)
    assert tiled(seen)
    assert resumed(file, seen, **request)
    known = [frame.fields["ordinal"] for frame in seen.of("frame")]
    assert known == list(range(len(known)))
    assert {span[0] for span in seen.spans} == set(known)


@pytest.mark.parametrize(
    ("name", "samples", "frames"),
    [("car-detection.mp4", 7, 7), ("bottle-detection.mp4", 8, 8), ("nasa_13013.mp4", 3, 3)],
)
def test_real_clips_are_seen_to_their_end(clip, name, samples, frames):
    seen = looking.look(clip(name), every_ms=5000, tolerance_ms=2500)
    assert sum(span[3] for span in seen.spans) == samples
    assert 1 <= len(seen.offsets) <= frames
    assert not seen.end["partial"]
    assert tiled(seen)
