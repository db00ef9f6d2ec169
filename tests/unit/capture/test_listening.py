"""Recordings are listened to as a job does it: by side, by a server, with less memory, without loading."""

import contextlib
import dataclasses
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from mem import config as mem_config
from mem import types
from mem.capture import rerun, submit
from mem.capture.lease import Lease
from mem.errors import DecoderOutOfMemory
from mem.jobs import worker
from mem.memory import open_memory
from mem.store import jobs, texts
from tests import spoken, videos
from tests.processes import children
from tests.unit.speech.test_remote import served  # noqa: F401 - a fixture

RATE = 16_000


@contextlib.contextmanager
def opened(tmp_path, **given):
    settings = {
        "data_dir": str(tmp_path / "data"),
        "storage.min_free_bytes": 0,
        "whisper.model": "tiny.en",
        "capture.screen_text": "off",
        "media.idle_seconds": 0,  # the process that stays is the one that listens
    }
    with open_memory(mem_config.load({**settings, **given}, environ={})) as memory:
        yield memory


def worked(memory):
    with memory.db.write() as w:
        job = jobs.claim(w, "test", lease_seconds=60, now=types.now())
    worker._work(memory, Lease(memory, job, threading.Event()))
    return jobs.get(memory.db, job.id)


def captured(memory, file):
    submit.submit(memory, file)
    job = worked(memory)
    assert job.state == "done", job
    return job, list(texts.of_source(memory.db, job.source_id))


@pytest.fixture
def talk(tmp_path):
    sound, _ = spoken.talk(spoken.SENTENCES[:2], gaps=(0.4,))
    return videos.write(tmp_path / "talk.wav", sound=sound, rate=RATE)


def test_who_speaks_on_which_side_is_said(tmp_path):
    one, other = (spoken.say(sentence) for sentence in spoken.SENTENCES[:2])
    quiet = np.zeros(RATE // 2, np.float32)
    left = np.concatenate((one, quiet, np.zeros(len(other), np.float32)))
    right = np.concatenate((np.zeros(len(one), np.float32), quiet, other))
    file = tmp_path / "call.wav"
    with wave.open(str(file), "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes((np.stack((left, right), axis=1) * 32_767).astype("<i2").tobytes())
    with opened(tmp_path) as memory:
        _, (first, last) = captured(memory, file)
    assert (first.channel, last.channel) == ("left", "right")
    assert "fox" in first.text
    assert "accountant" in last.text


def test_the_model_stays_for_the_next_recording(tmp_path, talk):
    before = children()
    with opened(tmp_path) as memory:
        job, _ = captured(memory, talk)
        stayed = children() - before
        rerun.ask(memory, job.source_id, ["speech"])
        assert worked(memory).state == "done"
        assert children() - before == stayed
        assert len(stayed) == 1
    assert children() <= before


def test_what_the_listening_took_is_logged(tmp_path, talk, caplog):
    with opened(tmp_path) as memory, caplog.at_level("INFO", "mem.capture.speech"):
        job, _ = captured(memory, talk)
    (line,) = [record for record in caplog.records if getattr(record, "action", "") == "listened"]
    assert line.source == job.source_id
    assert 0 < line.cpu_ms < 60_000
    assert line.peak_bytes > 50_000_000


def test_the_process_that_listens_keeps_its_memory_until_the_end(tmp_path, talk):
    before = children()
    with opened(tmp_path) as memory:
        captured(memory, talk)
        (pid,) = children() - before
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert any(each.startswith(b"GLIBC_TUNABLES=glibc.malloc.mmap_max=0") for each in environment)


def test_without_idle_time_no_process_stays(tmp_path, talk):
    before = children()
    with opened(tmp_path, **{"whisper.idle_seconds": 0}) as memory:
        captured(memory, talk)
        assert children() <= before


def test_a_part_is_listened_to_again_and_the_rest_stays(tmp_path, talk):
    with opened(tmp_path) as memory:
        job, (first, last) = captured(memory, talk)
        within = (last.start, last.end)
        rerun.ask(memory, job.source_id, ["speech"], within=within)
        assert worked(memory).state == "done"
        kept, new = texts.of_source(memory.db, job.source_id)
    assert kept == first
    assert new.id != last.id
    assert new.text == last.text
    assert abs(new.start - last.start).total_seconds() < 0.2


def test_a_server_writes_down_what_is_said(tmp_path, talk, served):  # noqa: F811
    url = f"http://127.0.0.1:{served.server_port}/v1"
    with opened(tmp_path, **{"whisper.url": url, "whisper.hotwords": "Anna"}) as memory:
        _, segments = captured(memory, talk)
    assert segments[0].text == "Good morning."
    assert segments[0].model == "whisper-1"
    assert served.asked


def test_a_server_that_fails_is_no_success(tmp_path, talk, served):  # noqa: F811
    served.answer = (500, b"out of order")
    with opened(tmp_path, **{"whisper.url": f"http://127.0.0.1:{served.server_port}"}) as memory:
        submit.submit(memory, talk)
        job = worked(memory)
    assert job.state == "retrying"
    assert job.error_code == "speech_server_failed"


class Short:
    """An ear that runs out of memory some times before it hears."""

    def __init__(self, ear, times):
        self.ear, self.times, self.asked = ear, times, []

    def run(self, path, request, **more):
        self.asked.append((request["model_name"], request["batch"]))
        if len(self.asked) <= self.times:
            raise DecoderOutOfMemory
        return self.ear.run(path, request, **more)


def test_where_memory_is_short_less_is_tried_and_said(tmp_path, talk):
    with opened(tmp_path) as memory:
        short = Short(memory.ear, 1)
        job, segments = captured(dataclasses.replace(memory, ear=short), talk)
    assert short.asked == [("tiny.en", None), ("tiny.en", 1)]
    assert segments
    assert "one window at a time" in job.result["warnings"][0]


def test_then_the_smaller_model_takes_over(tmp_path, talk):
    with opened(tmp_path, **{"whisper.fallback_model": "tiny.en"}) as memory:
        short = Short(memory.ear, 2)
        captured(dataclasses.replace(memory, ear=short), talk)
    assert short.asked[-1] == ("tiny.en", 1)
    assert len(short.asked) == 3
