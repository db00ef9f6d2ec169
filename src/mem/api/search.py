"""Search: moments in which something was said, shown or noted."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mem import search
from mem.api import render, times
from mem.api.parameters import Cursor, Limit, Mem, Number
from mem.index import Sort
from mem.search import SearchPage
from mem.types import TextKind

router = APIRouter(prefix="/api/search", tags=["asking"])

Words = Annotated[str, Query(alias="q", max_length=16_384, description='Words, "phrases", -excluded, pre*')]
Sources = Annotated[list[Number], Query(alias="source", max_length=100, description="Only these sources")]
Kinds = Annotated[list[TextKind], Query(alias="kind", description="Only these kinds of text")]
Suspect = Annotated[bool, Query(description="Also speech that is doubted: loops, phantoms, guesses")]
Meaning = Annotated[bool, Query(description="Also what is alike in meaning; see search.semantic")]
Location = Annotated[str | None, Query(max_length=500, description="Only sources recorded there")]


@router.get("", response_model=SearchPage)
def page(
    memory: Mem,
    limit: Limit,
    words: Words,
    from_: times.From = None,
    to: times.To = None,
    sources: Sources = [],  # noqa: B006 - the framework copies it
    kinds: Kinds = [],  # noqa: B006
    location: Location = None,
    sort: Sort = "relevance",
    suspect: Suspect = False,
    meaning: Meaning = False,
    cursor: Cursor = None,
) -> Response:
    """Moments that answer the words, everywhere unless `from` and `to` say otherwise."""
    query = search.Query(
        text=words,
        start=from_,
        end=to,
        source_ids=tuple(sources),
        kinds=tuple(kinds),
        location=location,
        limit=min(limit, search.MOST_MOMENTS),
        cursor=cursor,
        sort=sort,
        suspect=suspect,
        meaning=meaning,
    )
    return render.answer(search.search(memory, query))
