"""Speech models: what there is, what of it is on this machine, and fetching one."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mem import redact
from mem.api import backups, render
from mem.api.backups import ChoreState, Upkeep
from mem.api.parameters import Whole
from mem.speech import catalogue
from mem.speech.catalogue import Listed, Pulled

router = APIRouter(prefix="/api/models", tags=["speech"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """Speech models, the smallest first; `used` is the one that recordings are listened to with."""

    used: str | None
    device: str  # cpu, cuda, or the address of a server
    models: tuple[Listed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichModel:
    """A model by its name."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=40)]


@router.get("", response_model=ModelList)
def page(memory: Whole) -> Response:
    """The speech models that can be used, with how fast each would be on this machine."""
    whisper, models_dir = memory.config.whisper, memory.folder / "models"
    used, listed = catalogue.listed(whisper.model, models_dir=models_dir)
    device = redact.text(whisper.url) if whisper.url else catalogue.device(whisper.device)
    return render.answer(ModelList(used=used, device=device, models=tuple(listed)))


@router.post("/pull", status_code=202, response_model=ChoreState)
def pull(memory: Whole, upkeep: Upkeep, body: WhichModel) -> Response:
    """Begin to fetch a model; what an earlier try left is used. The answer names the chore to ask for."""
    models_dir = memory.folder / "models"
    catalogue.refuse(body.name)

    def work(tell: Any, stopped: Any) -> Pulled:
        return catalogue.pull(body.name, models_dir=models_dir, tell=tell, stopped=stopped)

    return backups.begun(upkeep.begin("model", work))
