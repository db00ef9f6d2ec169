"""What an index of tantivy answers: the best hits as columns, and how many there are in all."""

from collections import Counter

import numpy as np
import tantivy
from tantivy import Order

from mem import index
from mem.index.hits import Hits, numbers
from mem.index.tantivy_query import KINDS

_COUNTS = {
    "kinds": {"terms": {"field": "kind", "size": len(KINDS)}},
    "sources": {"terms": {"field": "source", "size": index.MOST_SOURCES}},
}


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """How many entries match."""
    return int(searcher.search(query, 1).count)  # type: ignore[attr-defined]  # its stub forgot it


def values(searcher: tantivy.Searcher, field: str, places: list[tantivy.DocAddress]) -> list[int]:
    """What these entries hold in a field of numbers."""
    return [int(value or 0) for value in searcher.fast_field_values(field, places)]


def hits(
    searcher: tantivy.Searcher, query: tantivy.Query, limit: int, sort: index.Sort, offset: int
) -> tuple[Hits, list[tantivy.DocAddress]]:
    """The best or the newest, and where their texts lie."""
    if sort == "time":
        found = searcher.search(
            query, limit, count=False, offset=offset, order_by_field="start", order=Order.Desc
        ).hits
        scores = [0.0] * len(found)
    else:
        found = searcher.search(query, limit, count=False, offset=offset, weight_by_field="recency").hits
        scores = [score for score, _ in found]
    places = [place for _, place in found]
    keys, sources, starts, ends = (
        numbers(searcher.fast_field_values(name, places)) for name in ("key", "source", "start", "end")
    )
    columns = Hits(
        kinds=keys % 4,
        ids=keys // 4,
        sources=sources,
        starts=starts,
        ends=ends,
        scores=np.asarray(scores, float),
    )
    return columns, places


def counted(hits: Hits) -> tuple[dict[int, int], dict[int, int]]:
    """How many hits of each kind and source there are, all of them being in hand."""
    sources = Counter(hits.sources.tolist()).most_common(index.MOST_SOURCES)
    return dict(Counter(hits.kinds.tolist()).most_common()), dict(sources)


def aggregated(searcher: tantivy.Searcher, query: tantivy.Query) -> tuple[dict[int, int], dict[int, int]]:
    """The same of more hits than are in hand, which takes as long as finding them."""
    buckets = searcher.aggregate(query, _COUNTS)
    kinds, sources = (
        {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets[name]["buckets"]}
        for name in ("kinds", "sources")
    )
    return kinds, sources
