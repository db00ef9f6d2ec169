"""Watched folders: how they are, and watching more of them for a while."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from mem.api import guard, render
from mem.api.parameters import FilePath, Mem
from mem.capture import watch
from mem.capture.report import WatchReport
from mem.capture.watch import Watch

router = APIRouter(prefix="/api/watch", tags=["taking in"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """Folders on the server's own disk, and for how many seconds to watch them; 0 ends it."""

    folders: Annotated[list[FilePath], Field(min_length=1, max_length=watch.MOST_ASKED)]
    seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0


async def watching(request: Request) -> Watch:
    """What watches the folders of this server."""
    found: Watch = request.app.state.watch
    return found


Watching = Annotated[Watch, Depends(watching)]


@router.get("", response_model=WatchReport)
def report(watcher: Watching) -> Response:
    """How the watched folders are: what was taken, what waits, what was passed over and why."""
    return render.answer(watcher.report())


@router.post("", response_model=WatchReport)
def ask(request: Request, memory: Mem, watcher: Watching, body: WatchRequest) -> Response:
    """Watch folders for a while, beneath `capture.allowed_roots`; asking again goes on watching."""
    roots = None if guard.owner(request) else memory.config.allowed_roots
    asked = [watch.allowed(Path(folder), roots) for folder in body.folders]
    watcher.ask(asked, body.seconds)
    told = watcher.report()
    if "read" not in guard.caller(request).scopes:  # nothing of what others have watched
        told = told.within(asked)
    return render.answer(told)
