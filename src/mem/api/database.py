"""The database: its size, whether it is whole, giving back what it does not need, and asking it directly."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mem.api import render
from mem.api.backups import ChoreState, Upkeep, begun
from mem.api.parameters import Whole
from mem.ops import check as checking
from mem.ops import compact as compacting
from mem.ops import database as facts
from mem.ops import reels
from mem.ops.check import Report
from mem.ops.database import DatabaseStats

router = APIRouter(prefix="/api/database", tags=["upkeep"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """How closely to look, and whether to mend what can be mended."""

    depth: Literal["quick", "normal", "deep"] = "normal"
    repair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRequest:
    """A question in SQL that only reads."""

    query: Annotated[str, Field(min_length=1, max_length=100_000)]
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    seconds: Annotated[float, Field(gt=0, le=25)] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlAnswer:
    """The rows; `more` says whether there were others."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


@router.get("", response_model=DatabaseStats)
def stats(memory: Whole) -> Response:
    """Tables, rows, bytes and the steps of the schema."""
    return render.answer(facts.stats(memory))


@router.post("/check", status_code=202, response_model=ChoreState)
def check(memory: Whole, upkeep: Upkeep, body: CheckRequest) -> Response:
    """Begin to look whether all is as it should be."""

    def work(tell: Any, stopped: Any) -> Report:
        return checking.check(memory, body.depth, repair=body.repair, tell=tell, stopped=stopped)

    return begun(upkeep.begin("check", work))


@router.post("/compact", status_code=202, response_model=ChoreState)
def compact(memory: Whole, upkeep: Upkeep) -> Response:
    """Begin to give back what the database and the packs hold and nobody needs."""
    return begun(upkeep.begin("compact", lambda tell, stopped: compacting.compact(memory, tell, stopped)))


@router.post("/reels", status_code=202, response_model=ChoreState)
def reel(memory: Whole, upkeep: Upkeep) -> Response:
    """Begin to code the pictures of packs that are old enough as reels (storage.reel_after_days)."""
    return begun(upkeep.begin("reels", lambda tell, stopped: reels.again(memory, tell, stopped)))


@router.post("/sql", response_model=SqlAnswer)
def sql(memory: Whole, body: SqlRequest) -> Response:
    """Answer a question in SQL; nothing can be changed with one. Times without zone are UTC."""
    with memory.db.session() as session:
        answer = session.ask(body.query, limit=body.limit, seconds=body.seconds)
    rows = tuple(tuple(map(_shown, row)) for row in answer.rows)
    return render.answer(SqlAnswer(columns=answer.columns, rows=rows, more=answer.more))


def _shown(value: object) -> object:
    """A value as JSON has it; what JSON has not is text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _shown(one) for key, one in value.items()}
    return str(value)
