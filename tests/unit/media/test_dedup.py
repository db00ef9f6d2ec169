import itertools

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mem.media import news, touching
from mem.media import thumb as thumbs
from mem.media.dedup import KEPT, Keeper
from mem.media.news import RULES
from tests import videos

NORMAL = RULES["normal"]
WIDE, HIGH = 960, 544


def thumb(picture):
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return thumbs.of(frame.reformat(format="yuvj420p", threads=1))


def page(*lines, size=14):
    return videos.typed(lines, WIDE, HIGH, size)


def differ(one, other, rule=NORMAL):
    return news.differs(thumb(one), thumb(other), rule)


def scene(seed):
    return videos.scene(seed, WIDE, HIGH)


def test_the_same_picture_is_not_news():
    assert not differ(scene(1), scene(1))


@pytest.mark.parametrize("sensitivity", RULES)
@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_sensor_noise_is_not_news(sensitivity, sigma):
    pictures = [thumb(videos.noisy(scene(1), seed, sigma)) for seed in range(8)]
    pairs = itertools.combinations(pictures, 2)
    assert not any(news.differs(one, other, RULES[sensitivity]) for one, other in pairs)


def test_another_picture_is_news():
    assert all(differ(scene(1), scene(other)) for other in range(2, 10))


def test_a_typed_line_is_news():
    before = page("The first line stands here", "and a second one")
    after = page("The first line stands here", "and a second one", "twenty letters more.")
    assert differ(before, after)
    assert differ(after, before)


def test_a_line_is_as_much_news_on_4k_as_on_1080p():
    before = np.full((2160, 3840, 3), 30, np.uint8)
    line = Image.new("RGB", (200, 24), (30, 30, 30))
    ImageDraw.Draw(line).text(
        (3, 5), "twenty letters more.", font=ImageFont.load_default(12), fill=(110,) * 3
    )
    for top in range(1000, 1016, 5):
        after = before.copy()
        after[top : top + 24, 801:1001] = np.asarray(line)
        assert differ(before, after)


@pytest.mark.parametrize("place", range(40, 56, 4))
def test_pale_text_is_news(place):
    before = videos.flat((246, 246, 246), 1920, 1080)
    image = Image.fromarray(before)
    ImageDraw.Draw(image).text(
        (300, place), "twenty pale letters!", fill=(206, 206, 206), font=ImageFont.load_default(16)
    )
    assert differ(before, np.asarray(image))


def test_one_typed_letter_is_not():
    assert not differ(page("some words"), page("some words."))


@pytest.mark.parametrize("change", [0.75, 0.9, 1.1, 1.3])
def test_a_slow_change_of_light_is_not_news(change):
    dim = np.clip(scene(3) * 0.7, 0, 255)
    assert not differ(dim.astype(np.uint8), np.clip(dim * change, 0, 255).astype(np.uint8))


def test_the_lights_going_off_is_news():
    assert differ(scene(3), (scene(3) * 0.3).astype(np.uint8))


def test_an_object_is_seen_under_another_light():
    dim = (scene(3) * 0.7).astype(np.uint8)
    with_object = dim.copy()
    with_object[200:254, 300:396] = 230
    assert differ(dim, np.clip(with_object * 1.2, 0, 255).astype(np.uint8))


def test_a_change_of_colour_alone_is_news():
    red, green = (200, 60, 60), (27, 148, 60)  # of the same brightness
    before, after = videos.flat((90, 90, 90), WIDE, HIGH), videos.flat((90, 90, 90), WIDE, HIGH)
    before[100:172, 100:172], after[100:172, 100:172] = red, green  # 1 % of the picture
    luma = [thumb(one).tiles for one in (before, after)]
    assert np.abs(luma[0] - luma[1]).max() < NORMAL.level * 16
    assert differ(before, after)


def test_a_drift_of_all_colours_is_not_news():
    warmer = np.clip(scene(4) * 0.8 + np.array([4, 0, -5]), 0, 255).astype(np.uint8)
    assert not differ((scene(4) * 0.8).astype(np.uint8), warmer)


def test_a_new_size_is_news():
    assert differ(scene(1), videos.scene(1, WIDE, HIGH + 16))


def test_scattered_specks_are_not_news_but_the_same_amount_together_is():
    plain = videos.flat((120, 120, 120), WIDE, HIGH)
    scattered, together = plain.copy(), plain.copy()
    for number in range(12):
        y, x = 40 + 120 * (number // 4), 40 + 200 * (number % 4)
        scattered[y : y + 8, x : x + 8] = 200
    together[200:224, 200:232] = 200
    assert not differ(plain, scattered)
    assert differ(plain, together)


def test_the_sensitivities_are_in_order():
    plain = videos.flat((120, 120, 120), WIDE, HIGH)
    found = {}
    for name, rule in RULES.items():
        found[name] = 0
        for level, size in itertools.product(range(3, 12), (16, 24, 40)):
            changed = plain.copy()
            changed[200 : 200 + size, 200 : 200 + size] += np.uint8(level)
            found[name] += differ(plain, changed, rule)
    assert found["low"] < found["normal"] < found["high"]


def test_going_back_to_an_earlier_picture_reuses_it():
    keeper = Keeper(NORMAL)
    order = [1, 2, 1, 3, 2, 1]
    assert [keeper.decide(thumb(scene(n))) for n in order] == [
        (0, True),
        (1, True),
        (0, False),
        (2, True),
        (1, False),
        (0, False),
    ]


def test_only_the_latest_pictures_are_remembered():
    keeper = Keeper(NORMAL)
    for number in range(KEPT + 1):
        keeper.decide(thumb(scene(number)))
    assert keeper.decide(thumb(scene(0)))[1]
    assert not keeper.decide(thumb(scene(KEPT)))[1]


def test_a_keeper_goes_on_from_its_state():
    keeper = Keeper(NORMAL)
    for number in range(11):
        keeper.decide(thumb(videos.noisy(scene(number), number)))
    state = keeper.to_bytes()
    again = Keeper.from_bytes(NORMAL, state)
    assert again.to_bytes() == state
    for number in (10, 4, 12, 1, 12, 9):
        picture = thumb(videos.noisy(scene(number), 99))
        assert again.decide(picture) == keeper.decide(picture)


@pytest.mark.parametrize("state", [b"", b"\0\0\0\5hello", b"\xff" * 40, Keeper(NORMAL).to_bytes()[:-3]])
def test_a_broken_state_is_refused(state):
    with pytest.raises(ValueError):
        Keeper.from_bytes(NORMAL, state)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.6), st.integers(2, 14))
def test_groups_of_tiles_are_counted_right(seed, density, tiles):
    marked = np.random.default_rng(seed).random((20, 31)) < density
    assert touching.together(marked, tiles) == (largest_group(marked) >= tiles)


def largest_group(marked):
    """By flooding, slowly."""
    left, largest = {tuple(place) for place in np.argwhere(marked).tolist()}, 0
    while left:
        group = [left.pop()]
        size = 0
        while group:
            y, x = group.pop()
            size += 1
            around = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= around
            group += around
        largest = max(largest, size)
    return largest


@pytest.mark.parametrize(
    ("size", "expected"), [((1920, 1080), (480, 272)), ((1080, 1920), (272, 480)), ((64, 48), (64, 48))]
)
def test_a_thumb_has_a_known_size(size, expected):
    made = thumbs.of(VideoFrame(*size, "yuv420p"))
    assert made.luma.shape[::-1] == expected


@pytest.mark.parametrize(
    "pixels", ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le", "rgb24", "gray", "nv12", "gbrp"]
)
def test_every_form_of_pixels_makes_the_same_thumb(pixels):
    frame = VideoFrame.from_ndarray(scene(5), format="rgb24")
    made = thumbs.of(frame.reformat(format=pixels, threads=1))
    plain = thumbs.of(frame)
    assert np.abs(made.tiles - plain.tiles).mean() < 16 * 2
