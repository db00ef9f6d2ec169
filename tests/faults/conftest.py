"""A volume that is soon full, and the recordings that the tests here take in."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import videos


@dataclass(frozen=True)
class Volume:
    """A small file system of its own."""

    folder: Path

    @property
    def free(self) -> int:
        """Free bytes."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def leave(self, wanted: int) -> None:
        """Fill it up to `wanted` free bytes."""
        with (self.folder / "ballast").open("ab") as file:
            file.write(bytes(max(0, self.free - wanted)))

    def empty(self) -> None:
        """Take away what `leave` put there."""
        (self.folder / "ballast").unlink()


@pytest.fixture
def volume(tmp_path) -> Iterator[Volume]:
    """A volume of 40 MiB; the test is skipped where none can be mounted."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this user cannot mount a file system")
    try:
        yield Volume(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="session")
def silent_video(tmp_path_factory) -> Path:
    """Twenty seconds of seven scenes without sound."""
    scenes = videos.scenes([0, 3000, 6000, 9000, 12_000, 15_000, 18_000], 20, fps=10)
    return videos.write(tmp_path_factory.mktemp("silent") / "silent.mp4", scenes)
