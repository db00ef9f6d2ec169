"""Children that stay between recordings, with what they have loaded."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mem.media import sandbox, wire
from mem.media.wire import Message


class Warm:
    """Children of one operation that stay for a while after a request, with what they have loaded.

    One that ended in any other way than it should is never used again. What a recording does to its process
    can reach the words of the next one, so `idle` 0 gives each a process of its own.
    """

    def __init__(self, module: str, operation: str) -> None:
        self._module, self._operation = module, operation
        self._resting: list[sandbox.Child] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def run(
        self,
        video: Path,
        request: Mapping[str, Any],
        *,
        state: bytes = b"",
        limits: sandbox.Limits,
        cancelled: Callable[[], bool] = sandbox.never,
        reads: Sequence[Path] = (),
        idle: float,
    ) -> Iterator[Iterator[Message]]:
        """The same as `sandbox.run`, in a child that stays for `idle` seconds."""
        shown = sandbox.shown(self._module, reads, {})
        file = sandbox.open_video(video)
        try:
            child = self._rested(file, limits, shown, cancelled) or sandbox.Child(
                self._module, self._operation, file, limits, {}, cancelled, shown, idle=idle
            )
        finally:
            os.close(file)
        try:
            yield child.messages(wire.pack("request", request, state) + state)
        finally:
            self._leave(child)

    def close(self) -> None:
        """End those that rest."""
        with self._lock:
            resting, self._resting = self._resting, []
        for child in resting:
            child.close()

    def _rested(
        self, file: int, limits: sandbox.Limits, shown: Mapping[str, list[str]], cancelled: Callable[[], bool]
    ) -> sandbox.Child | None:
        while True:
            with self._lock:
                child = self._resting.pop() if self._resting else None
            if child is None or child.again(file, limits, shown, cancelled):
                return child
            child.close()

    def _leave(self, child: sandbox.Child) -> None:
        if child.rests:
            with self._lock:
                self._resting.append(child)
        else:
            child.close()
