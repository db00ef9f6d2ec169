import pytest

from mem.errors import CutOff, EmptyFile, MediaTooLarge, NotMedia, UnsafeMedia
from mem.media import container
from tests import looking, videos

LIMITS = {"max_pixels": 33_177_600, "max_streams": 64, "max_duration_ms": 86_400_000}


def open_bytes(folder, content):
    file = folder / "recording.mp4"
    file.write_bytes(content)
    with looking.descriptor(file) as fd, container.open_container(fd):
        pass


@pytest.fixture(scope="module")
def mp4(tmp_path_factory):
    return videos.write(
        tmp_path_factory.mktemp("container") / "a.mp4", videos.scenes([0], 2), sound=videos.tone(2)
    )


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    with pytest.raises(EmptyFile):
        open_bytes(tmp_path, b"")


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n",
        b"\xef\xbb\xbf#EXTM3U\n",
        b"ffconcat version 1.0\nfile 'other.mp4'\n",
        b"file '/etc/passwd'\n",
        b"[playlist]\nFile1=/etc/passwd\n",
        b"  <?xml version='1.0'?><MPD></MPD>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        b"concat:a.mp4|b.mp4",
        b"#!/bin/sh\n",
    ],
)
def test_a_playlist_or_script_is_refused_as_unsafe(tmp_path, text):
    with pytest.raises(UnsafeMedia):
        open_bytes(tmp_path, text)


def test_a_playlist_that_names_a_real_recording_opens_nothing(tmp_path, mp4):
    with pytest.raises(UnsafeMedia):
        open_bytes(tmp_path, f"#EXTM3U\n#EXTINF:2,\n{mp4}\n#EXT-X-ENDLIST\n".encode())


@pytest.mark.parametrize("content", [b"just some words " * 400, "žluťoučký kůň ".encode() * 800])
def test_text_is_not_media(tmp_path, content):
    with pytest.raises(NotMedia, match="text"):
        open_bytes(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 64,
        b"\x89PNG\r\n\x1a\n" + bytes(4000),
        b"GIF89a" + bytes(4000),
        b"PK\x03\x04" + bytes(99),
    ],
)
def test_other_files_are_not_media(tmp_path, content):
    with pytest.raises(NotMedia):
        open_bytes(tmp_path, content)


@pytest.mark.parametrize("share", [0.002, 0.3, 0.9])
def test_a_recording_without_its_index_was_cut_off(tmp_path, mp4, share):
    with pytest.raises(CutOff):
        open_bytes(tmp_path, mp4.read_bytes()[: int(mp4.stat().st_size * share)])


def test_a_recording_whose_index_is_cut_was_cut_off(tmp_path):
    file = videos.write(
        tmp_path / "f.mp4", videos.scenes([0], 3), videos.Shape(container={"movflags": "faststart"})
    )
    with pytest.raises(CutOff):
        open_bytes(tmp_path, file.read_bytes()[:400])


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".avi", ".flv"])
def test_recordings_open_whatever_their_name_says(tmp_path, suffix):
    file = videos.write(tmp_path / f"a{suffix}", videos.scenes([0], 1)).rename(tmp_path / "noname")
    with looking.opened(file) as (_, stream):
        assert stream.width == 320


@pytest.mark.parametrize(
    ("limit", "value"), [("max_pixels", 320 * 240 - 1), ("max_streams", 1), ("max_duration_ms", 1900)]
)
def test_what_is_beyond_a_limit_is_refused_before_decoding(mp4, limit, value):
    with looking.opened(mp4) as (opened, _):
        container.check(opened, **LIMITS)
        with pytest.raises(MediaTooLarge):
            container.check(opened, **{**LIMITS, limit: value})
