"""How the libraries beneath the speech model use this machine.

The encoder takes and drops 50 MB for each of its layers. The C library hands such blocks back to the kernel
at once and gets them anew, page by page and zeroed: a quarter of all the time. A process that listens keeps
them until a recording ends, in pages of 2 MB where the kernel has them. CTranslate2 leaves AVX-512 alone,
since it slows older processors down; AMD's that have it with VNNI need a tenth less with it.
"""

import ctypes
from pathlib import Path

_TUNABLES = {
    "glibc.malloc.mmap_max": 0,  # blocks come from the heap
    "glibc.malloc.trim_threshold": 2**31 - 1,  # which does not shrink by itself
    "glibc.malloc.arena_max": 1,  # and is one: what a thread's own holds is of no use to another
    "glibc.malloc.hugetlb": 1,  # pages of 2 MB, asked for with madvise
}
_PROCESSOR = Path("/proc/cpuinfo")
_WIDE = {"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl", "avx512_vnni"}


def environment(processor: Path = _PROCESSOR) -> dict[str, str]:
    """What a process that listens is started with; a C library other than glibc passes it over."""
    found = {"GLIBC_TUNABLES": ":".join(f"{name}={value}" for name, value in _TUNABLES.items())}
    if _is_wide(processor):
        found["CT2_FORCE_CPU_ISA"] = "AVX512"
    return found


def give_back() -> None:
    """Let the kernel have the memory that was kept and is not in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _is_wide(processor: Path) -> bool:
    """Whether AVX-512 makes the processor faster."""
    try:
        first = processor.read_text().partition("\n\n")[0]
    except OSError:
        return False
    fields = {name.strip(): value for name, _, value in (line.partition(":") for line in first.splitlines())}
    has = set(fields.get("flags", "").split())
    return fields.get("vendor_id", "").strip() == "AuthenticAMD" and has >= _WIDE
