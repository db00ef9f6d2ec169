"""One question over everything said, shown and noted."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from mem import index, observe, reindex, types
from mem.errors import BadRequest, BadTime, NaiveTime
from mem.index import Choice, Found, Hits, Index, Question, Sort, Word, words
from mem.meaning import Meaning
from mem.memory import Memory
from mem.search import cursor, moments, near
from mem.search import query as queries
from mem.search.cursor import Position
from mem.search.moments import Hit, Moment
from mem.search.query import LONGEST, Filter, ParsedQuery, parse
from mem.store import entries, stretches
from mem.store.database import Database, Reader
from mem.types import TextKind

__all__ = ["Hit", "Moment", "ParsedQuery", "Query", "SearchPage", "ask", "parse", "search"]

MOST_MOMENTS = 200  # of one page
WINDOW = 1_000  # hits that are merged at once
_NAMED_SOURCES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked. Filters here and in the text must both hold."""

    text: str = ""  # see mem.search.query
    start: datetime | None = None  # what overlaps [start, end)
    end: datetime | None = None
    source_ids: tuple[int, ...] = ()  # none: all
    kinds: tuple[TextKind, ...] = ()  # none: all
    location: str | None = None  # words of the sources' location
    limit: int = 20  # moments
    cursor: str | None = None
    sort: Sort = "relevance"
    suspect: bool = False  # also speech that is doubted
    meaning: bool = False  # also what is alike in meaning and has none of the words


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Some of the moments that answer a query, and how many hits there are in all."""

    moments: tuple[Moment, ...]
    cursor: str | None  # None: there are no more
    total: int  # hits, not moments
    counts_by_kind: Mapping[TextKind, int]
    counts_by_source: Mapping[int, int]  # 0 stands for notes without source; at most 200 sources
    outside_range: int  # hits that only the time range excludes
    read_as: str
    sources: Mapping[int, str]  # sources that are called so themselves


def search(memory: Memory, query: Query) -> SearchPage:
    """Find `query` in everything said, shown and noted.

    Raises BadRequest, BadTime or BadCursor for what cannot be asked; never for what the text says.
    """
    with observe.SEARCH_SECONDS.time():
        return ask(memory.db, memory.index, query, zone=memory.config.zone, meaning=memory.meaning)


def ask(
    db: Database, finder: Index, query: Query, *, zone: tzinfo = UTC, meaning: Meaning | None = None
) -> SearchPage:
    """The same, of a database, its index and what it has of meanings."""
    _check(query)
    position = Position() if query.cursor is None else cursor.decode(query.cursor, _identity(query))
    level = reindex.refresh(db, finder)
    parsed = parse(query.text, zone=zone, now=types.now())
    question, remarks = _question(finder, query, parsed)
    if _reversed(question):
        remarks.append("the time ends before it begins, so nothing is found")
    found, full = _found(finder, query, question, position, meaning)
    hits = found.hits
    following = None
    if full:
        hits, following = _next_window(hits, query.sort, position)
    page: list[moments.Group] = []
    if hits:
        groups = moments.grouped(hits, query.sort, lambda ids: stretches.first(db, ids))
        first = 0 if position.after is None else groups.after(position.after)
        page = groups.page(first, query.limit)
        if first + query.limit < len(groups):
            following = dataclasses.replace(position, after=page[-1].key)
    return SearchPage(
        moments=tuple(moments.shown(db, hits, page, question.clause, found.texts if level else None)),
        cursor=None if following is None else cursor.encode(following, _identity(query)),
        total=found.total,
        counts_by_kind=found.by_kind,
        counts_by_source=found.by_source,
        outside_range=found.outside,
        read_as="; ".join([parsed.read_as, *remarks]),
        sources=_named(db, finder, parsed),
    )


def _found(
    finder: Index, query: Query, question: Question, position: Position, meaning: Meaning | None
) -> tuple[Found, bool]:
    """A window of hits, and whether more may follow it. Raises NoMeaning."""
    if _reversed(question):
        anywhere = finder.find(dataclasses.replace(question, start=None, end=None), limit=1)
        return index.none(outside=anywhere.total), False
    asked = near.find(finder, meaning, question) if query.meaning else None
    if asked is not None and query.sort == "relevance":
        return near.search(finder, asked, limit=WINDOW, offset=position.offset)
    if asked is not None:
        question = near.either(asked)
    bound = _moment(position.bound)
    found = finder.find(question, limit=WINDOW, sort=query.sort, offset=position.offset, before=bound)
    return found, len(found.hits) == WINDOW


def _check(query: Query) -> None:
    if not 1 <= query.limit <= MOST_MOMENTS:
        raise BadRequest(f"A page has 1 to {MOST_MOMENTS} moments.")
    if len(query.location or "") > LONGEST:
        raise BadRequest(f"The name of a place has at most {LONGEST} characters.")
    for moment in (query.start, query.end):
        if moment is not None and moment.utcoffset() is None:
            raise NaiveTime(moment)
    if query.start is not None and query.end is not None and query.start >= query.end:
        raise BadTime("The range must end after it starts.")


def _question(finder: Index, query: Query, parsed: ParsedQuery) -> tuple[Question, list[str]]:
    clause, remarks = _spelled(finder, parsed)
    filters = parsed.filters
    kinds = _choice(filters.get("kind", Filter()))
    sources = _sources(finder, filters, query.location)
    tags = _choice(filters.get("tag", Filter()), fold=True)
    if not query.suspect:
        tags = dataclasses.replace(tags, never=tags.never | {index.SUSPECT})
    if query.kinds:
        kinds = _narrowed(kinds, query.kinds)
    if query.source_ids:
        sources = _narrowed(sources, (str(each) for each in query.source_ids if 0 < each < 2**63))
    return Question(
        clause=clause,
        kinds=kinds,
        sources=sources,
        languages=_choice(filters.get("lang", Filter()), fold=True),
        tags=tags,
        start=max((t for t in (query.start, parsed.after) if t is not None), default=None),
        end=min((t for t in (query.end, parsed.before) if t is not None), default=None),
    ), remarks


def _reversed(question: Question) -> bool:
    """Whether it has no time, by what parameters and words ask for together."""
    return question.start is not None and question.end is not None and question.start >= question.end


def _spelled(finder: Index, parsed: ParsedQuery) -> tuple[index.Clause, list[str]]:
    """The clause with typing errors allowed in words that stand nowhere."""
    asked = [leaf for leaf in queries.leaves(parsed.clause) if isinstance(leaf, Word)]
    known = finder.known({form for leaf in asked for form in (leaf.text, *leaf.forms)})
    unknown = {leaf.text for leaf in asked if not known & {leaf.text, *leaf.forms}}
    similar = sorted(word for word in unknown if words.tolerance(word))
    remarks = [f'"{word}" stands nowhere, so similar words are found' for word in similar]
    return queries.tolerant(parsed.clause, unknown), remarks


def _sources(finder: Index, filters: Mapping[str, Filter], location: str | None) -> Choice:
    """The sources that are wanted by name, number and location."""
    only: set[int] | None = None
    never: set[int] = set()
    for key in ("source", "location"):
        asked = filters.get(key, Filter())
        if asked.only:
            ids = _ids(finder, key, asked.only)
            only = ids if only is None else only & ids
        never |= _ids(finder, key, asked.never)
    if location is not None and words.plain(location):
        ids = _ids(finder, "location", [location])
        only = ids if only is None else only & ids
    return Choice(only=None if only is None else frozenset(map(str, only)), never=frozenset(map(str, never)))


def _ids(finder: Index, key: str, values: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for value in values:
        if key == "location":
            found.update(finder.sources(location=value))
        else:
            found.update(finder.sources(name=value))
            if value.isascii() and value.isdigit() and len(value) < 16:
                found.add(int(value))
    return found


def _choice(asked: Filter, *, fold: bool = False) -> Choice:
    only, never = (frozenset(map(index.tag, v) if fold else v) for v in (asked.only, asked.never))
    return Choice(only=only or None, never=never)


def _narrowed(choice: Choice, values: Iterable[str]) -> Choice:
    only = frozenset(values)
    return dataclasses.replace(choice, only=only if choice.only is None else only & choice.only)


def _next_window(hits: Hits, sort: Sort, position: Position) -> tuple[Hits, Position | None]:
    """A full window: what of it to merge now, and where the next begins.

    By time the hits of its earliest instant are left to the next one, which may have more of them.
    """
    if sort == "relevance":
        offset = position.offset + WINDOW
        return hits, Position(offset=offset) if offset < cursor.FURTHEST else None
    bound = int(hits.starts[-1])
    later = int((hits.starts > bound).sum())
    return (hits[:later], Position(bound=bound + 1)) if later else (hits, Position(bound=bound))


def _moment(bound: int | None) -> datetime | None:
    return None if bound is None else types.from_epoch(bound)


def _identity(query: Query) -> tuple[object, ...]:
    """What a cursor must have been made for: everything but the size of the page."""
    return (
        query.text, query.start, query.end, sorted(query.source_ids), sorted(query.kinds), query.location,
        query.sort, query.suspect, query.meaning,
    )  # fmt: skip


def _named(r: Reader, finder: Index, parsed: ParsedQuery) -> Mapping[int, str]:
    """Sources whose name holds all the words asked for."""
    asked = [leaf.text for leaf in queries.leaves(parsed.clause) if isinstance(leaf, Word)]
    if not asked or len(asked) < sum(1 for _ in queries.leaves(parsed.clause)):
        return {}
    ids = finder.sources(name=" ".join(asked), limit=_NAMED_SOURCES)
    return entries.source_names(r, ids) if ids else {}
