"""A recording that was opened before it is answered with, so that nobody swaps it for another on the way."""

import os
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from mem.errors import NotFound
from mem.media import beneath
from mem.memory import Memory


class Opened(FileResponse):
    """An open file, whole or by range; it is closed with the answer."""

    def __init__(self, fd: int, media_type: str) -> None:
        headers = {"cache-control": "private, no-cache"}
        super().__init__(f"/dev/fd/{fd}", headers=headers, media_type=media_type, stat_result=os.fstat(fd))
        self._fd = fd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and close."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._fd)


def answer(memory: Memory, file: Path, media_type: str) -> Opened:
    """The recording at `file`. Raises NotFound where it is none any more, or a link stands in its path.

    What was captured lies where others may write; what Mem itself keeps does not.
    """
    try:
        if file.is_relative_to(memory.folder):
            fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        else:
            fd = beneath.open_regular(file)
    except OSError:
        raise NotFound("The recording is not here any more; its frames and words are.") from None
    return Opened(fd, media_type)
