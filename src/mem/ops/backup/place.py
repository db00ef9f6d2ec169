"""Where backups lie, as all that makes, checks, lists and removes them sees it: a folder, or a bucket.

What a backup is, which files it needs and whether it is whole is decided above this, once for both.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mem.ops.backup.manifest import Manifest, Stored
from mem.ops.chores import Stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that a backup has now."""

    size: int  # bytes as it lies there
    sha256: str  # of those
    copied: int  # bytes that were written or sent for it; 0 where they were there already


class Making(Protocol):
    """A backup that is being made, and that nobody takes for one."""

    scratch: Path  # a folder for a file that is prepared and then given away

    def again(self, known: Stored) -> bool:
        """Have the same file as the backup before; False where it is not there any more."""

    def keep(self, path: str, source: Path, *, growing: bool = False, given: bool = False) -> Kept:
        """Have what a file holds. One that is `growing` is its writer's; one that is `given` is used up."""

    def settle(self) -> None:
        """Wait until every file is there for good. Raises StorageFailed where one is not."""

    def publish(self, raw: bytes) -> None:
        """Make it a backup: with this manifest, and all at once."""


class Place(Protocol):
    """Where backups lie. All of it may raise OSError in a folder and StorageFailed in a bucket."""

    at_once: int  # how many files are worth reading at the same time

    @property
    def folder(self) -> Path | None:
        """The folder that it is; None for a bucket."""

    def __str__(self) -> str:
        """How a person names it."""

    def where(self, name: str) -> str:
        """How a person names a backup in it."""

    def names(self) -> list[str]:
        """The backups, those that were cut short left out, in no order."""

    def read(self, name: str, file: str) -> bytes:
        """A short file of a backup. Raises FileNotFoundError."""

    def note(self, name: str, file: str, data: bytes) -> None:
        """Write a short file beside the manifest, all at once."""

    def stored(self, name: str, found: Manifest, file: Stored) -> AbstractContextManager[Path]:
        """A file of a backup on this machine, as it lies there, for reading. Raises FileNotFoundError."""

    def on_disk_of(self, folder: Path) -> bool:
        """Whether it is lost when the disk of that folder is."""

    def alone(self) -> AbstractContextManager[None]:
        """Be the only one who changes it. Raises Conflict."""

    def making(
        self, name: str, earlier: tuple[str, Manifest] | None, scratch: Path, stopped: Stopping
    ) -> AbstractContextManager[Making]:
        """Make a backup of that name, which may share files with an earlier one. Cut short, it is none."""

    def remove(self, name: str) -> None:
        """Let go of a backup; cut short, no half of it is taken for one."""

    def sweep(self) -> None:
        """Remove what backups left that were cut short, or were being removed, where it takes room."""

    def release(self, kept: Iterable[Manifest]) -> None:
        """Give back what none of the kept backups needs; `kept` are all that there are."""
