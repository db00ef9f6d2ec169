"""Writing what is long past the system's cache, where the file system can.

It takes a fourth of the processor time, and leaves the cache to what is in use. The disk wants aligned
blocks from aligned memory, so what is written is copied once.
"""

import contextlib
import errno
import fcntl
import mmap
import os
from collections.abc import Sequence

ALIGNED = 4096  # bytes; a multiple of what every disk asks for
_BUFFER = 2**20
_FLAG = getattr(os, "O_DIRECT", 0)


class Direct:
    """The way past the cache into one file, at the place where its descriptor stands."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._on = False
        self._able = _FLAG != 0
        self._buffer: mmap.mmap | None = None

    def write(self, chunks: Sequence[bytes | bytearray | memoryview]) -> bool:
        """Write all of the chunks, whole blocks to a whole block; False when the file system cannot.

        Raises OSError; how much was written then is not known.
        """
        if not self._able:
            return False
        self._buffer = self._buffer or mmap.mmap(-1, _BUFFER)
        begin = os.lseek(self._fd, 0, os.SEEK_CUR)
        try:
            self._switch(on=True)
            self._pour(chunks, self._buffer)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
            self._able = False
            self.stop()
            os.lseek(self._fd, begin, os.SEEK_SET)
            return False
        return True

    def stop(self) -> None:
        """Have what follows written by way of the cache."""
        with contextlib.suppress(OSError):  # a file system that knows but one way is in it
            self._switch(on=False)

    def _switch(self, *, on: bool) -> None:
        if self._on != on:
            flags = fcntl.fcntl(self._fd, fcntl.F_GETFL)
            fcntl.fcntl(self._fd, fcntl.F_SETFL, flags | _FLAG if on else flags & ~_FLAG)
            self._on = on

    def _pour(self, chunks: Sequence[bytes | bytearray | memoryview], buffer: mmap.mmap) -> None:
        filled = 0
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                taken = min(len(rest), _BUFFER - filled)
                buffer[filled : filled + taken] = rest[:taken]
                rest, filled = rest[taken:], filled + taken
                if filled == _BUFFER:
                    self._drain(buffer, filled)
                    filled = 0
        self._drain(buffer, filled)

    def _drain(self, buffer: mmap.mmap, filled: int) -> None:
        with memoryview(buffer) as whole:
            written = 0
            while written < filled:
                written += os.write(self._fd, whole[written:filled])
