"""Bytes from a generator that has a thread of its own, a few pieces ahead of whoever reads them.

The framework would run each step in whichever thread is free; a process that a generator starts ends with
the thread that started it.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

from mem.errors import MemError

_AHEAD = 8  # pieces
_LOOK_SECONDS = 0.25  # between looks at whether anybody still reads


class _End:
    """What follows the last piece: nothing, or what went wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


async def pumped(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces. What the generator raises is raised here; it is closed when nobody reads any more."""
    waiting: queue.Queue[bytes | _End] = queue.Queue(_AHEAD)
    given_up = threading.Event()
    thread = threading.Thread(target=_pump, args=(pieces, waiting, given_up), name="export", daemon=True)
    thread.start()
    try:
        while True:
            piece = await asyncio.to_thread(_next, waiting, thread)
            if isinstance(piece, _End):
                if piece.error is not None:
                    raise piece.error
                return
            yield piece
    finally:
        given_up.set()


def _next(waiting: "queue.Queue[bytes | _End]", thread: threading.Thread) -> bytes | _End:
    while True:
        try:
            return waiting.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if not thread.is_alive() and waiting.empty():
                return _End(RuntimeError("the export ended without its end"))


def _pump(pieces: Iterator[bytes], waiting: "queue.Queue[bytes | _End]", given_up: threading.Event) -> None:
    end = _End(RuntimeError("the export ended without its end"))
    try:
        with closing(pieces):  # type: ignore[type-var]
            for piece in pieces:
                if not _put(waiting, piece, given_up):
                    return
        end = _End()
    except (MemError, OSError, RuntimeError, ValueError) as error:
        end = _End(error)
    finally:
        _put(waiting, end, given_up)


def _put(waiting: "queue.Queue[bytes | _End]", piece: bytes | _End, given_up: threading.Event) -> bool:
    while not given_up.is_set():
        try:
            waiting.put(piece, timeout=_LOOK_SECONDS)
        except queue.Full:
            continue
        return True
    return False
