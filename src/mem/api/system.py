"""How the server is: for people, for load balancers, for Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from mem.api import render
from mem.api.parameters import Mem
from mem.api.shapes import Healthy
from mem.ops import health
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
def readyz(memory: Mem) -> Response:
    """Whether requests can be served now."""
    found = health.readiness(memory)
    return render.answer(found, 200 if found.ready else 503)


@router.get("/api/status", response_model=Status)
def status(request: Request, memory: Mem) -> Response:
    """What the memory holds and how it is."""
    return render.answer(health.status(memory, request.app.state.began))


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(memory: Mem) -> Response:
    """Metrics in the form that Prometheus reads."""
    health.measure(memory)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
