"""A process that is killed while pictures become reels leaves each of them as it was or as it is to be."""

import os
import subprocess
import sys

import numpy as np
import pytest

from mem import config as mem_config
from mem import folders, pictures
from mem.jobs import worker
from mem.memory import open_memory
from mem.ops import check, reels
from tests import reels as stock

_ROUND = """
from mem import config
from mem.memory import open_memory
from mem.ops import reels
import sys
settings = {"data_dir": sys.argv[1], "storage.min_free_bytes": 0, "storage.reel_after_days": 1}
with open_memory(config.load(settings, environ={})) as memory:
    reels.again(memory)
"""


@pytest.mark.parametrize("point", ["pack.rewritten", "pack.changed_over", "delete.removed", "copy.written"])
def test_a_kill_leaves_old_or_new_and_never_neither(tmp_path, point):
    settings = {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0, "storage.reel_after_days": 1}
    config = mem_config.load(settings, environ={})
    with open_memory(config) as memory:
        source = stock.source(memory)
        before = [
            stock.opened(pictures.read(memory, frame, None)[0]) for frame in stock.frames(memory, source)
        ]
    done = subprocess.run(
        [sys.executable, "-c", _ROUND, str(tmp_path / "data")],
        env=os.environ | {"MEM_FAILPOINT": f"{point}:kill"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr.decode()[-2000:]
    with open_memory(config) as memory:
        frames = stock.frames(memory, source)
        for frame, was in zip(frames, before, strict=True):
            assert np.abs(stock.opened(pictures.read(memory, frame, None)[0]) - was).mean() < 3
        with worker.running(memory, threads=0):
            pass
        assert check.check(memory, "deep").findings == ()
        assert len(list(folders.of(memory, source).glob("frames-*.tar"))) == 1
        reels.again(memory)
        assert all(frame.reel_offset is not None for frame in stock.frames(memory, source))
