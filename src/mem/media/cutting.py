"""The process that copies a part out of one recording: `python -m mem.media.cutting part`.

Started by `mem.media.sandbox.run`, never by hand; it writes no file, its parent gets the bytes.
"""

from collections.abc import Iterator
from typing import Any

from mem.media import confined
from mem.media.wire import Message


def _part(request: dict[str, Any], _: bytes) -> Iterator[Message]:
    from mem.media import remux

    yield from remux.part(request)


if __name__ == "__main__":
    confined.serve({"part": _part})
