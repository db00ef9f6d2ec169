"""A range as one ZIP: what is in it, and that it says so."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import av
import pytest
from PIL import Image

from mem import packs
from mem.store import frames, screen, sources
from mem.store.screen import NewScreenText
from mem.types import Box
from tests import videos

from .seed import MEDIA, RANGE, at
from .test_problems import check

MIDDLE = {"from": "2026-11-20T12:00:10Z", "to": "2026-11-20T12:00:20Z"}


@pytest.fixture
def recording(seed, memory, tmp_path):
    """Thirty real seconds with a keyframe each second, told in rows."""
    file = videos.write(
        tmp_path / "a.mp4",
        videos.scenes([0, 10_000, 20_000], 30.0),
        videos.Shape(bframes=2),
        sound=videos.tone(30.0),
    )
    size = file.stat().st_size
    source = seed.source(name="../Evening: talk?.mp4", path=str(file), size=size, media=MEDIA)
    seed.frames(source, [0, 8, 12, 30])
    with memory.db.write() as w:
        source = sources.settle(w, source.id, state="ready", ended_at=at(30))
    seed.say(source, 12, "the words of the middle")
    seed.say(source, 25, "outside")
    seed.note("noted there", at(15), source=source)
    seed.note("noted later", at(40))
    return source


def _zip(client, **asked):
    answer = client.get("/api/export", params=asked)
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive, json.loads(archive.read("manifest.json")), answer


def test_the_manifest_names_every_file_with_its_digest(client, recording):
    archive, manifest, _ = _zip(client, **MIDDLE)
    listed = {one["name"]: one for one in manifest["files"]}
    assert {*listed, "manifest.json"} == set(archive.namelist())
    for name, one in listed.items():
        data = archive.read(name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one["bytes"], one["sha256"])
    assert manifest["counts"] == {"files": len(listed), "sources": 1}
    assert manifest["omitted"] == []
    assert not any(".." in name or name.startswith("/") or ":" in name for name in listed)


def test_it_holds_the_frames_words_and_notes_of_the_range(client, recording, memory):
    archive, manifest, _ = _zip(client, **MIDDLE)
    (told,) = manifest["sources"]
    folder = told["folder"]
    shown = json.loads(archive.read(f"{folder}/frames.json"))["spans"]
    assert [span["file"].rsplit("/")[-1] for span in shown] == [
        "2026-11-20T12-00-08.000Z.webp",
        "2026-11-20T12-00-12.000Z.webp",
    ]
    frame = frames.get(memory.db, shown[0]["frame"])
    stored = packs.read(memory.folder / recording.folder, frame.pack, frame.offset, frame.length)
    assert archive.read(shown[0]["file"]) == stored
    said = json.loads(archive.read(f"{folder}/transcript.json"))
    assert [segment["text"] for segment in said["segments"]] == ["the words of the middle"]
    assert said["segments"][0]["start"] == "2026-11-20T12:00:12.000Z"
    assert [note["text"] for note in json.loads(archive.read("notes.json"))["notes"]] == ["noted there"]
    for form in ("srt", "vtt", "txt"):
        assert "words" in archive.read(f"{folder}/transcript.{form}").decode()
        assert "outside" not in archive.read(f"{folder}/transcript.{form}").decode()
    with Image.open(io.BytesIO(archive.read(f"{folder}/contact-sheet.jpg"))) as page:
        assert page.format == "JPEG"


def test_the_part_of_the_recording_plays_and_subtitles_fit_it(client, recording):
    archive, manifest, _ = _zip(client, **MIDDLE)
    (told,) = manifest["sources"]
    data = archive.read(told["recording"])
    assert told["recording"].endswith(".mp4")
    with av.open(io.BytesIO(data)) as part:
        video = [frame for packet in part.demux(video=0) for frame in packet.decode()]
        first, last = float(video[0].time), float(video[-1].time)
    with av.open(io.BytesIO(data)) as part:
        sound = [
            float(packet.dts * packet.time_base) for packet in part.demux(audio=0) if packet.dts is not None
        ]
    zero = (at(0).fromisoformat(told["zero"]) - at(0)).total_seconds()
    assert 8.5 <= zero <= 10.0
    assert 9.0 <= zero + first <= 10.05
    assert 19.0 <= zero + last <= 20.5  # pictures that others need are shown later than they are read
    assert 0 <= sound[0] < 0.2
    cue = archive.read(f"{told['folder']}/transcript.srt").decode().splitlines()[1]
    begin = 12 - zero
    assert cue.startswith(f"00:00:0{int(begin)},{round(begin % 1 * 1000):03d}")


def test_a_recording_that_lies_in_the_range_whole_is_the_file_itself(client, recording):
    archive, manifest, _ = _zip(client, **RANGE)
    (told,) = manifest["sources"]
    assert archive.read(told["recording"]) == Path(recording.path).read_bytes()
    assert told["zero"] == "2026-11-20T12:00:00.000Z"


def test_what_is_not_there_is_named(client, seed, memory):
    source = seed.source(path="/gone.mp4")
    seed.frames(source, [0, 30, 60])
    pack = memory.folder / source.folder / packs.name(1)
    pack.write_bytes(pack.read_bytes()[:600])
    _, manifest, _ = _zip(client, **RANGE)
    left_out = {one["what"] for one in manifest["omitted"]}
    assert {"recording", "frame 1", "frame 2"} <= left_out


def test_text_on_screen_is_in_it(client, recording, memory):
    box = Box(x=1, y=2, width=3, height=4)
    line = NewScreenText(
        frame_id=1, start=at(11), end=at(13), text="invoice", confidence=0.9, engine="test", box=box
    )
    with memory.db.write() as w:
        screen.add_many(w, recording.id, [line])
    archive, manifest, _ = _zip(client, **MIDDLE)
    (row,) = json.loads(archive.read(f"{manifest['sources'][0]['folder']}/screen.json"))["lines"]
    assert (row["text"], row["start"], row["x"]) == ("invoice", "2026-11-20T12:00:11.000Z", 1)


def test_without_a_range_it_says_which_it_took(client):
    _, manifest, answer = _zip(client)
    assert manifest["range_defaulted"] is True
    assert answer.headers["mem-range-defaulted"] == "true"
    assert answer.headers["mem-from"] == manifest["from"]
    assert manifest["sources"] == []


def test_one_source_can_be_asked_for(client, recording, seed):
    other = seed.source(path=None)
    _, manifest, _ = _zip(client, **RANGE, source=other.id)
    assert [told["id"] for told in manifest["sources"]] == [other.id]
    check(client.get("/api/export", params={"source": 99}), 404, "not_found")


def test_too_many_frames_are_refused_before_anything_is_sent(client, recording, memory, monkeypatch):
    tight = memory.config.api.model_copy(update={"export_max_frames": 2})
    monkeypatch.setitem(memory.config.__dict__, "api", tight)
    check(client.get("/api/export", params=RANGE), 413, "export_too_large")
    assert client.get("/api/export", params=RANGE | {"from": "2026-11-20T12:00:13Z"}).status_code == 200


def test_a_damaged_recording_is_said_to_end_early(client, recording, memory, tmp_path):
    content = bytearray(Path(recording.path).read_bytes())
    content[len(content) // 3 :] = bytes(len(content) - len(content) // 3)
    Path(recording.path).write_bytes(content)
    _, manifest, _ = _zip(client, **MIDDLE)
    assert "recording" in {one["what"] for one in manifest["omitted"]}


def test_the_recording_is_served_by_range(client, recording):
    address, whole = f"/api/sources/{recording.id}/video", Path(recording.path).read_bytes()
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(whole)
    assert head.headers["accept-ranges"] == "bytes"
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    tail = client.get(address, headers={"Range": "bytes=-5"})
    assert tail.content == whole[-5:]
    tag = head.headers["etag"]
    assert client.get(address, headers={"Range": "bytes=0-4", "If-Range": tag}).status_code == 206
    changed = client.get(address, headers={"Range": "bytes=0-4", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(whole))
    check(client.get(address, headers={"Range": f"bytes={len(whole)}-"}), 416, "bad_range")
