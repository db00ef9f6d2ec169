"""One recording with known scenes and sentences goes in, and everything in it is found at its time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests import recordings, servers

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A data directory into which the recording was captured from the command line, no server running."""
    folder = tmp_path_factory.mktemp("whole")
    video = recordings.make(folder / "evening.mp4")
    done = servers.mem(folder / "data", "capture", str(video), "--started-at", START.isoformat())
    assert done.returncode == 0, done.stderr
    return folder / "data", video, done.stdout


def at(offset_ms: int) -> datetime:
    return START + timedelta(milliseconds=offset_ms)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def check(ask) -> None:
    """`ask(kind, **parameters)` answers as the API does; every scene and sentence must be there."""
    frames = ask("frames", **{"from": START.isoformat(), "to": at(60_000).isoformat()})["frames"]
    seen = [when(frame["first_seen"]) for frame in frames]
    assert len(seen) == len(recordings.SCENES_MS)
    for start_ms, moment in zip(recordings.SCENES_MS, seen, strict=True):
        assert abs(moment - at(start_ms)) < timedelta(seconds=1)
    for start_ms, sentence in recordings.SENTENCES:
        words = sentence.rstrip(".").lower().split()
        moments = ask("search", q=f"{words[-2]} {words[-1]}")["moments"]
        assert moments, sentence
        hit = moments[0]["hits"][0]
        assert abs(when(hit["start"]) - at(start_ms)) < timedelta(seconds=1), sentence


def test_the_summary_says_what_was_done(taken_in):
    _, _, said = taken_in
    for word in ("frames", "samples", "words", "real time", "tiny.en", "mem timeline", "mem search"):
        assert word in said


def test_everything_is_found_from_the_command_line(taken_in):
    data, _, _ = taken_in

    def ask(kind, **parameters):
        if kind == "frames":
            words = ["timeline", "--from", parameters["from"], "--to", parameters["to"]]
            spans = servers.answer(data, *words)["spans"]
            return {"frames": [span["frame"] for span in spans]}
        return servers.answer(data, "search", parameters["q"])

    check(ask)


def test_everything_is_found_over_http_and_after_a_restart(taken_in):
    data, _, _ = taken_in
    for _ in range(2):
        with servers.running(data) as server:
            check(lambda kind, **parameters: server.get(f"/api/{kind}", **parameters).json())


def test_the_spans_tile_the_recording(taken_in):
    data, _, _ = taken_in
    spans = servers.answer(data, "timeline", "--from", START.isoformat(), "--to", at(60_000).isoformat())[
        "spans"
    ]
    assert when(spans[0]["start"]) == START
    assert all(a["end"] == b["start"] for a, b in pairwise(spans))
    assert abs(when(spans[-1]["end"]) - at(int(recordings.SECONDS * 1000))) < timedelta(seconds=0.2)


def test_the_same_file_is_known(taken_in):
    data, video, _ = taken_in
    again = servers.mem(data, "capture", str(video))
    assert again.returncode == 0
    assert "known" in again.stdout.lower() or "already" in again.stdout.lower()
    assert len(servers.answer(data, "sources", "list")["sources"]) == 1


def test_a_frame_is_written_as_a_jpeg(taken_in, tmp_path):
    from PIL import Image

    data, _, _ = taken_in
    done = servers.mem(data, "frame", "2026-11-20 14:00:05Z", "-o", str(tmp_path / "x.jpg"))
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.format == "JPEG"
        assert image.size == (320, 240)


def test_a_transcript_comes_as_subtitles(taken_in):
    data, _, _ = taken_in
    done = servers.mem(data, "transcript", "1", "--format", "srt")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1\n00:00:0")
    assert "for the red bicycle" in done.stdout


def test_redating_moves_everything(taken_in):
    data, _, _ = taken_in
    servers.answer(data, "sources", "edit", "1", "--started-at", (START + timedelta(days=1)).isoformat())
    try:
        found = servers.answer(data, "search", "invoice")["moments"][0]
        assert abs(when(found["hits"][0]["start"]) - at(2_000) - timedelta(days=1)) < timedelta(seconds=1)
    finally:
        servers.answer(data, "sources", "edit", "1", "--started-at", START.isoformat())
