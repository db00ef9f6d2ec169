import platform
import subprocess
import sys

import pytest

from mem.speech import native

FLAGS = "fpu avx2 avx512f avx512cd avx512dq avx512bw avx512vl avx512_vnni"
HEAP = """
import ctypes, sys
from mem.speech import native

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 // 2**20

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
before = resident()
first, last = libc.malloc(ctypes.c_size_t(64 * 2**20)), libc.malloc(ctypes.c_size_t(2**20))
for block, size in ((first, 64 * 2**20), (last, 2**20)):
    ctypes.memset(ctypes.c_void_p(block), 1, size)
libc.free(ctypes.c_void_p(first))
kept = resident() - before
native.give_back()
print(kept, resident() - before)
"""


def heap(environment):
    done = subprocess.run(
        [sys.executable, "-c", HEAP],
        env={"PYTHONPATH": ":".join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    kept, left = map(int, done.stdout.split())
    return kept, left


glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library manages its heap in its own way"
)


@glibc
def test_memory_is_kept_until_it_is_given_back():
    kept, left = heap(native.environment())
    assert kept >= 60
    assert left < 10


@glibc
def test_without_that_it_is_gone_at_once():
    assert heap({})[0] < 10


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        (f"vendor_id\t: AuthenticAMD\nflags\t\t: {FLAGS}\n\nvendor_id\t: AuthenticAMD\n", True),
        (f"vendor_id\t: GenuineIntel\nflags\t\t: {FLAGS}\n", False),
        ("vendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2 avx512f\n", False),
        ("Processor\t: ARMv8\nFeatures\t: fp asimd\n", False),
        ("", False),
    ],
)
def test_wide_instructions_are_asked_for_where_they_help(tmp_path, text, wide):
    processor = tmp_path / "cpuinfo"
    processor.write_text(text)
    assert ("CT2_FORCE_CPU_ISA" in native.environment(processor)) is wide


def test_a_machine_that_does_not_tell_its_processor_gets_none(tmp_path):
    assert "CT2_FORCE_CPU_ISA" not in native.environment(tmp_path / "none")
