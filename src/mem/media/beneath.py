"""Opening a file without following any link, so that nobody swaps it for another on the way.

A path is looked up once, by openat2 where the kernel has it, else folder by folder; both refuse a link
in any part of it. So a path that was found to lie beneath a folder still does when it is opened.
"""

import ctypes
import errno
import os
import stat
import struct
import sys
from pathlib import Path

_OPENAT2 = 437  # the same number on every machine
_NO_MAGIC_LINKS, _NO_LINKS, _BENEATH = 0x02, 0x04, 0x08
_AT_CWD = -100
# A pipe or a device under a file's name neither blocks nor becomes the controlling terminal.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_NOT_THERE = (errno.ENOSYS, errno.EPERM, errno.EINVAL)  # EPERM: a container's filter that does not know it


def open_file(path: Path, root: Path | None = None) -> int:
    """A descriptor of the file at an absolute path, to read; with `root` only where it lies beneath that.

    Raises OSError: ELOOP for a link anywhere in it, EXDEV for what does not lie beneath `root`.
    """
    if root is None:
        return _opened(_AT_CWD, str(path), _NO_MAGIC_LINKS | _NO_LINKS)
    if not path.is_relative_to(root) or ".." in path.parts:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(path))
    folder = os.open(root, _FOLDER)
    try:
        return _opened(folder, str(path.relative_to(root)), _BENEATH | _NO_MAGIC_LINKS | _NO_LINKS)
    finally:
        os.close(folder)


def open_regular(path: Path, root: Path | None = None) -> int:
    """The same of a regular file alone, blocking as usual. Raises OSError: EINVAL for anything else."""
    fd = open_file(path, root)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    os.set_blocking(fd, True)
    return fd


def _opened(folder: int, path: str, resolve: int) -> int:
    if "\0" in path:
        raise OSError(errno.EINVAL, "a name cannot hold NUL", path)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        how = struct.pack("=QQQ", _FLAGS, 0, resolve)
        fd = int(libc.syscall(_OPENAT2, folder, os.fsencode(path), how, ctypes.c_size_t(len(how))))
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number not in _NOT_THERE:
            raise OSError(number, os.strerror(number), path)
    return walked(folder, path)


def walked(folder: int, path: str) -> int:
    """The same where there is no openat2: each folder is opened beneath the one before, and no link is."""
    *parents, name = [part for part in Path(path).parts if part != "/"] or ["."]
    if ".." in (*parents, name):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    here = os.open("/", _FOLDER) if path.startswith("/") else os.dup(folder) if folder >= 0 else None
    try:
        for parent in parents:
            below = os.open(parent, _FOLDER, dir_fd=here)
            if here is not None:
                os.close(here)
            here = below
        return os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=here)
    finally:
        if here is not None:
            os.close(here)
