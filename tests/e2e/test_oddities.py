"""Every odd and hostile file through the children that decode in earnest, against what must come of it.

The files are made by `tests.oddities`, and what must come of them stands in its `outcomes`.
"""

import contextlib
import io
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from mem.capture import look
from mem.errors import MediaError, MemError
from mem.media import audio, container, sandbox
from mem.media.nursery import Nursery
from mem.memory import Memory
from mem.types import Media
from tests import looking, oddities, videos
from tests.oddities.card import CORNERS
from tests.oddities.hostile import CANARY
from tests.oddities.outcomes import EXPECTED, UNSAFE, Taken
from tests.processes import children, descriptors, left_open

LIMITS = sandbox.Limits(memory=3 * 2**29, stall_seconds=20, wall_seconds=60)
PROBE = {"max_pixels": 33_177_600, "max_streams": 64, "max_duration_ms": 10**9}
LISTEN: dict[str, Any] = {
    "model_path": "/nowhere",
    "model_name": "none",
    "device": "cpu",
    "compute_type": "int8",
    "threads": 1,
    "language": None,
    "stretch_ms": 300_000,
    "resume": None,
}
FOREIGN = sorted(
    {name for name, what in EXPECTED.items() if what == UNSAFE}
    | {"data_reference.mov", "data_alias.mov", "reference_movie.mov", "hls_utf16.mp4", "hls_nul.mp4"}
    | {"concat_nul.mp4", "subfile.mp4", "lavfi.mp4", "avisynth.avi", "pattern_%03d.mp4"}
    | {"http_reference.mov", "fonts.webm", "three_in_one.mp4", "grid.avif.mp4", "index_of_itself.mkv"}
)


EYE = Nursery("mem.capture.child", "eye")  # of the limits above; the other of those that are configured
PROBING = Nursery("mem.capture.child", "eye")


@pytest.fixture(scope="module", autouse=True)
def eye(tmp_path_factory):
    """What forks for the files ends with them."""
    with contextlib.closing(EYE), contextlib.closing(PROBING):
        yield


def test_every_file_has_its_outcome():
    assert set(EXPECTED) == set(oddities.MAKERS)
    assert len(EXPECTED) >= 60


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, config):
    """No process, no descriptor and no file beside the input stays behind."""
    first = videos.write(tmp_path / "first.mp4", [(0, videos.flat((9, 9, 9)))])
    probe(first, config)  # what forks is there from here on
    list(run("probe", first, PROBE).messages)
    first.unlink()
    opened, own = descriptors(), children()
    yield
    assert not left_open(opened)
    assert children() <= own
    assert len([file for file in tmp_path.iterdir() if file.name != CANARY]) <= 1


@pytest.mark.parametrize("name", oddities.MAKERS)
def test_an_odd_file_gives_what_it_should(tmp_path, config, name):
    file, wanted = tmp_path / name, EXPECTED[name]
    oddities.MAKERS[name](file)
    for other in tmp_path.iterdir():
        if other != file:
            other.unlink()
    before = file.read_bytes()
    if isinstance(wanted, str):
        assert refusal(file, config) == wanted
    else:
        check(file, probe(file, config), wanted)
    assert file.read_bytes() == before


def probe(file: Path, config: Any) -> Media:
    return look.probe(cast("Memory", SimpleNamespace(config=config, eye=PROBING)), file, sandbox.never)


def refusal(file: Path, config: Any) -> str:
    with pytest.raises(MemError) as caught:
        probe(file, config)
    assert isinstance(caught.value, MediaError)
    return caught.value.code


def run(operation: str, file: Path, request: dict[str, Any]) -> looking.Seen:
    with EYE.run(operation, file, request, limits=LIMITS, idle=60) as messages:
        return looking.Seen(list(messages))


def check(file: Path, media: Media, wanted: Taken) -> None:
    partial = False
    if media.video is None:
        assert wanted.sizes == ()
    else:
        seen = run("see", file, {**looking.REQUEST, "every_ms": wanted.every})
        check_pictures(seen, media, wanted)
        partial = seen.end["partial"]
    if media.audio is not None and (media.video is None or wanted.partial):  # else `burst_ms` listens
        heard = run("hear", file, LISTEN)
        partial = partial or heard.end["partial"]
        if media.video is None and wanted.ends is not None:
            assert abs(heard.end["duration_ms"] - wanted.ends) <= 200
    if wanted.burst is not None:
        assert abs(burst_ms(file) - wanted.burst) <= 20
    assert partial == wanted.partial


def check_pictures(seen: looking.Seen, media: Media, wanted: Taken) -> None:
    frames, end = seen.of("frame"), seen.end["duration_ms"]
    if wanted.changes is not None:
        assert len(seen.offsets) == len(wanted.changes), seen.offsets
        assert all(abs(a - b) <= wanted.within for a, b in zip(seen.offsets, wanted.changes, strict=True))
    if frames:
        assert {(f.fields["width"], f.fields["height"]) for f in frames} == set(wanted.sizes)
        assert media.video is not None
        assert (media.video.width, media.video.height) in wanted.sizes
        assert [span[1] for span in seen.spans] == [0, *(span[2] for span in seen.spans[:-1])]
        assert seen.spans[-1][2] == end
    if wanted.ends is None:
        assert end <= 3200
    else:
        assert abs(end - wanted.ends) <= min(200, wanted.within + 100)
    for frame in frames if wanted.colours or wanted.hues else ():
        with Image.open(io.BytesIO(frame.body[: frame.fields["image"]])) as image:
            for place, colour in CORNERS.items():
                seen_there = looking.colour(image, *place)
                assert not wanted.colours or looking.near(seen_there, colour, wanted.colours)
                assert seen_there.index(max(seen_there)) == colour.index(max(colour))


def burst_ms(file: Path) -> int:
    """Where the tone begins in the signal that speech is looked for in."""
    with looking.descriptor(file) as fd, container.open_container(fd) as opened:
        stream = audio.find(opened)
        assert stream is not None
        for piece in audio.sound(opened, stream, audio.Faults()):
            loud = np.flatnonzero(np.abs(piece.samples) > 0.2)
            if len(loud):
                return (piece.start + int(loud[0])) // audio.PER_MS
    pytest.fail("no tone")


TRACED = """
import sys
from pathlib import Path
from mem.errors import MemError
from mem.media import sandbox
from tests.e2e.test_oddities import LIMITS, LISTEN, PROBE
from tests.looking import REQUEST
for file in map(Path, sys.argv[1:]):
    for operation, request in (("probe", PROBE), ("see", REQUEST), ("hear", LISTEN)):
        try:
            with sandbox.run("mem.capture.child", operation, file, request, limits=LIMITS) as messages:
                list(messages)
        except MemError:
            break
print("done")
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_other_file_and_no_socket_is_touched(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    videos.write(folder / CANARY, [(0, videos.flat((0, 255, 255)))])
    files = [folder / name for name in FOREIGN]
    for file in files:
        oddities.MAKERS[file.name](file)
    log = folder / "calls"
    calls = "trace=open,openat,openat2,socket,connect,sendto"
    done = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-e", calls, "-o", log, sys.executable, "-c", TRACED, *files],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240,
    )
    if "ptrace" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.stdout == "done\n", done.stderr[-2000:]
    lines = log.read_text(errors="replace").splitlines()
    assert any(str(files[0]) in line for line in lines)
    assert not [line for line in lines if CANARY in line]
    assert not [line for line in lines if "socket(" in line or "connect(" in line or "sendto(" in line]
    shutil.rmtree(folder)
