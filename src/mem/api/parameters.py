"""What handlers ask for: the memory, ids, limits, and texts that can be stored."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, Field, StringConstraints

from mem.api import guard
from mem.api.access import Access
from mem.memory import Memory

DEFAULT_PAGE = 50
_MAX_ID = 2**63 - 1


async def memory(request: Request) -> Memory:
    """The memory that this server serves, as far as the caller may know it."""
    access: Access = request.app.state.access
    return access.view(guard.caller(request).limits)


async def whole(request: Request) -> Memory:
    """All of the memory, for handlers that keep to the limits of their caller themselves."""
    opened: Memory = request.app.state.memory
    return opened


async def page_size(
    request: Request, limit: Annotated[int, Query(ge=1, description="Rows at most")] = DEFAULT_PAGE
) -> int:
    """How many rows to answer with: what was asked for, cut to `api.max_page`."""
    most: int = request.app.state.memory.config.api.max_page
    return min(limit, most)


def storable(text: str) -> str:
    """A text that every database can hold: no NUL and no lone surrogate."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("holds a character that cannot be stored (NUL or half a surrogate pair)")
    return text


Mem = Annotated[Memory, Depends(memory)]
Whole = Annotated[Memory, Depends(whole)]
Limit = Annotated[int, Depends(page_size)]
Id = Annotated[int, Path(alias="id", ge=1, le=_MAX_ID)]
Cursor = Annotated[str | None, Query(description="Where to go on: the `cursor` of the page before")]
SourceId = Annotated[int | None, Query(alias="source", ge=1, le=_MAX_ID, description="Only this source")]
Number = Annotated[int, Field(ge=1, le=_MAX_ID)]  # an id within a body or a list
Priority = Annotated[int, Field(ge=0, le=9, description="0 to 9, higher first; waiting raises it")]
Label = Annotated[str, StringConstraints(max_length=500), AfterValidator(storable)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(storable)]
