"""The child side of the sandbox: give up power, read the request, answer with messages.

`sandbox.run` starts a module whose last lines call `serve`. Only the standard library may be
imported before that: native code that was loaded earlier would have run without limits, and a user
namespace can only be entered while the process has one thread.
"""

import ctypes
import errno
import faulthandler
import json
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from mem.errors import DecoderOutOfMemory, MemError
from mem.media import forking, landlock, seccomp, wire
from mem.media.wire import Message

Operation = Callable[[dict[str, Any], bytes], Iterable[Message]]

OUT_OF_MEMORY_STATUS = 71  # exit status when not even the error could be told

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_NO_NEW_PRIVS = 1, 4, 15, 38
_CAPABILITY_VERSION, _CAP_DAC_READ_SEARCH = 0x20080522, 2
_SIGKILL = 9
_PLUMBING = ("request", "reply", "more", "control", "idle")  # of the options: descriptors, how long to wait
_FILES = 256  # open files at once
# What the libraries look up about the machine, and what they are linked with; nothing of the owner's.
_MACHINE = (
    "/usr", "/lib", "/lib64", "/nix/store", "/sys", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
    "/proc/stat", "/proc/devices", "/proc/driver/nvidia", "/proc/sys/vm", "/proc/sys/kernel",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone",
)  # fmt: skip
_DEVICES = (
    "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/dxg", "/dev/nvidiactl",
    "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset", "/dev/nvidia-caps",
    *(f"/dev/nvidia{n}" for n in range(16)),
)  # fmt: skip


def confine(
    memory: int, parent: int, niceness: int, *, read: Sequence[str] = (), listed: Sequence[str] = ()
) -> dict[str, bool]:
    """Give up what decoding does not need; returns what is in force, by name.

    `read` are the files and folders that hold code and models, `listed` folders of which only the names
    within are needed to find code; no other file can be opened where the kernel has Landlock.

    `memory` is in bytes. It bounds what the process may write to privately (RLIMIT_DATA): the
    address space (RLIMIT_AS) counts reservations as well, of which CUDA and the allocators of
    machines with many cores make many times what they use.
    """
    os.nice(niceness)
    alone = _unshare()  # this and the next come before the death signal, which they may clear
    in_force = {
        "no_capabilities": _drop_capabilities(),
        "no_new_privileges": _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "no_other_files": landlock.restrict([*_MACHINE, *read], listed, _DEVICES),
        "few_system_calls": seccomp.restrict(),
        "memory_limit": _limit(resource.RLIMIT_DATA, memory),
        "no_file_writes": _limit(resource.RLIMIT_FSIZE, 0),
        "no_core_dumps": _limit(resource.RLIMIT_CORE, 0),
        "file_limit": _limit(resource.RLIMIT_NOFILE, _FILES),
        "dies_with_parent": _tied(parent),
    }
    return {"no_network": alone or in_force["few_system_calls"], **in_force}


def serve(operations: Mapping[str, Operation], loads: Mapping[str, Callable[[], None]] | None = None) -> None:
    """Answer the one request this process was started for, then end it.

    With `more`, a socket that recordings come through, it waits `idle` seconds for the next one. With
    `control`, another such socket, it loads what its name in `loads` says and answers each request in a
    process that it forks (see `forking`).

    An operation gets the request's fields and its state bytes, and yields messages; a plain "end"
    follows unless it yields its own. A MemError that it raises is told to the parent by its code.
    """
    operation, options = sys.argv[1], json.loads(sys.argv[2])
    in_force = confine(**{name: value for name, value in options.items() if name not in _PLUMBING})
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    answers = {**operations, "strength": lambda *_: iter([Message("strength", in_force)])}
    if "control" in options:
        (loads or {}).get(operation, _nothing)()
        _prctl(_PR_SET_DUMPABLE, 0)  # what it forks can look into no memory but its own
        operation, asked, told = forking.recording(options["control"], options["idle"], _tied)
        _call_it(operation)
    else:
        asked, told = options["request"], options["reply"]
    more = socket.socket(fileno=options["more"]) if "more" in options else None
    with os.fdopen(asked, "rb") as file, os.fdopen(told, "wb") as reply:
        request = wire.receive(file)
        while request is not None:  # the parent may change its mind
            try:
                _answer(answers[operation], request, reply)
            except BrokenPipeError:
                os._exit(0)  # nobody listens any more
            except MemoryError:
                os._exit(OUT_OF_MEMORY_STATUS)
            waits = more is not None and _next(more, options["idle"])
            request = wire.receive(file) if waits else None
    sys.stderr.flush()
    os._exit(0)  # no native destructor gets the chance to crash after the work is done


def _nothing() -> None:
    """What there is to load for most."""


def _next(more: socket.socket, idle: float) -> bool:
    """Whether another recording came within `idle` seconds; it is the standard input then."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the last one is not held open
    more.settimeout(idle)
    try:
        _, files, _, _ = socket.recv_fds(more, 1, 1)
        if not files:
            return False
        os.dup2(files[0], 0)
        os.close(files[0])
        more.sendall(b"!")
    except OSError:  # nothing came in time, or the parent is gone
        return False
    return True


def _answer(operation: Operation, request: Message, reply: BinaryIO) -> None:
    error = None
    try:
        ended = False
        for message in operation(request.fields, request.body):
            wire.send(reply, message.kind, message.fields, message.body)
            ended = message.kind == "end"
        if not ended:
            wire.send(reply, "end", {})
    except MemError as raised:
        error = {"code": raised.code, "detail": raised.detail, "hint": raised.hint}
    except BrokenPipeError:
        raise
    except (MemoryError, OSError) as raised:
        if isinstance(raised, OSError) and raised.errno != errno.ENOMEM:
            raise
        error = {"code": DecoderOutOfMemory.code}
    if error is not None:  # out of the handler, so that what the failed work held is free again
        wire.send(reply, "error", error)


def _tied(parent: int) -> bool:
    """Die with the parent, at once where it has died already; whether that holds."""
    asked = _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    return asked


def _call_it(operation: str) -> None:
    """Give this process a name of its own in the list of processes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, operation.encode())


def _limit(what: int, value: int) -> bool:
    _, most = resource.getrlimit(what)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    try:
        resource.setrlimit(what, (value, value))
    except (ValueError, OSError):
        return False
    return True


def _unshare() -> bool:
    """Leave the network behind: as root at once, else where the kernel lets an ordinary user do so.

    In a namespace of its own root could no longer read what belongs to others, such as a model or
    the whole installation in somebody's home.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def _drop_capabilities() -> bool:
    """Give up root's powers, those over the new namespace included, except to read any file."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)  # of this process
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same for 32 to 63
    if libc.capget(header, held) != 0:
        return False
    kept = held[1] & 1 << _CAP_DAC_READ_SEARCH
    return bool(libc.capset(header, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)) == 0)


def _prctl(what: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    rest = [ctypes.c_ulong(0)] * 3
    return bool(ctypes.CDLL(None).prctl(what, ctypes.c_ulong(value), *rest) == 0)


if __name__ == "__main__":
    serve({})  # only "strength", which every child answers
