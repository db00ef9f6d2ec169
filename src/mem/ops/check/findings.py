"""What a check can find, and what to do about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Depth = Literal["quick", "normal", "deep"]

# What is wrong, and what helps. `--repair` does what it can by itself: see REPAIRED.
CODES: Mapping[str, tuple[str, str]] = {
    "database_damaged": ("a block of the database is not what was written", "restore a backup"),
    "database_unreadable": ("the database cannot be read", "restore a backup, or run `mem db rebuild`"),
    "span_overlap": ("two pictures stand for one instant", "restore a backup, or run `mem db rebuild`"),
    "span_gap": ("no picture stands for a part of a recording", "restore a backup"),
    "span_backwards": ("a span ends before it starts", "restore a backup, or run `mem db rebuild`"),
    "frame_unused": ("a frame stands for no instant", "restore a backup"),
    "row_orphan": ("rows belong to something that is gone", "restore a backup, or run `mem db rebuild`"),
    "pack_missing": ("a pack that rows name is gone", "restore a backup"),
    "pack_short": ("a pack ends before a frame that rows name", "restore a backup"),
    "pack_damaged": ("a pack is not what was written", "restore a backup"),
    "frame_header": ("a frame's place in its pack does not name it", "restore a backup"),
    "frame_damaged": ("a picture is not what was written", "restore a backup"),
    "pack_tail": ("a pack has bytes behind its end", "--repair cuts them off"),
    "pack_orphan": ("a pack that no row names", "`mem db rebuild` brings back what it holds"),
    "folder_orphan": ("a recording's folder without a row", "`mem db rebuild` brings it back, or remove it"),
    "copy_differs": ("a copy of rows in a folder is not what the rows say", "--repair writes it again"),
    "original_missing": ("a kept recording is gone", "--repair notes that it is gone"),
    "original_damaged": ("a kept recording is not what was taken in", "restore a backup with originals"),
    "index_differs": ("the search index and the rows differ", "--repair makes the index anew"),
    "upload_missing": ("a waiting job's upload is gone", "send the recording again"),
    "upload_orphan": ("an upload that nothing waits for", "--repair removes it"),
    "leftover": ("something that a process left when it was killed", "--repair removes it"),
}
REPAIRED = ("pack_tail", "copy_differs", "original_missing", "index_differs", "upload_orphan", "leftover")
MOST = 1_000  # findings of one code that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong."""

    code: str
    place: str  # which source, pack, frame, file or table
    detail: str
    fix: str
    repaired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found."""

    depth: Depth
    good: bool  # nothing is wrong any more
    findings: tuple[Finding, ...]
    more: int  # findings that are not listed
    blocks: int | None  # blocks of the database that were read from the disk
    rows: int
    sources: int
    frames: int
    bytes: int  # of packs and originals that were read
    seconds: float


def finding(code: str, place: str, detail: str = "") -> Finding:
    """A finding of a known kind."""
    wrong, fix = CODES[code]
    return Finding(code=code, place=place, detail=detail or wrong, fix=fix)
