"""A question as tantivy reads it. Only the words are scored; filters weigh nothing."""

from collections.abc import Sequence
from datetime import datetime

import tantivy
from tantivy import FieldType, Occur, Query

from mem import index
from mem.types import since_epoch

KINDS: dict[index.EntryKind, int] = {"speech": 0, "screen": 1, "note": 2, "source": 3}
_OTHER_FORM, _PART = 0.9, 0.7  # how much less than the word itself another form, a part of a word, counts


def everywhere(schema: tantivy.Schema, question: index.Question) -> Query:
    """The question without its time range."""
    must = [(Occur.Must, clause(schema, question.clause))]
    must += _kinds(schema, question.kinds)
    must += _choice(schema, "source", question.sources)
    must += _choice(schema, "language", question.languages)
    must += _choice(schema, "tag", question.tags)
    must += _wholly(schema, question.not_before, question.not_after)
    return Query.boolean_query(must)


def within(schema: tantivy.Schema, query: Query, start: int | None, end: int | None) -> Query:
    """The hits of `query` that overlap `[start, end)`, milliseconds since 1970."""
    must = [(Occur.Must, query)]
    if start is not None:
        later = Query.range_query(schema, "end", FieldType.Integer, lower_bound=start, include_lower=False)
        must.append((Occur.Must, _weightless(later)))
    if end is not None:
        earlier = Query.range_query(schema, "start", FieldType.Integer, upper_bound=end, include_upper=False)
        must.append((Occur.Must, _weightless(earlier)))
    return Query.boolean_query(must)


def before(schema: tantivy.Schema, query: Query, start: int | None) -> Query:
    """The hits of `query` that start before `start`."""
    return query if start is None else within(schema, query, None, start)


def kind(schema: tantivy.Schema, wanted: index.EntryKind) -> Query:
    """All entries of one kind."""
    return term(schema, "kind", KINDS[wanted])


def source(schema: tantivy.Schema, name: Sequence[str], place: Sequence[str]) -> Query:
    """The sources' own entries whose name and place hold these words."""
    must = [(Occur.Must, kind(schema, "source"))]
    must += [(Occur.Must, term(schema, "name", word)) for word in name]
    must += [(Occur.Must, term(schema, "place", word)) for word in place]
    return Query.boolean_query(must)


def term(schema: tantivy.Schema, field: str, value: str | int) -> Query:
    """Entries with this very value."""
    return Query.term_query(schema, field, value)


def clause(schema: tantivy.Schema, wanted: index.Clause) -> Query:
    """The words of a question."""
    match wanted:
        case index.Word(text, forms):
            ways = [term(schema, "text", text)]
            ways += [Query.boost_query(term(schema, "text", form), _OTHER_FORM) for form in forms]
            ways += [Query.boost_query(term(schema, "parts", way), _PART) for way in (text, *forms)]
            return Query.disjunction_max_query(ways)
        case index.Exactly(text):
            return term(schema, "text", text)
        case index.Typo(text, errors):
            return Query.fuzzy_term_query(schema, "text", text, distance=errors)
        case index.Prefix(text):
            ways = [
                Query.fuzzy_term_query(schema, field, text, distance=0, prefix=True)
                for field in ("text", "parts")
            ]
            return Query.disjunction_max_query(ways)
        case index.Phrase(words, open_end):
            if not open_end:
                return Query.phrase_query(schema, "text", list(words))
            # Unlike phrase_prefix_query this looks at more than the first 50 words that begin so.
            return Query.regex_phrase_query(schema, "text", [*words[:-1], words[-1] + ".*"])
        case index.Every(clauses):
            return _every(schema, clauses)
        case index.Either(clauses):
            return Query.boolean_query([(Occur.Should, clause(schema, each)) for each in clauses])
        case index.Without(each):
            return _every(schema, (index.Without(each),))
        case index.Among(texts):
            keys = [key(kind, number) for kind, number in texts]
            return _weightless(Query.term_set_query(schema, "key", keys))


def key(kind: index.EntryKind, number: int) -> int:
    """What an entry is kept under."""
    return number * len(KINDS) + KINDS[kind]


def loosened(wanted: index.Clause) -> index.Clause:
    """The clause with each phrase that ends openly taken as its words, the last of them as a beginning."""
    match wanted:
        case index.Phrase(words, True):
            firsts = (index.Exactly(word) for word in words[:-1])
            return index.Every((*firsts, index.Prefix(words[-1])))
        case index.Every(clauses):
            return index.Every(tuple(map(loosened, clauses)))
        case index.Either(clauses):
            return index.Either(tuple(map(loosened, clauses)))
        case index.Without(each):
            return index.Without(loosened(each))
        case _:
            return wanted


def _every(schema: tantivy.Schema, clauses: Sequence[index.Clause]) -> Query:
    parts = []
    for each in clauses:
        if isinstance(each, index.Without):
            parts.append((Occur.MustNot, clause(schema, each.clause)))
        else:
            parts.append((Occur.Must, clause(schema, each)))
    if not any(occur == Occur.Must for occur, _ in parts):
        parts.append((Occur.Must, _weightless(Query.all_query())))
    return Query.boolean_query(parts)


def _kinds(schema: tantivy.Schema, choice: index.Choice) -> list[tuple[Occur, Query]]:
    wanted = set(index.TEXT_KINDS) if choice.only is None else choice.only & set(index.TEXT_KINDS)
    codes = [code for kind, code in KINDS.items() if kind in wanted - choice.never]
    if len(codes) == len(index.TEXT_KINDS):
        return [(Occur.MustNot, kind(schema, "source"))]
    return [(Occur.Must, _weightless(Query.term_set_query(schema, "kind", codes)))]


def _choice(schema: tantivy.Schema, field: str, choice: index.Choice) -> list[tuple[Occur, Query]]:
    def among(values: frozenset[str]) -> Query:
        numbers = field == "source"
        return Query.term_set_query(schema, field, [int(v) for v in values] if numbers else list(values))

    parts = []
    if choice.only is not None:
        parts.append((Occur.Must, _weightless(among(choice.only))))
    if choice.never:
        parts.append((Occur.MustNot, among(choice.never)))
    return parts


def _wholly(
    schema: tantivy.Schema, not_before: datetime | None, not_after: datetime | None
) -> list[tuple[Occur, Query]]:
    parts = []
    if not_before is not None:
        later = Query.range_query(
            schema, "start", FieldType.Integer, lower_bound=since_epoch(not_before), include_lower=True
        )
        parts.append((Occur.Must, _weightless(later)))
    if not_after is not None:
        earlier = Query.range_query(
            schema, "end", FieldType.Integer, upper_bound=since_epoch(not_after), include_upper=True
        )
        parts.append((Occur.Must, _weightless(earlier)))
    return parts


def _weightless(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)
