"""The process that decodes one recording: `python -m mem.capture.child KIND`.

A kind is one below, or eye or reader, which fork for many recordings. Started by `mem.media.sandbox.run`
and its like, never by hand. The recording is its standard input (descriptor 0), which the decoders open by
number, so that no path is known here. Decoders are imported only once the limits are in force.
"""

import dataclasses
import importlib
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


def _reel(request: dict[str, Any], _: bytes) -> Iterator[Message]:
    from mem.media import reeling

    yield from reeling.code(request)


def _join(request: dict[str, Any], states: bytes) -> Iterator[Message]:
    from mem.capture import see

    yield from see.join(request, states)


class _Hearing:
    """Listens to one recording after the other with the model that is loaded."""

    def __init__(self) -> None:
        self._loaded: Any = None

    def __call__(self, request: dict[str, Any], state: bytes) -> Iterator[Message]:
        from mem.capture import ear, hear

        self._loaded = self._loaded or ear.Loaded()
        yield from hear.hear(request, state, loaded=self._loaded)


class _Reading:
    """Reads text off pictures, with the models that were loaded before there was any."""

    def __init__(self) -> None:
        self._loaded: Any = None

    def load(self) -> None:
        """Load RapidOCR's models."""
        from mem.capture import read  # noqa: F401 - what it needs is loaded as well
        from mem.ocr.rapid import Rapid

        self._loaded = Rapid(threads=1)  # not used yet: then ONNX Runtime has a thread, and nothing may fork

    def __call__(self, request: dict[str, Any], state: bytes) -> Iterator[Message]:
        from mem.capture import read

        yield from read.read(request, state, engine=self._loaded if request["engine"] == "rapidocr" else None)


def _load_decoders() -> None:
    importlib.import_module("mem.media.probe")
    importlib.import_module("mem.capture.see")


if __name__ == "__main__":
    reading = _Reading()
    confined.serve(
        {"probe": _probe, "see": _see, "join": _join, "reel": _reel, "hear": _Hearing(), "read": reading},
        {"eye": _load_decoders, "reader": reading.load},
    )
