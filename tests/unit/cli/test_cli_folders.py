"""Which recordings a path means."""

import pytest

from mem.cli import folders
from mem.errors import NoMedia, NotFound


def test_a_folder_means_its_media_files_sorted_and_its_sidecars_are_not_mentioned(tmp_path):
    for name in ("b.MP4", "a.wav", "b.json", "readme.md", ".cache/x.mp4", "deep/er/c.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = folders.expand([tmp_path])
    assert [str(file.relative_to(tmp_path)) for file in found.files] == ["a.wav", "b.MP4", "deep/er/c.ts"]
    assert [file.name for file in found.others] == ["readme.md"]
    assert found.hidden == 1


def test_a_file_that_is_named_is_tried_whatever_it_is_called(tmp_path):
    (tmp_path / "recording").write_text("x")
    assert folders.expand([tmp_path / "recording"]).files == (tmp_path / "recording",)


def test_a_file_that_is_named_twice_is_taken_once(tmp_path):
    (tmp_path / "a.mp4").write_text("x")
    assert len(folders.expand([tmp_path, tmp_path / "a.mp4", tmp_path / "." / "a.mp4"]).files) == 1


def test_what_is_not_there_or_holds_nothing_is_refused(tmp_path):
    with pytest.raises(NotFound):
        folders.expand([tmp_path / "gone"])
    with pytest.raises(NoMedia):
        folders.expand([tmp_path])
