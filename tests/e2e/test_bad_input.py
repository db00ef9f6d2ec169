"""What a person gets who gives Mem something that it cannot take in, or can take in only partly."""

import os
import shutil
import time
from pathlib import Path

import pytest

from mem.capture import submit
from mem.errors import NotFound, Unreadable
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import frames, jobs, sources, texts
from mem.types import ENDED_JOB_STATES
from tests import recordings, videos


@pytest.fixture
def memory(config):
    """An open memory with its worker at work."""
    with open_memory(config) as memory, worker.running(memory):
        yield memory


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A short recording with three scenes and a tone."""
    file = tmp_path_factory.mktemp("good") / "good.mp4"
    return videos.write(file, videos.scenes([0, 6_000, 12_000], 18), sound=videos.tone(18))


def capture(memory, path):
    """The job once it has ended."""
    job = submit.submit(memory, path)
    limit = time.monotonic() + 60
    seen = 0
    while job.state not in ENDED_JOB_STATES:
        assert time.monotonic() < limit, job
        seen = memory.bell.wait(seen, 0.5)
        job = jobs.get(memory.db, job.id)
    return job


def left_over(memory) -> set[str]:
    """Files below the data directory that hold anything of a recording."""
    kept = {memory.folder / name for name in ("index", "models", ".lock")}
    return {
        file.name
        for file in memory.folder.rglob("*")
        if file.is_file() and not any(file.is_relative_to(k) for k in kept) and "mem.duckdb" not in file.name
    }


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.mp4", b"", "empty_file"),
        ("text.mp4", b"Dear diary, this is no video.\n" * 50, "not_media"),
        ("noise.mkv", os.urandom(50_000), "not_media"),
        ("playlist.mp4", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n", "unsafe_media"),
        ("script.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "unsafe_media"),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(memory, tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    job = capture(memory, tmp_path / name)
    assert (job.state, job.error_code) == ("failed", code)
    assert job.attempt == 1, "what cannot pass is not tried again"
    assert len(job.error_detail.splitlines()) == 1
    assert sources.counts(memory.db) == {}
    assert left_over(memory) == set()


def test_a_recording_cut_off_before_its_index_is_said_to_be_cut_off(memory, good, tmp_path):
    job = capture(memory, videos.cut(good, tmp_path / "cut.mp4", 0.6))
    assert (job.state, job.error_code) == ("failed", "cut_off")


def test_of_a_file_cut_off_in_the_middle_what_can_be_read_is_kept(memory, tmp_path):
    whole = videos.write(tmp_path / "whole.mkv", videos.scenes([0, 6_000, 12_000], 18), sound=videos.tone(18))
    job = capture(memory, videos.cut(whole, tmp_path / "cut.mkv", 0.6))
    assert job.state == "partial"
    assert job.error_detail
    assert sources.get(memory.db, job.source_id).state == "partial"
    assert frames.stats(memory.db).frames >= 1


def test_sound_alone_is_fine(memory, tmp_path):
    job = capture(
        memory, videos.write(tmp_path / "memo.m4a", sound=recordings.speech()[:120_000], rate=24_000)
    )
    assert job.state == "done"
    assert job.result["frames"] == 0
    assert "invoice" in " ".join(s.text for s in texts.of_source(memory.db, job.source_id)).lower()


def test_a_picture_alone_is_fine(memory, tmp_path):
    job = capture(memory, videos.write(tmp_path / "silent.mp4", videos.scenes([0, 6_000], 12)))
    assert job.state == "done"
    assert job.result["frames"] == 2
    assert job.result["words"] == 0


def test_a_file_that_is_gone_when_its_turn_comes_fails_the_job(memory, good, tmp_path):
    shutil.copy(good, tmp_path / "gone.mp4")
    (tmp_path / "gone.mp4").unlink()
    job = capture(memory, tmp_path / "gone.mp4")
    assert (job.state, job.error_code) == ("failed", "not_found")


def test_missing_and_forbidden_paths_sound_the_same(tmp_path, good):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "way-out.mp4").symlink_to(good)
    said = set()
    for path in (inbox / "missing.mp4", good, inbox / "way-out.mp4", inbox, inbox / "a\0b"):
        with pytest.raises(NotFound) as raised:
            submit.allowed(path, (inbox,))
        said.add(raised.value.detail.replace(str(path), "PATH"))
    assert len(said) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_says_so(tmp_path):
    file = tmp_path / "secret.mp4"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(Unreadable):
        submit.allowed(file, (tmp_path,))


def test_a_job_can_be_cancelled_while_it_works(memory, tmp_path):
    pictures = videos.scenes(list(range(0, 60_000, 500)), 60, fps=5)
    path = videos.write(tmp_path / "long.mp4", pictures, sound=videos.tone(60))
    job = submit.submit(memory, path)
    seen = 0
    while jobs.get(memory.db, job.id).state == "queued":
        seen = memory.bell.wait(seen, 0.2)
    with memory.db.write() as w:
        jobs.cancel(w, job.id, job.created_at)
    began = time.monotonic()
    while (ended := jobs.get(memory.db, job.id)).state not in ENDED_JOB_STATES:
        seen = memory.bell.wait(seen, 0.2)
        assert time.monotonic() - began < 10
    assert ended.state == "cancelled"


def test_a_captured_file_that_moved_is_known_and_found_again(memory, good, tmp_path):
    first = tmp_path / "first.mp4"
    shutil.copy(good, first)
    before = capture(memory, first)
    first.rename(tmp_path / "second.mp4")
    after = capture(memory, tmp_path / "second.mp4")
    assert after.result["known"]
    assert after.source_id == before.source_id
    assert sources.get(memory.db, before.source_id).path == str(tmp_path / "second.mp4")
