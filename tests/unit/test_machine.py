"""What a process may use, under both forms of cgroups."""

from pathlib import Path

import pytest

from mem import machine
from mem.config import load, sections

MEMINFO = "MemTotal:       24000000 kB\nMemFree: 1 kB\n"


class Tree:
    """A /proc and a /sys/fs/cgroup of files."""

    def __init__(self, folder: Path) -> None:
        self.groups, self.proc = folder / "cgroup", folder / "proc"
        self.write(self.proc / "meminfo", MEMINFO)

    def write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def memory(self) -> int:
        return machine.memory_bytes(self.groups, self.proc)

    def processors(self) -> int:
        return machine.processors(self.groups, self.proc)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_without_a_cgroup_the_machine_counts(tree):
    assert tree.memory() == 24_000_000 * 1024
    assert tree.processors() >= 1


def test_version_2_bounds_memory_and_processors(tree):
    tree.write(tree.proc / "self/cgroup", "0::/system.slice/mem-api.service\n")
    tree.write(tree.groups / "system.slice/mem-api.service/memory.max", "2147483648\n")
    tree.write(tree.groups / "system.slice/mem-api.service/cpu.max", "50000 100000\n")
    assert tree.memory() == 2**31
    assert tree.processors() == 1


def test_the_group_above_holds_too(tree):
    tree.write(tree.proc / "self/cgroup", "0::/box/inner\n")
    tree.write(tree.groups / "box/inner/memory.max", "max\n")
    tree.write(tree.groups / "box/memory.max", "1073741824\n")
    assert tree.memory() == 2**30


def test_version_1_bounds_memory_and_processors(tree):
    tree.write(tree.proc / "self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n")
    tree.write(tree.groups / "memory/docker/abc/memory.limit_in_bytes", "536870912\n")
    tree.write(tree.groups / "memory/memory.limit_in_bytes", "9223372036854771712\n")
    tree.write(tree.groups / "cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "100000\n")
    tree.write(tree.groups / "cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n")
    assert tree.memory() == 2**29
    assert tree.processors() == 1


def test_inside_a_container_the_own_group_is_the_root(tree):
    tree.write(tree.proc / "self/cgroup", "0::/\n")
    tree.write(tree.groups / "memory.max", "3221225472\n")
    assert tree.memory() == 3 * 2**30


def test_version_1_without_a_bound_is_the_machine(tree):
    tree.write(tree.proc / "self/cgroup", "4:memory:/\n3:cpu:/\n")
    tree.write(tree.groups / "memory/memory.limit_in_bytes", "9223372036854771712\n")
    tree.write(tree.groups / "cpu/cpu.cfs_quota_us", "-1\n")
    tree.write(tree.groups / "cpu/cpu.cfs_period_us", "100000\n")
    assert tree.memory() == 24_000_000 * 1024


@pytest.mark.parametrize(
    ("available", "wanted"), [(64 * 2**30, 2 * 2**30), (2 * 2**30, 2**29), (2**29, 2**28)]
)
def test_the_database_takes_a_quarter_within_bounds(monkeypatch, available, wanted):
    monkeypatch.setattr(machine, "memory_bytes", lambda: available)
    monkeypatch.setattr(machine, "processors", lambda: 3)
    database = sections.DatabaseConfig()
    assert (database.memory_limit, database.threads) == (wanted, 3)
    assert sections.WhisperConfig(threads="auto").threads == 1


def test_a_bound_that_was_set_holds():
    environ = {"MEM_DATABASE__MEMORY_LIMIT": "512MiB", "MEM_DATABASE__THREADS": "1"}
    config = load({}, environ=environ)
    assert (config.database.memory_limit, config.database.threads) == (2**29, 1)


def test_the_memory_of_a_process_is_known():
    import os

    assert machine.resident(os.getpid()) > 2**20
    assert machine.resident(2**30) == 0
