"""What is not to be kept is gone before anything is stored, from pictures, words and the recording itself."""

from datetime import UTC, datetime

import numpy as np
import pytest

from mem import config as mem_config
from mem import pictures, types
from mem.capture import submit
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import frames, jobs, screen, sources, texts
from tests import recordings, videos

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def taking(tmp_path):
    """Gives what a memory with these settings holds of a recording that began at noon."""
    opened = []

    def take(video, **settings):
        facts = {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0, "whisper.model": "tiny.en"}
        facts |= {
            "capture.screen_text": "off",
            "capture.timezone": "UTC",
            "capture.frame.interval_seconds": 1,
        }
        memory = open_memory(mem_config.load({**facts, **settings}, environ={}))
        opened.append(memory)
        held = memory.__enter__()
        job = submit.submit(held, video, started_at=NOON)
        with worker.running(held):
            seen = 0
            while (job := jobs.get(held.db, job.id)).state not in types.ENDED_JOB_STATES:
                seen = held.bell.wait(seen, 1.0)
        assert job.state == "done", job
        return held, sources.get(held.db, job.source_id)

    yield take
    for each in reversed(opened):
        each.__exit__(None, None, None)


def shown(memory, source):
    """Each picture as numbers, with the milliseconds at which it came up."""
    import io

    from PIL import Image

    with memory.db.write() as w:
        spans = frames.spans_between(w, NOON, types.after(NOON, 3_600_000), source.id, limit=99)
    found = []
    for span in spans:
        data, _ = pictures.read(memory, frames.get(memory.db, span.frame_id), None)
        picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        found.append((types.milliseconds(span.start - NOON), picture))
    return found


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenes") / "evening.mp4"
    return videos.write(path, videos.scenes([0, 5000, 10_000], 15))


def test_a_region_is_a_mosaic_in_every_picture_and_the_recording_is_let_go_of(taking, scenes):
    memory, source = taking(scenes, **{"privacy.exclude": [{"name": "eve*", "region": [0, 0, 0.5, 1]}]})
    pictures = [picture for _, picture in shown(memory, source)]
    assert len(pictures) >= 3
    for picture in pictures:
        half = picture.shape[1] // 2
        left, right = picture[:, : half - 8], picture[:, half + 8 :]
        steps = [np.abs(np.diff(side, axis=1)).mean() for side in (left, right)]
        assert steps[0] < steps[1] / 2
    assert source.path is None
    assert scenes.exists()


def test_hours_are_black_and_what_was_said_in_them_is_not_written_down(taking, tmp_path):
    video = recordings.make(tmp_path / "evening.mp4")
    rules = [{"device": "another", "hours": "00:00-00:00"}, {"hours": "12:00-12:01"}]
    memory, source = taking(video, **{"privacy.exclude": rules})
    assert all(picture.max() < 10 for _, picture in shown(memory, source))
    assert list(texts.of_source(memory.db, source.id)) == []
    assert source.path is None


def test_a_recording_without_a_rule_is_kept_as_it_is(taking, scenes):
    memory, source = taking(scenes, **{"privacy.exclude": [{"name": "other*", "region": [0, 0, 1, 1]}]})
    assert len(shown(memory, source)) >= 3
    assert source.path == str(scenes)


def test_what_stands_beside_a_text_is_redacted_once_it_was_read(taking, tmp_path):
    pytest.importorskip("rapidocr")
    lines = ["MY ONLINE BANK", "account 42"]
    big = videos.typed(lines, 640, 360, 40)
    plain = videos.typed(["weather today"], 640, 360, 40)
    video = videos.write(tmp_path / "screen.mp4", videos.at_rate([(0, plain), (5000, big)], 10))
    memory, source = taking(
        video, **{"capture.screen_text": "auto", "privacy.exclude": [{"text": "online bank"}]}
    )
    with worker.running(memory):
        seen = 0
        while jobs.queued(memory.db) or any(
            job.state == "running" for job in jobs.active_of(memory.db, source.id)
        ):
            seen = memory.bell.wait(seen, 0.5)
    dark = {start // 5000: picture.max() < 10 for start, picture in shown(memory, source)}
    assert dark == {0: False, 1: True}
    told = " ".join(line.text.lower() for line in screen.of_source(memory.db, source.id))
    assert "weather" in told
    assert "bank" not in told
    assert "account" not in told
