"""A question as tantivy reads it. Only the words are scored; filters weigh nothing."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import tantivy
from tantivy import FieldType, Occur, Query

from mem import index
from mem.types import since_epoch

KINDS: dict[index.EntryKind, int] = {"speech": 0, "screen": 1, "note": 2, "source": 3}
_OTHER_FORM, _PART = 0.9, 0.7  # how much less than the word itself another form, a part of a word, counts


@dataclass(frozen=True, slots=True)
class Asked:
    """Makes queries for an index as it is by now: what no text holds is left out of them.

    Most words are nowhere a part of another, and nothing is doubted in most memories. Left in, such terms
    make a search of a year take half as long again.
    """

    schema: tantivy.Schema
    holds: Callable[[str, str], bool]  # whether a field of any text holds a word
    similar: Callable[[str, int], list[str]]  # the words of texts that so many edits separate from one
    count: Callable[[Query], int]  # how many texts match
    weight: Callable[[Query], float] | None = None  # of a term or a phrase; None: as tantivy weighs it

    def everywhere(self, question: index.Question) -> Query:
        """The question without its time range."""
        filters = _kinds(self.schema, question)
        filters += _choice(self.schema, "source", question.sources)
        filters += _choice(self.schema, "language", question.languages)
        never = frozenset(tag for tag in question.tags.never if self.holds("tag", tag))
        filters += _choice(self.schema, "tag", index.Choice(only=question.tags.only, never=never))
        filters += _wholly(self.schema, question.not_before, question.not_after)
        asked = replace(self, weight=self._rarity(filters)) if question.alone else self
        wanted = asked.clause(question.clause)
        return Query.boolean_query([(Occur.Must, wanted), *filters]) if filters else wanted

    def _rarity(self, filters: Sequence[tuple[Occur, Query]]) -> Callable[[Query], float]:
        """How rare something is among what the filters leave: what tantivy asks of all texts (its idf)."""

        def among(wanted: Query) -> int:
            return self.count(Query.boolean_query([(Occur.Must, wanted), *filters]))

        def rarity(wanted: Query) -> float:
            held = among(wanted)
            return math.log(1 + (number - held + 0.5) / (held + 0.5))

        number = among(Query.all_query())
        return rarity

    def _weighed(self, query: Query) -> Query:
        return query if self.weight is None else _weightless(query, self.weight(query))

    def clause(self, wanted: index.Clause) -> Query:
        """The words of a question."""
        match wanted:
            case index.Word(text, forms):
                ways = self._ways("text", (text,), 1.0)
                ways += self._ways("text", forms, _OTHER_FORM)
                ways += self._ways("parts", (text, *forms), _PART)
                return _best(ways)
            case index.Exactly(text):
                return self._weighed(term(self.schema, "text", text))
            case index.Typo(text, errors):
                found = self.similar(text, errors)
                return _weightless(Query.term_set_query(self.schema, "text", found), 1.0)
            case index.Prefix(text):
                return _best([_beginning(self.schema, field, text) for field in ("text", "parts")])
            case index.Phrase(words, open_end):
                if not open_end:
                    return self._weighed(Query.phrase_query(self.schema, "text", list(words)))
                # Unlike phrase_prefix_query this looks at more than the first 50 words that begin so.
                begun: list[str | tuple[int, str]] = [*words[:-1], words[-1] + ".*"]
                return self._weighed(Query.regex_phrase_query(self.schema, "text", begun))
            case index.Every(clauses):
                return self._every(clauses)
            case index.Either(clauses):
                some = [(Occur.Should, self.clause(each)) for each in clauses]
                return Query.boolean_query(some) if some else Query.empty_query()
            case index.Without(each):
                return self._every((index.Without(each),))
            case index.Among(texts):
                keys = [key(kind, number) for kind, number in texts]
                return _weightless(Query.term_set_query(self.schema, "key", keys))

    def _ways(self, field: str, found_by: Iterable[str], weight: float) -> list[Query]:
        found = [
            self._weighed(term(self.schema, field, word)) for word in found_by if self.holds(field, word)
        ]
        return found if weight == 1.0 else [Query.boost_query(each, weight) for each in found]

    def _every(self, clauses: Sequence[index.Clause]) -> Query:
        parts = []
        for each in clauses:
            if isinstance(each, index.Without):
                parts.append((Occur.MustNot, self.clause(each.clause)))
            else:
                parts.append((Occur.Must, self.clause(each)))
        if not any(occur == Occur.Must for occur, _ in parts):
            parts.append((Occur.Must, _weightless(Query.all_query())))
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)


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


def _best(ways: list[Query]) -> Query:
    """Texts that match one of these, as well as the best of those does."""
    if len(ways) == 1:
        return ways[0]
    return Query.disjunction_max_query(ways) if ways else Query.empty_query()


def _beginning(schema: tantivy.Schema, field: str, text: str) -> Query:
    return Query.fuzzy_term_query(schema, field, text, distance=0, prefix=True)


def _worded(wanted: index.Clause) -> bool:
    """Whether only texts can match: a source's own entry has none of their fields."""
    match wanted:
        case index.Every(clauses):
            return any(map(_worded, clauses))
        case index.Either(clauses):
            return all(map(_worded, clauses))
        case index.Without():
            return False
        case _:
            return True


def _kinds(schema: tantivy.Schema, question: index.Question) -> list[tuple[Occur, Query]]:
    choice = question.kinds
    wanted = set(index.TEXT_KINDS) if choice.only is None else choice.only & set(index.TEXT_KINDS)
    codes = [code for kind, code in KINDS.items() if kind in wanted - choice.never]
    if len(codes) == len(index.TEXT_KINDS):
        return [] if _worded(question.clause) else [(Occur.MustNot, kind(schema, "source"))]
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


def _weightless(query: Query, score: float = 0.0) -> Query:
    return Query.const_score_query(query, score)
