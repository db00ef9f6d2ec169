"""How the server is: for people, for load balancers, for Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from mem.api import guard, render
from mem.api.parameters import Mem
from mem.api.shapes import Healthy
from mem.ops import gauges, health
from mem.ops.health import Readiness, Status

router = APIRouter(tags=["system"])


# On the event loop and without the database: it answers as long as the process can answer at all.
@router.get("/healthz", response_model=Healthy)
async def healthz() -> Response:
    """Whether the process answers."""
    return render.answer(Healthy())


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not now; `reasons` say why"}},
)
def readyz(request: Request, memory: Mem) -> Response:
    """Whether requests can be served now; why not, in detail, is for those who are known."""
    found = health.readiness(memory)
    if not guard.caller(request).scopes:
        found = Readiness(ready=found.ready, reasons=tuple(one.partition(":")[0] for one in found.reasons))
    return render.answer(found, 200 if found.ready else 503)


@router.get("/api/status", response_model=Status)
def status(request: Request, memory: Mem) -> Response:
    """What the memory holds and how it is."""
    return render.answer(health.status(memory, request.app.state.began, _folders_gone(request)))


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, memory: Mem) -> Response:
    """Metrics in the form that Prometheus reads."""
    gauges.measure(memory, request.app.state.began)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _folders_gone(request: Request) -> list[str]:
    """Watched folders that are not there, such as a share that was unmounted."""
    watched = request.app.state.watch.report().folders
    return [f"{folder.path}: this watched folder is gone" for folder in watched if folder.state == "gone"]
