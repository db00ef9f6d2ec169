"""Numbers about the whole memory: for its status, its upkeep and a forecast."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mem.store.database import Reader, Writer, build

_CAPTURES = 20  # that the speed of this machine is told from


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes within the database: in use, and free to be used again."""

    used: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a device, a place or a folder has delivered."""

    added_at: datetime | None  # the last time; None: never
    newest: datetime | None  # the latest instant that it recorded
    sources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forsaken:
    """A running job that nobody works on."""

    id: int
    lease_owner: str
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How many jobs ended in one way."""

    state: str
    error_code: str | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was taken in on one day (UTC)."""

    day: str  # for example 2026-11-20
    sources: int
    seconds: float  # of recordings
    originals: int  # bytes of kept recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the recordings of a place and device that began in a quarter of an hour keep on disk."""

    location: str | None
    device: str | None
    quarter: int  # its first second since 1970 (UTC)
    sources: int
    original_bytes: int
    image_bytes: int


def sizes(r: Reader) -> Sizes:
    """How large the database is."""
    return build(Sizes, r.read("facts.sizes")[0])


def rows(r: Reader) -> dict[str, int]:
    """How many rows each table has."""
    return {row["table"]: row["rows"] for row in r.read("facts.rows")}


def originals(r: Reader) -> tuple[int, int]:
    """How many recordings are kept as they came, and their bytes."""
    row = r.read("facts.originals")[0]
    return row["files"], row["bytes"]


def real_time_factor(r: Reader) -> float | None:
    """Seconds of recording per second of work over the last captures; None where there were none."""
    media = wall = 0.0
    for row in r.read("facts.captures", _CAPTURES):
        result: Mapping[str, Any] = row["result"]
        if not result.get("known") and result.get("wall_seconds"):
            media += float(result.get("media_seconds") or 0.0)
            wall += float(result["wall_seconds"])
    return round(media / wall, 2) if wall else None


def ended(r: Reader, since: datetime) -> list[Ended]:
    """How the jobs that ended since an instant did so."""
    return [build(Ended, row) for row in r.read("facts.ended", since)]


def forsaken(r: Reader, before: datetime) -> list[Forsaken]:
    """Running jobs whose lease ran out before an instant, some of them."""
    return [build(Forsaken, row) for row in r.read("facts.forsaken", before)]


def delivered(r: Reader, *, device: str | None, location: str | None, folder: str | None) -> Delivered:
    """What was taken in from a device, a place and a folder; None leaves one out."""
    beneath = None if folder is None else folder.rstrip("/") + "/"
    return build(Delivered, r.read("facts.delivered", device, location, beneath)[0])


def unseen(r: Reader, seen: int) -> int:
    """How many changes came after change number `seen`."""
    return int(r.read("facts.unseen", seen)[0]["rows"])


def days(r: Reader, since: datetime) -> list[Day]:
    """What was taken in on each day since an instant; days without anything are left out."""
    return [build(Day, row) for row in r.read("facts.added", since)]


def began(r: Reader) -> datetime | None:
    """When the first recording was added; None where there is none."""
    moment: datetime | None = r.read("facts.began")[0]["added_at"]
    return moment


def image_bytes(r: Reader, since: datetime) -> int:
    """Bytes of the images of recordings that were added since an instant."""
    return int(r.read("facts.images_since", since)[0]["bytes"])


def kept(r: Reader, start: datetime, end: datetime) -> list[Kept]:
    """What recordings that began in ``[start, end)`` keep, in the order of time."""
    return [build(Kept, row) for row in r.read("facts.kept", start, end)]


def analyze(w: Writer) -> None:
    """Tell the planner how the rows lie."""
    w.run("facts.analyze")


def checkpoint(r: Reader) -> None:
    """Bring the log of DuckDB into its file. Raises DatabaseFailed while a transaction is open."""
    r.read("facts.checkpoint")
