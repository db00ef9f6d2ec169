"""Which recordings have files that are to go to a bucket, and what kept them from it."""

import threading
from collections.abc import Callable


class Waiting:
    """The numbers of sources; whoever changes files adds them, one thread takes them off."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._numbers: set[int] = set()
        self.trouble: str | None = None  # why the last try did not succeed

    def __len__(self) -> int:
        """How many wait."""
        return len(self._numbers)

    def add(self, *source_ids: int) -> None:
        """Let these be looked at."""
        with self._condition:
            self._numbers.update(source_ids)
            self._condition.notify_all()

    def take(self) -> list[int]:
        """All that wait, the oldest first; they do not wait any more."""
        with self._condition:
            taken = sorted(self._numbers)
            self._numbers.clear()
            return taken

    def wait(self, seconds: float, ended: Callable[[], bool]) -> None:
        """Until something waits or it has ended, so many seconds at most; `wake` makes it look."""
        with self._condition:
            self._condition.wait_for(lambda: bool(self._numbers) or ended(), seconds)

    def wake(self) -> None:
        """Let `wait` look whether it has ended."""
        with self._condition:
            self._condition.notify_all()
