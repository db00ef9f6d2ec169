"""No file but those that are named: Linux's Landlock, asked for by system calls alone.

Only the standard library may be imported here; see `confined`. What is open already stays open: the
recording is.
"""

import contextlib
import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every machine
_VERSION = 1  # flag: only say which version the kernel has
_BENEATH = 1  # kind of rule

_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_MAKE = 1 << 6  # a device, which nobody here may make in any case
_FIRST = (1 << 13) - 1  # rights of version 1
_SINCE = {2: 1 << 13, 3: _TRUNCATE}  # rights by the version that added them
_NETWORK = 3  # to bind and to connect by TCP, since version 4
_SCOPE = 3  # sockets without a path, and signals, since version 6
_O_PATH = getattr(os, "O_PATH", 0)


def version() -> int:
    """Which version the kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(
        0, int(ctypes.CDLL(None).syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))
    )


def restrict(read: Iterable[str], listed: Iterable[str] = (), written: Iterable[str] = ()) -> bool:
    """Let this process read (and run) nothing but what lies at or beneath `read`; whether that holds.

    Of the folders `listed` only names are to be seen; `written` are devices. What does not exist is left out.
    The process must have given up new privileges before.
    """
    rules = _rules(_FIRST)
    if rules < 0:
        return False
    libc = ctypes.CDLL(None)
    try:
        for paths, rights in ((read, _EXECUTE | _READ | _LIST), (listed, _LIST), (written, _READ | _WRITE)):
            for path in paths:
                _allow(libc, rules, path, rights)
        return bool(libc.syscall(_RESTRICT, rules, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(rules)


def enclose() -> bool:
    """Put this process into a domain of its own: it reaches no process outside; what it may open stays.

    A process made by a fork may otherwise trace and signal the one that made it. Whether that holds; before
    version 6 of Landlock signals still get through.
    """
    rules = _rules(_MAKE)
    if rules < 0:
        return False
    try:
        return bool(ctypes.CDLL(None).syscall(_RESTRICT, rules, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(rules)


def _rules(handled: int) -> int:
    """The descriptor of a set without a rule; below 0 where the kernel has none."""
    found = version()
    if not found:
        return -1
    if handled == _FIRST:
        handled |= sum(right for since, right in _SINCE.items() if found >= since)
    asked = struct.pack("=Q", handled)
    asked += struct.pack("=Q", _NETWORK) if found >= 4 else b""
    asked += struct.pack("=Q", _SCOPE) if found >= 6 else b""
    return int(ctypes.CDLL(None).syscall(_CREATE, asked, ctypes.c_size_t(len(asked)), ctypes.c_uint32(0)))


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """One rule; where it cannot be made, that path stays shut."""
    with contextlib.suppress(OSError, ValueError):
        fd = os.open(path, _O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(fd).st_mode):
                rights &= ~_LIST
            rule = struct.pack("=Qi", rights, fd)
            libc.syscall(_ADD, rules, ctypes.c_int(_BENEATH), rule, ctypes.c_uint32(0))
        finally:
            os.close(fd)
