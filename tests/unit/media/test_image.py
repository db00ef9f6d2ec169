import io
from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, ColorTrc
from PIL import Image

from mem.media import image
from tests import looking, oddities, videos
from tests.oddities import card

RED, GREEN, BLUE, WHITE = (200, 40, 40), (40, 180, 40), (40, 40, 200), (250, 250, 250)


def quarters(width=320, height=240):
    """Red and green above, blue and white below."""
    picture = videos.flat(RED, width, height)
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = WHITE
    return picture


def frame_of(picture, pixels="yuv420p"):
    return VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(
        format=pixels, threads=1
    )


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("form", ["webp", "jpeg", "avif"])
def test_an_image_of_each_format_shows_the_picture(form):
    made = image.encode(frame_of(quarters()), form, 80)
    with opened(made.image) as whole:
        assert whole.format == form.upper()
        assert whole.size == (made.width, made.height) == (320, 240)
        for place, colour in {
            (0.2, 0.2): RED,
            (0.8, 0.2): GREEN,
            (0.2, 0.8): BLUE,
            (0.8, 0.8): WHITE,
        }.items():
            assert looking.near(looking.colour(whole, *place), colour)


def test_a_thumbnail_is_320_pixels_wide():
    made = image.encode(frame_of(videos.scene(1, 1280, 720)), "webp", 75)
    with opened(made.thumb) as small:
        assert small.format == "WEBP"
        assert small.size == (320, 180)


def test_a_small_picture_is_not_blown_up():
    made = image.encode(frame_of(videos.scene(1, 160, 120)), "webp", 75)
    with opened(made.thumb) as small:
        assert small.size == (160, 120)


def test_the_average_colour_is_told():
    colour = image.encode(frame_of(videos.flat((16, 128, 240))), "webp", 75).colour
    assert looking.near(tuple(bytes.fromhex(colour.removeprefix("#"))), (16, 128, 240), 4)


def test_a_picture_is_scaled_down_only_when_asked():
    frame = frame_of(videos.scene(1, 640, 360))
    assert image.encode(frame, "webp", 75, 1000).width == 640
    made = image.encode(frame, "webp", 75, 320)
    assert (made.width, made.height) == (320, 180)


@pytest.mark.parametrize(("rotation", "corner"), [(0, RED), (90, GREEN), (180, WHITE), (270, BLUE)])
def test_a_turned_recording_is_stored_upright(tmp_path, rotation, corner):
    file = videos.write(tmp_path / "a.mp4", [(0, quarters())], videos.Shape(rotation=rotation))
    picture = image.upright(looking.samples(file, 1000)[0].frame)
    assert picture.shape[:2] == ((320, 240) if rotation % 180 else (240, 320))
    assert looking.near(tuple(picture[20, 20]), corner)


def test_turning_follows_the_direction_that_players_use():
    turned = np.rot90(quarters(), 1)  # what stands upright once a player turned it counter-clockwise
    assert looking.near(tuple(turned[20, 20]), GREEN)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Fraction(4, 3), (427, 240)),
        (Fraction(1, 2), (320, 480)),
        (Fraction(0), (320, 240)),
        (None, (320, 240)),
    ],
)
def test_pixels_that_are_not_square_are_stretched(aspect, size):
    made = image.encode(frame_of(quarters()), "webp", 75, aspect=aspect)
    assert (made.width, made.height) == size


def coded(colour, kr, kb, full):
    """A frame of one colour, made with the given matrix and range by the book."""
    red, green, blue = (part / 255 for part in colour)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = ((blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr)))
    levels = (
        [255 * y, *(255 * c + 128 for c in chroma)]
        if full
        else [219 * y + 16, *(224 * c + 128 for c in chroma)]
    )
    frame = VideoFrame(64, 64, "yuv420p")
    for plane, level in zip(frame.planes, levels, strict=True):
        plane.update(bytes([round(level)]) * plane.buffer_size)
    frame.color_range = ColorRange.JPEG if full else ColorRange.MPEG
    return frame


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("kr", "kb", "space"), [(0.299, 0.114, Colorspace.ITU601), (0.2126, 0.0722, Colorspace.ITU709)]
)
@pytest.mark.parametrize("colour", [(200, 60, 30), (20, 180, 60), (30, 30, 220)])
def test_colours_follow_the_stated_matrix_and_range(kr, kb, space, full, colour):
    frame = coded(colour, kr, kb, full)
    frame.colorspace = space
    assert looking.near(tuple(image.upright(frame)[30, 30]), colour, 5)


def test_without_a_word_large_pictures_are_read_as_hd():
    assert image.colour_space(VideoFrame(1280, 720, "yuv420p")) == Colorspace.ITU709
    assert image.colour_space(VideoFrame(720, 576, "yuv420p")) == Colorspace.ITU601


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p10le", "yuv422p", "gbrp", "rgb24", "yuvj420p", "bgra"])
def test_every_form_of_pixels_becomes_an_8_bit_picture(pixels):
    picture = image.upright(frame_of(quarters(), pixels))
    assert picture.dtype == np.uint8
    assert looking.near(tuple(picture[20, 20]), RED)


def test_hdr_is_brought_down_to_what_screens_show():
    frame = VideoFrame(64, 64, "yuv420p10le")
    for number, plane in enumerate(frame.planes):
        level = 64 + round(876 * 0.58) if number == 0 else 512  # reference white, 203 cd/m2
        plane.update(np.full(plane.buffer_size // 2, level, np.uint16).tobytes())
    frame.color_trc, frame.color_primaries, frame.colorspace = ColorTrc.SMPTE2084, 9, 9
    frame.color_range = ColorRange.MPEG
    assert image.upright(frame)[30, 30].min() > 235


def test_combing_is_taken_out_where_something_moves_and_only_there():
    picture = videos.flat((100, 100, 100))
    picture[:, 40:60] = 220
    picture[1::2, 40:60] = 100
    picture[1::2, 70:90] = 220  # the second field saw it elsewhere
    picture[100:104, 200:300] = 20  # a line that stands
    clean = image._without_combing(picture)
    lines = clean[10:90, 45:85, 0].astype(int)
    assert np.abs(np.diff(lines, axis=0)).max() == 0
    assert (clean[101:103, 210:290] == 20).all()


def test_an_interlaced_recording_has_no_combs(tmp_path):
    pictures = []
    for n in range(5):
        one, two = videos.flat((80, 80, 80)), videos.flat((80, 80, 80))
        one[60:180, 40 + 40 * n : 80 + 40 * n] = 230
        two[60:180, 60 + 40 * n : 100 + 40 * n] = 230
        one[1::2] = two[1::2]
        pictures.append((n * 100, one))
    shape = videos.Shape(options={"flags": "+ildct+ilme", "x264-params": "tff=1:scenecut=0"}, crf=5)
    file = videos.write(tmp_path / "a.mp4", pictures, shape)
    sample = looking.samples(file, 200)[1]
    assert sample.frame.interlaced_frame
    rows = image.upright(sample.frame)[70:170].mean(axis=2)
    assert np.abs(np.diff(rows, axis=0)).max() < 30


@pytest.mark.parametrize(
    ("name", "turns", "mirrored"),
    [
        ("turned_90.mp4", 3, False),
        ("turned_180.mp4", 2, False),
        ("turned_270.mov", 1, False),
        ("mirrored.mp4", 0, True),
        ("upside_down.mp4", 2, True),
        ("mirrored_turned_90.mp4", 1, True),
        ("mirrored_turned_270.mp4", 3, True),
        ("no_display_matrix.mp4", 0, False),
    ],
)
def test_a_picture_is_seen_as_its_container_lays_it(tmp_path, name, turns, mirrored):
    oddities.MAKERS[name](tmp_path / name)
    with looking.opened(tmp_path / name) as (opened, stream):
        frame = next(opened.decode(stream))
        assert image.orientation(frame) == image.Orientation(turns=turns, mirrored=mirrored)
        assert np.abs(image.upright(frame).astype(int) - card.card(0)).mean() < 4
