"""What a person types, read as a question.

    invoice bill            both words, in any order        "exact words"     these, one after the other
    invoice OR bill         either of the two neighbours    invoic*           words that begin so
    -draft                  without it                      invocie~          with typing errors
    kind:speech,note  source:garage  lang:en  location:"front door"  tag:todo  -tag:done
    after:2026-11-20  before:2026-11-20T14:05Z  after:2h  before:today

Nothing is an error: what is no such thing is read as words, and `read_as` says how all of it was read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from mem import index
from mem.index import Among, Clause, Either, Every, Exactly, Phrase, Prefix, Typo, Without, Word, words
from mem.search import times

LONGEST = 512  # characters of a query
_KEYS = {
    "kind": "kind", "source": "source", "lang": "lang", "language": "lang", "location": "location",
    "tag": "tag", "before": "before", "after": "after",
}  # fmt: skip
_KINDS: Mapping[str, str] = {"notes": "note", **{kind: kind for kind in index.TEXT_KINDS}}
_ORS, _ANDS = ("OR", "|", "||"), ("AND", "&&")
_CUT_WORD = re.compile(r"(?<=\s)\S+$")
_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_PIECE = re.compile(
    r"""(?P<minus>-)?(?:
        (?P<key>[A-Za-z]+):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))
        | "(?P<phrase>[^"]*)"(?P<star>\*)?
        | (?P<word>[^\s"]+)
    )|(?P<quote>")""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The values of one property that were asked for, and those that were excluded."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """A query as it was read."""

    clause: Clause = field(default_factory=Every)
    filters: Mapping[str, Filter] = field(default_factory=dict)  # by kind, source, lang, location, tag
    after: datetime | None = None
    before: datetime | None = None
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class _Or:
    """The word OR, until it is known what stands beside it."""

    text: str


_Item = Clause | _Or


class _Reading:
    """The state of reading one query, piece by piece."""

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self.zone, self.now = zone, now
        self.asked = False  # whether more than filters stands in it
        self.items: list[_Item] = []
        self.filters: dict[str, Filter] = {}
        self.after: datetime | None = None
        self.before: datetime | None = None
        self.remarks: list[str] = []
        self.negate = False

    def take(self, piece: re.Match[str], *, between: bool) -> None:
        """Read the next piece; `between`: one stands before it and one after it."""
        exclude = piece["minus"] is not None or self.negate
        self.negate = False
        if piece["key"] and self._filter(piece, exclude):
            return
        word = None if exclude else piece["word"]
        self.asked = self.asked or word != "*"  # which alone stands for everything
        if piece["quote"]:
            self.remarks.append("a quotation mark without its pair was left out")
        elif piece["phrase"] is not None:
            self._clause(_phrase(piece["phrase"], open_end=piece["star"] is not None), exclude)
        elif word in _ORS:
            self.items.append(_Or(word))
        elif word in _ANDS and between:
            pass
        elif word == "NOT":
            self.negate = True
        else:
            self._word(piece, exclude)

    def _word(self, piece: re.Match[str], exclude: bool) -> None:
        if (piece["word"] or "").removesuffix(":").lower() in _KEYS and piece["word"].endswith(":"):
            self.remarks.append(f"{piece[0]} has no value and was read as a word")
        self._clause(_word(piece[0].removeprefix("-").replace('"', " ")), exclude)

    def _clause(self, clause: Clause | None, exclude: bool) -> None:
        if clause is not None:
            self.items.append(Without(clause) if exclude else clause)

    def _filter(self, piece: re.Match[str], exclude: bool) -> bool:
        key = _KEYS.get(piece["key"].lower(), "")
        given = piece["quoted"] if piece["quoted"] is not None else piece["value"]
        if key in ("before", "after"):
            return self._bound(key, given, exclude)
        values = [given] if piece["quoted"] is not None else given.split(",")
        values = [value for value in values if words.plain(value)]
        if key == "kind":
            values = [_KINDS.get(value.lower(), "") for value in values]
        if not key or not values or not all(values):
            if key:
                self.remarks.append(f"{piece[0]} is no filter and was read as words")
            return False
        known = self.filters.get(key, Filter())
        if exclude:
            self.filters[key] = replace(known, never=(*known.never, *values))
        else:
            self.filters[key] = replace(known, only=(*known.only, *values))
        return True

    def _bound(self, key: str, given: str, exclude: bool) -> bool:
        moment = times.moment(given, zone=self.zone, now=self.now)
        if moment is None or exclude:
            why = "names no time" if moment is None else "cannot be excluded"
            self.remarks.append(f"{key}:{given} {why} and was read as words")
            return False
        if key == "after":
            self.after = moment if self.after is None else max(self.after, moment)
        else:
            self.before = moment if self.before is None else min(self.before, moment)
        return True


def parse(text: str, *, zone: tzinfo = UTC, now: datetime | None = None) -> ParsedQuery:
    """Read a query. Never raises; what lies beyond LONGEST characters is not looked at, nor a word cut there.

    `zone` is that of local times in it, `now` what relative times count from.
    """
    reading = _Reading(zone, now or datetime.now(UTC))
    if len(text) > LONGEST:
        reading.remarks.append(f"only the first {LONGEST} characters were read")
        text = _CUT_WORD.sub("", text[: LONGEST + 1])[:LONGEST]
    pieces = list(_PIECE.finditer(text.translate(_QUOTES)))
    for place, piece in enumerate(pieces):
        reading.take(piece, between=0 < place < len(pieces) - 1)
    if reading.negate:
        reading.items.append(Word("not"))
    clause: Clause = Every(tuple(_joined(reading.items, reading.remarks)))
    if reading.asked and clause == Every():
        clause = Either(())
        reading.remarks.append("it holds no word, so it finds nothing")
    parsed = ParsedQuery(clause=clause, filters=reading.filters, after=reading.after, before=reading.before)
    return replace(parsed, read_as="; ".join([*described(parsed), *reading.remarks]))


def leaves(clause: Clause) -> Iterator[Clause]:
    """What a text must hold for the clause to match it: its words, not those that are excluded."""
    match clause:
        case Every(clauses) | Either(clauses):
            for each in clauses:
                yield from leaves(each)
        case Without():
            pass
        case _:
            yield clause


def tolerant(clause: Clause, unknown: set[str]) -> Clause:
    """The clause with typing errors allowed in words that no text holds."""
    match clause:
        case Word(text) if text in unknown and words.tolerance(text):
            return Typo(text, words.tolerance(text))
        case Every(clauses):
            return Every(tuple(tolerant(each, unknown) for each in clauses))
        case Either(clauses):
            return Either(tuple(tolerant(each, unknown) for each in clauses))
        case _:
            return clause


def described(parsed: ParsedQuery) -> Iterator[str]:
    """How the query was read, in words."""
    yield text(parsed.clause) or "everything"
    for key, values in parsed.filters.items():
        if values.only:
            yield f"{key}: {' or '.join(values.only)}"
        if values.never:
            yield f"{key} not: {' or '.join(values.never)}"
    if parsed.after is not None:
        yield f"from {times.written(parsed.after)}"
    if parsed.before is not None:
        yield f"before {times.written(parsed.before)}"


def text(clause: Clause) -> str:
    """A clause as a person would write it out."""
    match clause:
        case Word(word):
            return word
        case Exactly(word):
            return f'"{word}"'
        case Typo(word):
            return f"{word}~"
        case Prefix(word):
            return f"{word}*"
        case Phrase(words=phrase, open_end=open_end):
            return f'"{" ".join(phrase)}"' + "*" * open_end
        case Every(clauses):
            return " AND ".join(map(text, clauses))
        case Either(clauses):
            return f"({' OR '.join(map(text, clauses))})" if clauses else "nothing"
        case Without(each):
            return f"NOT {text(each)}"
        case Among(texts):
            return f"{len(texts)} texts of like meaning"


def _joined(items: list[_Item], remarks: list[str]) -> Iterator[Clause]:
    """The items with each OR joining its two neighbours; an OR that lacks one is a word."""
    group: list[Clause] = []
    joins = False
    for place, item in enumerate(items):
        if isinstance(item, _Or):
            follows = place + 1 < len(items) and not isinstance(items[place + 1], _Or)
            if group and not joins and follows:
                joins = True
                continue
            found, joins = _word(item.text), False
            if found is None:
                continue  # a bar
            remarks.append("an OR without a neighbour was read as a word")
            item = found
        if not joins:
            yield from _either(group)
            group = []
        group.append(item)
        joins = False
    yield from _either(group)


def _either(group: list[Clause]) -> Iterable[Clause]:
    return group if len(group) < 2 else [Either(tuple(group))]


def _phrase(text: str, *, open_end: bool) -> Clause | None:
    found = words.plain(text)
    if not found:
        return None
    if len(found) == 1:
        return Prefix(found[0]) if open_end else Exactly(found[0])
    return Phrase(tuple(found), open_end)


def _word(text: str) -> Clause | None:
    """A word; one that falls into several ("RE16-TGK", "e-mail") is these in a row, or joined."""
    bare = text.rstrip("*~?!.,;:)]}")
    ending = text[len(bare) :]
    found = words.plain(bare)
    if not found:
        return None
    if len(found) == 1:
        if "*" in ending:
            return Prefix(found[0])
        if "~" in ending and words.tolerance(found[0]):
            return Typo(found[0], words.tolerance(found[0]))
        return Word(found[0], words.forms(found[0]))
    row = Phrase(tuple(found), "*" in ending)
    places = words.tokens(bare)
    whole = [p.text for p in words.parts(bare) if (p.start, p.end) == (places[0].start, places[-1].end)]
    return Either((row, Word(whole[0]))) if whole and not row.open_end else row
