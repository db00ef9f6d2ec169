"""Errors as problem+json (RFC 9457): Mem's own, the framework's, and the unexpected."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from mem.api import render
from mem.errors import (
    BadKey,
    BadToken,
    DiskFull,
    MemError,
    NotAllowed,
    TokenRequired,
    TooBusy,
    TooManyRequests,
    no_room,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_CODES = {
    400: "bad_request",
    404: "unknown_route",
    408: "too_slow",
    413: "too_large",
    416: "bad_range",
    431: "header_too_large",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str  # where it stands, for example query.limit or body.started_at
    message: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What every error is answered with. `code` is stable; `detail` and `hint` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    instance: str
    hint: str | None = None
    errors: tuple[FieldError, ...] | None = None


def answer(
    scope: Scope,
    *,
    status: int,
    code: str,
    detail: str,
    title: str | None = None,
    hint: str = "",
    errors: Sequence[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response that says what went wrong with the request of `scope`."""
    problem = {
        "type": f"urn:mem:error:{code}",
        "title": title or _phrase(status),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": scope.get("mem.request_id", ""),
        "instance": scope["path"],
    }
    if hint:
        problem["hint"] = hint
    if errors:
        problem["errors"] = errors
    return Response(render.encode(problem), status, headers, media_type=MEDIA_TYPE)


def of_error(scope: Scope, error: MemError) -> Response:
    """The response for one of Mem's own errors."""
    if error.status >= 500:
        log.warning("refused", extra={"action": "refused", "code": error.code, "detail": error.detail})
    title = " ".join((type(error).__doc__ or "").split())
    return answer(
        scope,
        status=error.status,
        code=error.code,
        detail=error.detail,
        title=title,
        hint=error.hint,
        headers=_headers(error),
    )


def of_status(
    scope: Scope, status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """The response for an error of the framework, which knows no more than a status."""
    code = _CODES.get(status) or _phrase(status).lower().replace(" ", "_")
    return answer(scope, status=status, code=code, detail=detail or _phrase(status), headers=headers)


def unforeseen(scope: Scope, error: Exception) -> Response:
    """The response for an error that no handler foresaw; the log has its traceback under the request id."""
    if no_room(error):
        return of_error(scope, DiskFull())
    detail = "Something went wrong inside Mem. The log says more under this request id."
    return answer(scope, status=500, code="internal_error", detail=detail)


def describe(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document that problems are problem+json; the framework says the route's own type."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status in ("4XX", "5XX"):
                response = operation["responses"][status]
                response["content"] = {MEDIA_TYPE: next(iter(response["content"].values()))}


def install(app: FastAPI) -> None:
    """Answer every error that a handler raises with a problem."""
    app.add_exception_handler(MemError, _mem_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _mem_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MemError)
    return of_error(request.scope, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = "There is nothing at this address." if error.status_code == 404 else error.detail
    return of_status(request.scope, error.status_code, detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        FieldError(field=".".join(map(str, e["loc"])), message=str(e["msg"]), code=str(e["type"]))
        for e in error.errors()[:20]
    ]
    if any(one.code == "json_invalid" for one in found):
        return answer(
            request.scope, status=400, code="bad_json", detail="The body is not JSON.", errors=found
        )
    detail = "; ".join(f"{one.field}: {one.message}" for one in found[:3])
    return answer(request.scope, status=422, code="invalid", detail=detail, errors=found)


def _headers(error: MemError) -> dict[str, str]:
    if isinstance(error, TooBusy):
        return {"Retry-After": "60"}
    if error.status == 503:
        return {"Retry-After": "5"}
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, BadToken):
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if isinstance(error, NotAllowed):
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, BadKey | TokenRequired) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
