"""Reels: pictures coded one after the other, and each of them back."""

import numpy as np
import pytest

from mem.errors import ReelDamaged
from mem.media import reel
from tests import videos


def coded(pictures, quantizer=20):
    height, width = pictures[0].shape[:2]
    packets = reel.code([reel.planes(picture) for picture in pictures], quantizer)
    return reel.bound(packets, [number * 5_000 for number in range(len(pictures))], width, height)


@pytest.mark.parametrize(("width", "height"), [(320, 240), (333, 201), (45, 37)])
def test_every_picture_comes_back_in_its_size_and_colours(width, height):
    pictures = [videos.scene(seed, width, height) for seed in range(3)]
    data, places = coded(pictures)
    for picture, place in zip(pictures, places, strict=True):
        back = reel.last(data[: place.offset + place.length], width, height)
        assert back.shape == picture.shape
        assert np.abs(back.astype(int) - picture).mean() < 16  # 4:2:0: the boxes have hard coloured edges


def test_colours_stay_what_they_were():
    for colour in ((200, 30, 30), (20, 160, 60), (255, 255, 255), (0, 0, 0)):
        data, _ = coded([videos.flat(colour)])
        back = reel.last(data, videos.WIDTH, videos.HEIGHT)
        assert np.abs(back.astype(int) - np.array(colour)).max() <= 3


def test_a_reel_says_where_each_picture_lies_and_when_it_was_taken():
    data, places = coded([videos.flat((90, 90, 90)), videos.scene(2)])
    assert [place.at_ms for place in reel.places(data)] == [0, 5_000]
    assert list(reel.places(data)) == places
    assert list(reel.places(data[:-1])) == places[:1]
    assert list(reel.places(b"no reel")) == []


def test_bytes_that_are_no_picture_are_told_as_damage():
    data, places = coded([videos.scene(1), videos.scene(2)])
    spoilt = bytearray(data)
    spoilt[places[0].offset : places[0].offset + 40] = bytes(40)
    with pytest.raises(ReelDamaged):
        reel.last(bytes(spoilt), videos.WIDTH, videos.HEIGHT)
    with pytest.raises(ReelDamaged):
        reel.last(b"", videos.WIDTH, videos.HEIGHT)
    with pytest.raises(ReelDamaged):
        reel.last(data, videos.WIDTH * 2, videos.HEIGHT)


def test_a_picture_is_alike_as_long_as_its_text_can_be_read():
    page = videos.typed(["a word that is small", "and another one below it"] * 4, 640, 360, 10)
    fine, coarse = (next(reel.decode(reel.code([reel.planes(page)], quantizer))) for quantizer in (15, 60))
    assert reel.alike(reel.planes(page), fine)
    assert not reel.alike(reel.planes(page), coarse)


def test_a_word_that_is_gone_is_not_alike():
    page = videos.typed(["a word that is small"] * 4, 640, 360, 12)
    without = page.copy()
    without[8:40, 8:80] = 245
    assert not reel.alike(reel.planes(page), reel.planes(without))


def test_another_colour_of_the_same_brightness_is_not_alike():
    grey, green = videos.flat((128, 128, 128)), videos.flat((128, 128, 128))
    green[:60, :60] = (98, 146, 116)
    assert not reel.alike(reel.planes(grey), reel.planes(green))


def test_large_pictures_make_short_reels():
    assert reel.most(640, 360) == 16
    assert reel.most(1920, 1080) == 8
    assert reel.most(7680, 4320) == 1
