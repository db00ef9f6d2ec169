"""Covering what should never be found again in speech and in text on screens: before it is stored.

Nothing but the text is changed; a picture that shows it still does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from mem.config.guarding import Mask

Span = tuple[int, int, Mask]  # first and last character, and what stands there

COVERS: dict[Mask, str] = {"cards": "[card]", "emails": "[email]", "keys": "[key]"}

_CARD = re.compile(r"(?<![\d])\d(?:[ .\u00a0-]{0,2}\d){12,18}(?![\d])")
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}(?:@| ?[\[(]at[\])] ?| at (?=[\w-]{1,63} dot ))"
    r"[A-Za-z0-9-]{1,63}(?:(?:\.| ?[\[(]dot[\])] ?| dot )(?!dot\b)[A-Za-z0-9-]{1,63}){1,4}"
)
_KEYS = (
    re.compile(
        r"\b(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs]|mem|hf|npm|pypi)[-_][\w-]{16,255}"
    ),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[\w-]{30,}"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    re.compile(r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
    re.compile(r"(?<=://)[^/\s'\"@]{1,200}:[^/\s'\"@]{1,200}(?=@)"),
    re.compile(
        r"(?i)(?<!\w)(?:password|passwd|secret|api[_ -]?key|token)\s{0,2}[:=]\s{0,2}\S{6,255}"
    ),
)  # fmt: skip


def text(value: str, kinds: Sequence[Mask]) -> str:
    """The text with everything of those kinds covered."""
    for begin, end, kind in reversed(spans(value, kinds)):
        value = value[:begin] + COVERS[kind] + value[end:]
    return value


def spans(value: str, kinds: Sequence[Mask]) -> list[Span]:
    """Where something of those kinds stands, in order; what overlaps is one."""
    found: list[Span] = []
    for begin, end, kind in sorted(_found(value, kinds)):
        if found and begin < found[-1][1]:
            first, last, before = found[-1]
            found[-1] = (first, max(last, end), before)
        else:
            found.append((begin, end, kind))
    return found


def words(parts: Sequence[str], kinds: Sequence[Mask]) -> list[str]:
    """The same for a text in parts: what stretches over several covers each of them."""
    spaced = [part if not at or part[:1].isspace() else f" {part}" for at, part in enumerate(parts)]
    covered = spans("".join(spaced), kinds)
    at, told = 0, []
    for part, whole in zip(spaced, parts, strict=True):
        kind = next((kind for begin, end, kind in covered if begin < at + len(part) and end > at), None)
        told.append(whole if kind is None else whole[: len(whole) - len(whole.lstrip())] + COVERS[kind])
        at += len(part)
    return told


def _found(value: str, kinds: Sequence[Mask]) -> Iterator[Span]:
    if "cards" in kinds:
        yield from ((*match.span(), "cards") for match in _CARD.finditer(value) if _luhn(match[0]))
    if "emails" in kinds:
        yield from ((*match.span(), "emails") for match in _EMAIL.finditer(value))
    if "keys" in kinds:
        for pattern in _KEYS:
            yield from ((*match.span(), "keys") for match in pattern.finditer(value))


def _luhn(number: str) -> bool:
    """Whether the last digit is the one that the others ask for; nearly all other numbers fail."""
    digits = [int(c) for c in number if c.isdigit()]
    return len(set(digits)) > 1 and _sum(reversed(digits)) % 10 == 0


def _sum(digits: Iterable[int]) -> int:
    return sum(d if at % 2 == 0 else sum(divmod(d * 2, 10)) for at, d in enumerate(digits))
