from fractions import Fraction

import pytest

from mem.media import probe
from tests import looking, videos


def look(file):
    with looking.descriptor(file) as fd:
        return probe.probe(max_pixels=33_177_600, max_streams=64, max_duration_ms=86_400_000, fd=fd)


def test_a_recording_tells_its_streams_length_and_tags(tmp_path):
    shape = videos.Shape(tags={"creation_time": "2026-11-20T14:00:00.000000Z", "title": "Caf\u00e9"})
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 3), shape, sound=videos.tone(3))
    media = look(file)
    assert "mp4" in media.container
    assert media.size == file.stat().st_size
    assert media.duration_ms == 3000
    assert (media.video.codec, media.video.width, media.video.height, media.video.fps) == (
        "h264",
        320,
        240,
        10,
    )
    assert (media.audio.codec, media.audio.rate, media.audio.channels) == ("aac", 16_000, 1)
    assert media.tags["creation_time"].startswith("2026-11-20T14:00:00")
    assert media.tags["title"] == "Café"


def test_a_recording_without_picture_has_sound_only(tmp_path):
    media = look(videos.write(tmp_path / "a.wav", sound=videos.tone(1)))
    assert media.video is None
    assert media.audio is not None


def test_a_recording_without_sound_has_a_picture_only(tmp_path):
    media = look(videos.write(tmp_path / "a.mkv", videos.scenes([0], 1)))
    assert media.video is not None
    assert media.audio is None


def test_a_cover_is_no_video(tmp_path):
    media = look(videos.write(tmp_path / "song.mp4", sound=videos.tone(1), cover=videos.scene(1)))
    assert media.video is None


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (320, 240)), (90, (240, 320)), (180, (320, 240)), (270, (240, 320))]
)
def test_a_turned_picture_is_told_as_shown(tmp_path, rotation, size):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 1), videos.Shape(rotation=rotation))
    video = look(file).video
    assert (video.width, video.height) == size
    assert video.rotation == rotation


def test_wide_pixels_make_a_wider_picture(tmp_path):
    file = videos.write(tmp_path / "a.mp4", videos.scenes([0], 1), videos.Shape(aspect=Fraction(4, 3)))
    video = look(file).video
    assert (video.width, video.height) == (427, 240)


def test_a_matroska_that_starts_late_is_as_long_as_its_content(tmp_path):
    file = videos.write(tmp_path / "a.mkv", videos.scenes([0], 2), videos.Shape(start_ms=3700))
    assert look(file).duration_ms == 2000


def test_the_larger_of_two_default_streams_is_looked_at(clip):
    video = look(clip("nasa_13013.mp4")).video
    assert (video.index, video.width, video.height) == (3, 480, 270)
