"""Long pieces of work that keep a memory in order, done in the server: one at a time, told how far they are.

A backup, a check or a compaction takes longer than a request should. It is begun, and whoever wants to know
how it goes asks for it; the last few are remembered until the server ends, which waits for none of them.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from mem import types
from mem.errors import Conflict, MemError, NotFound, Stopped

log = logging.getLogger(__name__)

Tell = Callable[[float, str], None]  # share of the work, 0 to 1, and what is done now
Stopping = Callable[[], bool]  # whether to end early
Work = Callable[[Tell, Stopping], Any]
Kind = Literal["backup", "verify", "check", "compact", "model", "reels"]
_REMEMBERED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a chore failed."""

    code: str
    detail: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A piece of work, and how far it is."""

    id: int
    kind: Kind
    state: Literal["running", "done", "failed"]
    progress: float  # 0 to 1
    doing: str
    begun_at: datetime
    ended_at: datetime | None
    result: Any  # what the work gave, once it is done
    failure: Failure | None


def silently(share: float, what: str) -> None:
    """Tell nobody."""


def never() -> bool:
    """Never end early."""
    return False


class Chores:
    """Those of one server."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._known: dict[int, Chore] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False

    def begin(self, kind: Kind, work: Work) -> Chore:
        """Start it. Raises Conflict while another one runs."""
        with self._lock:
            for chore in self._known.values():
                if chore.state == "running":
                    raise Conflict(f"A {chore.kind} is under way already.", hint="Wait until it is done.")
            number = max(self._known, default=0) + 1
            chore = Chore(
                id=number, kind=kind, state="running", progress=0.0, doing="", begun_at=types.now(),
                ended_at=None, result=None, failure=None,
            )  # fmt: skip
            self._known[number] = chore
            self._known = dict(list(self._known.items())[-_REMEMBERED:])
            self._thread = threading.Thread(target=self._run, args=(number, work), name=kind, daemon=True)
            self._thread.start()
            return chore

    def get(self, number: int) -> Chore:
        """How far it is. Raises NotFound for one that is not remembered."""
        with self._lock:
            if number not in self._known:
                raise NotFound(f"There is no chore {number}.")
            return self._known[number]

    def wait(self, number: int, seconds: float) -> Chore:
        """How far it is once it has ended, or after so many seconds."""
        with self._lock:
            self._lock.wait_for(lambda: number not in self._known or self._ended(number), seconds)
        return self.get(number)

    def stop(self) -> None:
        """Let the one that runs end early, and wait for that."""
        self._stopped = True
        if self._thread is not None:
            self._thread.join()

    def _ended(self, number: int) -> bool:
        return self._known[number].state != "running"

    def _run(self, number: int, work: Work) -> None:
        def tell(share: float, what: str) -> None:
            self._change(number, progress=round(share, 4), doing=what)

        unknown = Failure(code="error", detail="It went wrong.", hint="The server's log says how.")
        ended: dict[str, Any] = {"state": "failed", "failure": unknown}
        try:
            result = work(tell, lambda: self._stopped)
            ended = {"state": "done", "progress": 1.0, "result": result, "failure": None}
        except Stopped:
            ended["failure"] = Failure(
                code="stopped", detail="The server was stopped.", hint="Begin it again."
            )
        except MemError as error:
            ended["failure"] = Failure(code=error.code, detail=error.detail, hint=error.hint)
            log.warning("chore failed", extra={"action": "chore_failed", "code": error.code})
        except OSError as error:
            ended["failure"] = Failure(code="error", detail=str(error), hint="The server's log says more.")
            log.exception("chore failed", extra={"action": "chore_failed"})
        finally:
            self._change(number, **ended, ended_at=types.now(), doing="")

    def _change(self, number: int, **facts: Any) -> None:
        with self._lock:
            if number in self._known:
                self._known[number] = replace(self._known[number], **facts)
            self._lock.notify_all()
