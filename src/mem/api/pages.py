"""The page: static files, and the reference of the API."""

import os
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mem.api import reference
from mem.errors import NotFound

router = APIRouter(include_in_schema=False)

FOLDER = Path(str(resources.files("mem"))) / "web"
# Stated here and not guessed: what the machine's own table says of .js differs from machine to machine.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


class _Files(StaticFiles):
    """The page's files, each with its type, asked after every time and sent when changed."""

    def file_response(
        self,
        full_path: "str | os.PathLike[str]",
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        kind = _TYPES.get(Path(full_path).suffix)
        if kind is None:
            raise NotFound
        if response.status_code != 304:
            response.headers["content-type"] = kind
        response.headers["cache-control"] = "no-cache"
        return response


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Every route, parameter and answer, as a page that needs no network."""
    return HTMLResponse(reference.page(request.app.openapi()))


def mount(app: FastAPI) -> None:
    """Serve the page at / and its files at /web."""
    app.include_router(router)
    files = _Files(directory=FOLDER, check_dir=False)
    app.mount("/web", files, name="web")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)
