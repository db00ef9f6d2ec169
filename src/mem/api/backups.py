"""Backups: made while everything goes on, verified, listed, and let go of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from mem.api import render
from mem.api.parameters import FilePath, Id, Whole
from mem.ops import backup
from mem.ops.backup import Backup, Made, Verdict
from mem.ops.check import Report
from mem.ops.chores import Chore, Chores
from mem.ops.compact import Compacted
from mem.speech.catalogue import Pulled

router = APIRouter(prefix="/api", tags=["upkeep"])

_LONGEST_WAIT = 20.0
Folder = Annotated[
    FilePath | None, Query(description="A folder, or `s3://bucket/prefix`; none: storage.backups")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """What kind of backup is wanted; `to` is a folder on the server's own disk, or `s3://bucket/prefix`."""

    to: FilePath | None = None
    originals: bool = False
    portable: bool = False
    encrypt: Annotated[tuple[FilePath, ...], Field(max_length=20)] = ()  # age public keys


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichBackup:
    """A backup by its name; without one the newest. `to` is the folder or bucket that it lies in."""

    name: str | None = None
    to: FilePath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneRequest:
    """How many backups to keep, the newest first."""

    keep: Annotated[int, Field(ge=1, le=10_000)]
    to: FilePath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupList:
    """Backups, the newest first."""

    place: str  # a folder, or `s3://bucket/prefix`
    folder: Path | None  # the same; null for a bucket
    backups: tuple[Backup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The names of the backups that were removed."""

    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreState(Chore):
    """A piece of upkeep and how far it is; `result` is what it gave."""

    result: Made | Verdict | Report | Compacted | Pulled | None


async def chores(request: Request) -> Chores:
    """The long pieces of upkeep of this server."""
    found: Chores = request.app.state.chores
    return found


Upkeep = Annotated[Chores, Depends(chores)]


@router.get("/backups", response_model=BackupList)
def page(memory: Whole, to: Folder = None) -> Response:
    """The backups in a folder or a bucket."""
    place = backup.of(memory, to)
    found = backup.listed(place)
    if to is None:
        backup.note_latest(memory)
    return render.answer(BackupList(place=str(place), folder=place.folder, backups=tuple(found)))


@router.post("/backups", status_code=202, response_model=ChoreState)
def create(memory: Whole, upkeep: Upkeep, body: BackupRequest) -> Response:
    """Begin to make a backup; the answer names the chore to ask for."""
    wish = backup.Wish(
        to=body.to,
        originals=body.originals,
        portable=body.portable,
        recipients=body.encrypt,
    )
    backup.refuse(memory, wish)
    return begun(upkeep.begin("backup", lambda tell, stopped: backup.create(memory, wish, tell, stopped)))


@router.post("/backups/verify", status_code=202, response_model=ChoreState)
def verify(memory: Whole, upkeep: Upkeep, body: WhichBackup) -> Response:
    """Begin to read all of a backup and compare it with what was written."""
    place = backup.of(memory, body.to)
    name, programs = backup.find(place, body.name), memory.config.database.programs

    def work(tell: Any, stopped: Any) -> Verdict:
        verdict = backup.verify(place, name, programs=programs, tell=tell, stopped=stopped)
        if body.to is None:
            backup.note_latest(memory)
        return verdict

    return begun(upkeep.begin("verify", work))


@router.post("/backups/prune", response_model=Pruned)
def prune(memory: Whole, body: PruneRequest) -> Response:
    """Remove all but the newest backups."""
    removed = backup.prune(backup.of(memory, body.to), body.keep)
    if body.to is None:
        backup.note_latest(memory)
    return render.answer(Pruned(removed=tuple(removed)))


@router.get("/chores/{id}", response_model=ChoreState)
def chore(
    upkeep: Upkeep,
    number: Id,
    wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT, description="Seconds to wait for its end")] = 0.0,
) -> Response:
    """How far a backup, a check or a compaction is; it is remembered until the server ends."""
    return render.answer(upkeep.wait(number, wait))


def begun(found: Chore) -> Response:
    """The answer to the beginning of a chore."""
    return render.answer(found, 202, {"Location": f"/api/chores/{found.id}"})
