"""Reading many rows as columns: 300,000 spans take 15 ms and 10 MB so, and a second as rows."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class Columnar:
    """What an engine that answers by columns adds to its `_queries` and `_cursor`."""

    _queries: Mapping[str, str]

    def _cursor(self) -> AbstractContextManager[Any]:
        raise NotImplementedError

    def columns(self, query: str, *params: int) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """The columns of a query, none of which may hold nulls."""
        with self._cursor() as cursor:
            given: Sequence[int] = params
            found: Mapping[str, np.ndarray[Any, Any]] = cursor.execute(
                self._queries[query], list(given)
            ).fetchnumpy()
            return found
