"""The process that decodes one recording: `python -m mem.capture.child probe|see|hear|read`.

Started by `mem.media.sandbox.run`, never by hand. The recording is its standard input (descriptor
0), which the decoders open by number, so that no path is known here. Decoders are imported only
once the limits are in force.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from mem.media import confined
from mem.media.wire import Message


def _probe(request: dict[str, Any], _: bytes) -> Iterator[Message]:
    from mem.media import probe

    yield Message("media", dataclasses.asdict(probe.probe(**request)))


def _see(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    from mem.capture import see

    yield from see.see(request, state)


class _Hearing:
    """Listens to one recording after the other with the model that is loaded."""

    def __init__(self) -> None:
        self._loaded: Any = None

    def __call__(self, request: dict[str, Any], state: bytes) -> Iterator[Message]:
        from mem.capture import ear, hear

        self._loaded = self._loaded or ear.Loaded()
        yield from hear.hear(request, state, loaded=self._loaded)


def _read(request: dict[str, Any], state: bytes) -> Iterator[Message]:
    from mem.capture import read

    yield from read.read(request, state)


if __name__ == "__main__":
    confined.serve({"probe": _probe, "see": _see, "hear": _Hearing(), "read": _read})
