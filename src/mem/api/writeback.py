"""Having the kernel write to the disk what was handed to it while more comes: syncing then finds little left.

Python has no call for it; where the C library has none, syncing takes longer and nothing else changes.
"""

import ctypes
import sys

_WRITE = 2  # SYNC_FILE_RANGE_WRITE: begin, and do not wait


def begin(fd: int) -> None:
    """Begin to write what of the file is not on the disk; whether it gets there only syncing tells."""
    if _call is not None:
        _call(fd, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(_WRITE))  # 0 bytes: to the end


_call = getattr(ctypes.CDLL(None), "sync_file_range", None) if sys.platform == "linux" else None
