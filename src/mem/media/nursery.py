"""Processes that have loaded the decoders, and fork one for each recording.

Starting Python and loading FFmpeg's libraries takes longer than looking at a short recording. What has loaded
them reads no recording: each is looked at in a process forked for it alone, which ends with it, so what one
recording does to its process never touches the next one. See `forking` for the other side.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mem.errors import DecoderCrashed
from mem.media import forking, process, sandbox, wire
from mem.media.child import Child
from mem.media.process import Started
from mem.media.wire import Message

log = logging.getLogger(__name__)

_LEAVE_SECONDS = 2.0  # in which a process that ended is let go of


class Forked:
    """A process that was forked for one recording, of which the one that forked it tells (see `Process`)."""

    def __init__(self, control: socket.socket) -> None:
        """Waits until it is there. Raises OSError when none came."""
        self._control = control
        self._pid = self._told()
        self._status: int | None = None

    def ended(self, seconds: float | None) -> int | None:
        """See `Process`. Where the one that tells has gone, this one was killed with it."""
        if self._status is None:
            self._control.settimeout(seconds)
            try:
                self._status = self._told()
            except (TimeoutError, BlockingIOError):
                return None
            except OSError:
                self._status = -signal.SIGKILL
        return self._status

    def signal(self, number: signal.Signals) -> None:
        """See `Process`. Its id is its own until `leave`."""
        for send in (os.killpg, os.kill):  # it has no group of its own in its first instant
            with contextlib.suppress(ProcessLookupError, PermissionError):
                send(self._pid, number)
                return

    def leave(self) -> None:
        """See `Process`: what it left of its group is killed."""
        with contextlib.suppress(OSError):
            self._control.sendall(b".")
            self._control.settimeout(_LEAVE_SECONDS)
            self._told()

    def _told(self) -> int:
        data = self._control.recv(forking.STATUS.size)
        if len(data) < forking.STATUS.size:
            raise OSError("it has gone")
        return int(forking.STATUS.unpack(data)[0])


@dataclass(frozen=True, slots=True)
class _Mother:
    """A process that forks, how it is confined, and the thread whose death ends it."""

    started: Started
    control: socket.socket
    limits: sandbox.Limits
    shown: Mapping[str, list[str]]
    thread: int

    def close(self) -> None:
        """End it, and what it forked with it."""
        self.control.close()
        self.started.signal(signal.SIGKILL)
        self.started.ended(None)


class Nursery:
    """The processes that fork for the operations of one module, one for each thread that asks."""

    def __init__(self, module: str, role: str) -> None:
        """`role` is the name under which `module` knows what is to be loaded."""
        self._module, self._role = module, role
        self._resting: dict[int, _Mother] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def run(
        self,
        operation: str,
        video: Path,
        request: Mapping[str, Any],
        *,
        state: bytes = b"",
        limits: sandbox.Limits,
        cancelled: Callable[[], bool] = sandbox.never,
        reads: Sequence[Path] = (),
        idle: float,
    ) -> Iterator[Iterator[Message]]:
        """The same as `sandbox.run`, in a process forked by one that stays for `idle` seconds; 0: by none."""
        forked = self._forked(operation, video, limits, reads, cancelled, idle) if idle > 0 else None
        if forked is None:
            with sandbox.run(
                self._module,
                operation,
                video,
                request,
                state=state,
                limits=limits,
                cancelled=cancelled,
                reads=reads,
            ) as messages:
                yield messages
            return
        mother, child = forked
        try:
            yield child.messages(wire.pack("request", request, state) + state)
        finally:
            child.close()
            with self._lock:
                self._resting[mother.thread] = mother

    def leave(self) -> None:
        """End what rests of the calling thread, which will not be back soon."""
        with self._lock:
            mother = self._resting.pop(threading.get_ident(), None)
        if mother is not None:
            mother.close()

    def reap(self) -> None:
        """Let go of those that ended by themselves, which otherwise stay in the list of processes."""
        with self._lock:
            gone = [thread for thread, each in self._resting.items() if each.started.ended(0) is not None]
            mothers = [self._resting.pop(thread) for thread in gone]
        for mother in mothers:
            mother.close()

    def close(self) -> None:
        """End those that rest."""
        with self._lock:
            mothers, self._resting = list(self._resting.values()), {}
        for mother in mothers:
            mother.close()

    def _forked(
        self,
        operation: str,
        video: Path,
        limits: sandbox.Limits,
        reads: Sequence[Path],
        cancelled: Callable[[], bool],
        idle: float,
    ) -> tuple[_Mother, Child] | None:
        """A process for `video`, and what forked it; None where nothing forks."""
        shown = sandbox.shown(self._module, reads, {})
        file = sandbox.open_video(video)
        try:
            for mother in self._mothers(limits, shown, idle):
                try:
                    with process.pipes() as (ours, theirs):
                        forked = _fork(
                            mother, operation, [file, theirs.request, theirs.reply, theirs.printed]
                        )
                        return mother, Child(forked, ours, operation, limits, cancelled)
                except OSError:
                    mother.close()
        finally:
            os.close(file)
        log.warning("no process forks for recordings", extra={"action": "nursery_failed"})
        return None

    def _mothers(
        self, limits: sandbox.Limits, shown: Mapping[str, list[str]], idle: float
    ) -> Iterator[_Mother]:
        """The one that rests, if it is confined in this way, and when that is of no use a new one."""
        with self._lock:
            resting = self._resting.pop(threading.get_ident(), None)
        if resting is not None and (resting.limits, resting.shown) == (limits, shown):
            yield resting
        elif resting is not None:
            resting.close()
        control, theirs = socket.socketpair()
        try:
            with theirs:
                options = process.confinement(limits, shown) | {"control": theirs.fileno(), "idle": idle}
                started = process.start([self._module, self._role], options, limits, passed=[theirs.fileno()])
        except DecoderCrashed:
            control.close()
            return
        yield _Mother(started, control, limits, shown, threading.get_ident())


def _fork(mother: _Mother, operation: str, files: list[int]) -> Forked:
    mother.control.settimeout(mother.limits.stall_seconds)
    socket.send_fds(mother.control, [operation.encode()], files)
    return Forked(mother.control)
