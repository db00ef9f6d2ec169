"""The files of watched folders that were handed over, and what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from mem.store.database import Reader, Writer, build, to_json
from mem.types import JobState

_PAGE = 5_000
_MOST = 1_000  # changes of state that are looked at together


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFile:
    """A file as it was when it was handed over."""

    path: str
    size: int  # bytes
    modified_ns: int  # nanoseconds since 1970
    job_id: int
    state: JobState  # of the job; every one that has not ended counts as queued
    detail: str | None  # why the job did not end well
    gone_at: datetime | None  # since when the file is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The new state of a file's job."""

    path: str
    job_id: int
    source_id: int | None
    state: JobState
    detail: str | None


def beneath(r: Reader, folder: str) -> Iterator[WatchedFile]:
    """Every known file below a folder, in order of path."""
    last, start = "", folder.rstrip("/") + "/"
    while rows := r.read("watched.beneath", start, last, _PAGE):
        yield from (build(WatchedFile, row) for row in rows)
        last = rows[-1]["path"]


def put(w: Writer, path: str, *, size: int, modified_ns: int, job_id: int) -> WatchedFile:
    """Remember that a file was handed over in this form."""
    w.run("watched.put", path, size, modified_ns, job_id)
    return WatchedFile(
        path=path,
        size=size,
        modified_ns=modified_ns,
        job_id=job_id,
        state="queued",
        detail=None,
        gone_at=None,
    )


def moved_on(r: Reader) -> list[Moved]:
    """Files whose job has another state than is written here, some of them at a time."""
    return [build(Moved, row) for row in r.read("watched.moved_on", _MOST)]


def settle(w: Writer, moved: Moved) -> None:
    """Write the new state down."""
    w.run("watched.settle", moved.path, moved.job_id, moved.state, moved.detail)


def forget(w: Writer, path: str) -> None:
    """Drop a file that was moved away or deleted on purpose."""
    w.run("watched.forget", path)


def miss(w: Writer, paths: Iterable[str], since: datetime | None) -> None:
    """Say since when files are missing; None: they are back."""
    for start in range(0, len(rows := [[path] for path in paths]), _PAGE):
        batch = {str(number): row for number, row in enumerate(rows[start : start + _PAGE])}
        w.run("watched.miss", to_json(batch), since)


def forget_missing(w: Writer, before: datetime) -> None:
    """Drop the files that have been missing since before an instant."""
    w.run("watched.forget_missing", before)
