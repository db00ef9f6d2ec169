"""The free space that uploads under way have still to fill, so that two never count on the same bytes."""

import contextlib
import threading
from collections.abc import Iterator

from mem import folders
from mem.memory import Memory


class Claim:
    """What one upload has still to fill."""

    def __init__(self, room: "Room") -> None:
        self.left = 0  # bytes
        self._room = room

    def ask(self, size: int) -> None:
        """Claim `size` bytes. Raises DiskFull when they are not free or claimed by others."""
        self._room.grant(self, size)

    def use(self, size: int) -> None:
        """Say that `size` bytes are about to be written. Raises DiskFull when they no longer fit."""
        folders.guard_space(self._room.memory, size)
        self.left = max(0, self.left - size)


class Room:
    """The claims of the uploads that this process receives."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._claims: set[Claim] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def claim(self) -> Iterator[Claim]:
        """A claim of nothing yet, given up at the end of the block."""
        claim = Claim(self)
        with self._lock:
            self._claims.add(claim)
        try:
            yield claim
        finally:
            with self._lock:
                self._claims.discard(claim)

    def grant(self, claim: Claim, size: int) -> None:
        """Let `claim` hold `size` bytes. Raises DiskFull."""
        with self._lock:
            others = sum(other.left for other in self._claims if other is not claim)
            folders.guard_space(self.memory, size + others)
            claim.left = size
