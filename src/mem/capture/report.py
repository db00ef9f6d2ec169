"""How the watched folders are, for people and programs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from mem.capture.scan import Reason
from mem.types import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """Files that were not taken, or not taken well, for one reason."""

    reason: Reason
    why: str
    files: int
    examples: tuple[str, ...]  # some of their paths below the folder


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolder:
    """One watched folder as the last look found it."""

    path: str
    state: Literal["unseen", "watched", "gone"]  # gone: not there, or it cannot be listed
    looked_at: datetime | None
    files: int  # that are named like recordings
    taken: int
    working: int  # handed over, not done
    waiting: int  # to stand still, or for their turn
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one file."""

    number: int  # grows by one with each
    path: str
    state: JobState
    source_id: int | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """All watched folders."""

    running: bool  # whether this server looks into them
    settle_seconds: float
    poll_seconds: float  # at least; a look that costs much is followed by a longer pause
    after: Literal["keep", "move", "delete"]
    held_back: str | None  # why nothing is handed over just now
    folders: tuple[WatchedFolder, ...]
    recent: tuple[Ended, ...]  # the files that ended last, the latest at the end

    def within(self, folders: Sequence[Path]) -> "WatchReport":
        """The same of these folders alone."""
        return replace(
            self,
            folders=tuple(one for one in self.folders if Path(one.path) in folders),
            recent=tuple(
                one for one in self.recent if any(Path(one.path).is_relative_to(each) for each in folders)
            ),
        )
