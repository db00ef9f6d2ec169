"""The page: static files, and the reference of the API."""

import gzip
import os
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import Headers
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


_PACKED = (".html", ".js", ".mjs", ".css", ".svg")  # what gets smaller by it
_KEPT = ("content-type", "cache-control", "vary", "last-modified")


class _Files(StaticFiles):
    """The page's files, each with its type, asked after every time and sent, packed, when changed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._packed: dict[tuple[str, int], bytes] = {}  # as many as the page has files

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
        if Path(full_path).suffix in _PACKED:
            response.headers["vary"] = "Accept-Encoding"
            if response.status_code == 200 and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
                return self._gzipped(str(full_path), stat_result.st_mtime_ns, response)
        return response

    def _gzipped(self, path: str, changed_ns: int, plain: Response) -> Response:
        body = self._packed.get((path, changed_ns))
        if body is None:
            body = self._packed[path, changed_ns] = gzip.compress(Path(path).read_bytes(), mtime=0)
        kept = {
            name: plain.headers[name] for name in ("content-type", "cache-control", "vary", "last-modified")
        }
        etag = f"W/{plain.headers['etag']}"  # the same content in other bytes
        return Response(body, headers={**kept, "etag": etag, "content-encoding": "gzip"})


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Every route, parameter and answer, as a page that needs no network."""
    return HTMLResponse(reference.page(request.app.openapi()))


def mount(app: FastAPI) -> None:
    """Serve the page at / and its files at /web."""
    app.include_router(router)
    files = _Files(FOLDER)
    app.mount("/web", files, name="web")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    app.add_api_route("/oidc", index, methods=["GET", "HEAD"], include_in_schema=False)
