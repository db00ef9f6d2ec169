"""Numbers and instants written into the text of a query instead of being bound to it, for DuckDB.

Its Python client looks for pandas on the disk at each value that it binds (0.3 ms), and plans a query
before it knows what is bound: so `$3 is null or source_id = $3` is worked out for each row. Texts are
bound as ever, so nothing that anybody typed is ever part of a query.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from mem.store.database import parameter

_PLACE = re.compile(r"\$(\d+)\b")
_LONGEST = 2_000  # numbers of a list that is written out


def written(sql: str, params: Sequence[object]) -> tuple[str, dict[str, object]]:
    """The query with what can be written in it, and by its number what is still to be bound."""
    texts: dict[str, str] = {}
    bound: dict[str, object] = {}
    for number, value in enumerate(params, 1):
        text = _literal(value)
        if text is None:
            # As text, a list of 200 numbers binds in 2 ms and not in 20: each costs a look for pandas.
            bound[str(number)] = str(list(value)) if isinstance(value, list | tuple) else parameter(value)
        else:
            texts[str(number)] = text
    return _PLACE.sub(lambda found: texts.get(found[1], found[0]), sql), bound


def _literal(value: object) -> str | None:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return f"({value})"
        case datetime():
            return f"timestamp '{parameter(value)}'"
        case list() | tuple() if len(value) <= _LONGEST and all(type(each) is int for each in value):
            return f"'{list(value)}'"
        case _:
            return None
