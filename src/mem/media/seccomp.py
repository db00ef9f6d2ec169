"""No system call that decoding does not need: a filter in the kernel, asked for without any library.

Only the standard library may be imported here; see `confined`. The calls that are refused make sockets
(also by way of io_uring), reach into other processes, open files past the rights on paths, mount, or
load code into the kernel; they fail with EPERM.
"""

import ctypes
import errno
import platform
import struct
import sys

_PR_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # of the kernel's packet filter
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in what the filter sees
_X32 = 0x40000000  # numbers from here on are of the other set of calls on x86-64

# io_uring, mounting by the newer calls, a descriptor of another process, process_madvise, mount_setattr
_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442)
# socket; ptrace, process_vm_readv and writev; open_by_handle_at; unshare, setns; mount, umount2, pivot_root,
# chroot; bpf, perf_event_open, userfaultfd; add_key, request_key, keyctl; kexec (2), modules (3); reboot,
# swapon, acct, settimeofday
_REFUSED = {
    "x86_64": (
        0xC000003E,
        (
            41, 101, 310, 311, 304, 272, 308, 165, 166, 155, 161, 321, 298, 323, 248, 249, 250, 246, 320, 175,
            313, 176, 169, 167, 163, 164,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            198, 117, 270, 271, 265, 97, 268, 40, 39, 41, 51, 280, 241, 282, 217, 218, 219, 104, 294, 105,
            273, 106, 142, 224, 89, 170,
        ),
    ),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def restrict() -> bool:
    """Refuse those calls from here on, in whatever this process starts too; whether that holds.

    The process must have given up new privileges before.
    """
    if sys.platform != "linux" or platform.machine() not in _REFUSED:
        return False
    code = _code(*_REFUSED[platform.machine()])
    steps = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(steps))
    rest = (ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0))
    return bool(ctypes.CDLL(None).prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), *rest) == 0)


def _code(architecture: int, calls: tuple[int, ...]) -> bytes:
    """The filter: another architecture is the end, a call of the list is refused, all else goes on."""
    refused = sorted({*calls, *_EVERYWHERE})
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, len(refused) + 1, 0, _X32),
    ]
    # From each comparison the refusal lies behind those that follow and the leave to go on.
    steps += [(_EQUAL, len(refused) - at, 0, call) for at, call in enumerate(refused)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
