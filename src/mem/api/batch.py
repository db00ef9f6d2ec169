"""What taking many recordings in will mean, before it is done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from mem.api import guard, render
from mem.api.parameters import FilePath, Mem
from mem.capture import batch, submit
from mem.capture.batch import Plan
from mem.errors import NotFound, Unreadable

router = APIRouter(prefix="/api/capture", tags=["taking in"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Recordings on the server's own disk; `probe` of the new ones are opened to tell seconds from bytes."""

    paths: Annotated[list[FilePath], Field(max_length=batch.MOST_FILES)]
    probe: Annotated[int, Field(ge=0, le=batch.MOST_PROBED)] = 0


@router.post("/plan", response_model=Plan)
def plan(request: Request, memory: Mem, body: PlanRequest) -> Response:
    """What capturing files will mean: which are known, when the others were recorded, how long they are."""
    roots = None if guard.owner(request) else memory.config.allowed_roots
    paths: dict[str, Path] = {}
    for path in body.paths:
        try:
            paths[path] = submit.allowed(Path(path), roots)
        except (NotFound, Unreadable):
            continue  # the capture of the file will say so
    return render.answer(batch.plan(memory, paths, probe=body.probe))
