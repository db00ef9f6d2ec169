"""Children that stay between recordings, with what they have loaded."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem.media import process, sandbox, wire
from mem.media.child import Child
from mem.media.wire import Message

_ANSWER_SECONDS = 2.0  # in which one that rests must answer


@dataclass(frozen=True, slots=True)
class _Resting:
    """A child, how it is confined, and whose death ends it."""

    child: Child
    more: socket.socket  # by whose end it ends
    limits: sandbox.Limits
    shown: Mapping[str, list[str]]
    thread: int

    def again(self, video: int) -> bool:
        """Give it another recording; False when it has gone."""
        try:
            self.more.settimeout(_ANSWER_SECONDS)
            socket.send_fds(self.more, [b"?"], [video])
            return self.more.recv(1) == b"!"
        except OSError:
            return False

    def close(self) -> None:
        """End it."""
        self.more.close()
        self.child.close()


class Warm:
    """Children of one operation that stay for a while after a request, with what they have loaded.

    One that ended in any other way than it should is never used again, nor is it by another thread than the
    one that started it and takes it along. What a recording does to its process can reach the words of the
    next one, so `idle` 0 gives each a process of its own.
    """

    def __init__(self, module: str, operation: str, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is added to the children's otherwise fixed environment."""
        self._module, self._operation, self._environ = module, operation, environ
        self._resting: list[_Resting] = []
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
            used = self._rested(file, limits, shown, cancelled) or self._start(
                file, limits, shown, cancelled, idle
            )
        finally:
            os.close(file)
        try:
            yield used.child.messages(wire.pack("request", request, state) + state)
        finally:
            self._leave(used, idle)

    def leave(self) -> None:
        """End what rests of the calling thread, with which it would end in any case."""
        with self._lock:
            mine = [each for each in self._resting if each.thread == threading.get_ident()]
            self._resting = [each for each in self._resting if each not in mine]
        for each in mine:
            each.close()

    def reap(self) -> None:
        """Let go of those that ended by themselves, which otherwise stay in the list of processes."""
        with self._lock:
            gone = [each for each in self._resting if not each.child.rests]
            self._resting = [each for each in self._resting if each not in gone]
        for each in gone:
            each.close()

    def close(self) -> None:
        """End those that rest."""
        with self._lock:
            resting, self._resting = self._resting, []
        for each in resting:
            each.close()

    def _start(
        self,
        file: int,
        limits: sandbox.Limits,
        shown: Mapping[str, list[str]],
        cancelled: Callable[[], bool],
        idle: float,
    ) -> _Resting:
        more, theirs = socket.socketpair()
        with contextlib.ExitStack() as undo:
            undo.callback(more.close)
            with theirs, process.pipes() as (ours, pipes):
                options = process.confinement(limits, shown)
                options |= {"request": pipes.request, "reply": pipes.reply}
                if idle > 0:
                    options |= {"more": theirs.fileno(), "idle": idle}
                started = process.start(
                    [self._module, self._operation],
                    options,
                    limits,
                    video=file,
                    printed=pipes.printed,
                    passed=[pipes.request, pipes.reply, theirs.fileno()],
                    environ=self._environ,
                )
            undo.pop_all()
        child = Child(started, ours, self._operation, limits, cancelled, stays=True)
        return _Resting(child, more, limits, shown, threading.get_ident())

    def _rested(
        self, file: int, limits: sandbox.Limits, shown: Mapping[str, list[str]], cancelled: Callable[[], bool]
    ) -> _Resting | None:
        while True:
            with self._lock:
                mine = [each for each in self._resting if each.thread == threading.get_ident()]
                if not mine:
                    return None
                self._resting.remove(mine[-1])
            found = mine[-1]
            if (found.limits, found.shown) == (limits, shown) and found.again(file):
                found.child.again(cancelled)
                return found
            found.close()

    def _leave(self, used: _Resting, idle: float) -> None:
        if idle > 0 and used.child.rests:
            with self._lock:
                self._resting.append(used)
        else:
            used.close()
