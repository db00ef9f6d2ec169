"""How the server ends when a library aborts the process under it.

DuckDB does: a commit that finds the disk full, because another program took the room in between, is undone,
and where that fails too it throws where nothing may be thrown. What was committed is whole; only a new
process can go on with it. So the status is that of a database that must be opened anew, and the log says
why, as for one that reports its failure.
"""

import ctypes
import os
import signal

from mem.errors import DatabaseFailed

_WORDS = b"mem: a library aborted the process, most likely because the disk is full; start it anew\n"


def _say_and_end(_: int) -> None:
    os.write(2, _WORDS)
    os._exit(DatabaseFailed.exit_status)


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_int)(_say_and_end)  # kept for as long as the process lives


def install() -> None:
    """End with DatabaseFailed's exit status where the process would be aborted.

    Not with `signal.signal`: its handlers run when the aborted call returns, which it never does.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, type(_HANDLER)], ctypes.c_void_p
    libc.signal(signal.SIGABRT, _HANDLER)
