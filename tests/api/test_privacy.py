"""The pause, and making what was taken in unrecognisable."""

import io
import tarfile
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from mem import folders, types
from mem.capture import pausing
from mem.config import load
from mem.errors import BadConfig
from mem.memory import open_memory
from mem.ops import delete, repack
from mem.ops.redact import Redaction
from mem.store import frames, receipts, screen, sources, switches
from mem.store.screen import NewScreenText
from mem.types import Box

from .seed import at
from .test_problems import check

INSIDE = {"from": "2026-11-20T12:00:20Z", "to": "2026-11-20T12:00:40Z"}
LEFT = [0, 0, 0.5, 1]


def test_a_pause_refuses_whatever_way_a_recording_comes(client, memory, owner, tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")
    state = client.post("/api/privacy/pause", headers=owner).json()
    assert state["paused"]
    assert state["until"] is None
    for answer in (
        client.post("/api/upload", content=b"x"),
        client.post("/api/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}),
        client.post("/api/capture", json={"path": str(file)}, headers=owner),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "capture_paused")
        assert int(answer.headers["retry-after"]) > 0
    assert not client.post("/api/privacy/resume", headers=owner).json()["paused"]
    assert client.post("/api/upload", content=b"x").status_code == 202


def test_a_pause_outlives_the_process(config):
    with open_memory(config) as memory:
        pausing.pause(memory, until=None, by="Ada")
    with open_memory(config) as memory:
        found = pausing.state(memory)
        assert found is not None
        assert found.setter == "Ada"


def test_a_pause_ends_by_itself(client, memory):
    with memory.db.write() as w:
        past = types.now() - timedelta(seconds=1)
        switches.put(w, "pause", now=past - timedelta(hours=1), until=past, by="Ada")
    assert not client.get("/api/privacy").json()["paused"]
    check(client.post("/api/privacy/pause", json={"until": types.written(past)}), 422, "bad_time")


@pytest.fixture
def recording(seed, memory):
    """A minute with a picture every ten seconds, text on both sides of it, words and a kept original."""
    source = seed.source(path=None, original="original.mp4")
    ids = seed.frames(source, [0, 10, 20, 30, 40, 60])
    (memory.folder / source.folder / "original.mp4").write_bytes(b"\0" * 5000)
    for second, text in ((5, "before early"), (25, "inside zebra"), (45, "after late")):
        seed.say(source, second, text)
    seed.note("a note", at(25), source=source)
    with memory.db.write() as w:
        lines = [
            NewScreenText(
                frame_id=ids[2], start=at(20), end=at(30), text=text, confidence=1.0, engine="x",
                box=Box(x, 10, 100, 20),
            )
            for text, x in (("leftward", 10), ("rightward", 500))
        ]  # fmt: skip
        screen.add_many(w, source.id, lines)
    for write in (folders.write_source, folders.write_transcript, folders.write_frames, folders.write_screen):
        write(memory, source.id)
    return sources.get(memory.db, source.id)


def redact(client, **asked):
    answer = client.post("/api/redact", json=INSIDE | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def picture(client, number, **params):
    answer = client.get(f"/api/frames/{number}/image", params=params)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)


def shown(client):
    spans = client.get("/api/frames", params={"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z"})
    return [row["id"] for row in spans.json()["frames"]]


def everything(memory):
    return b"".join(p.read_bytes() for p in (memory.folder / "sources").rglob("*") if p.is_file())


def test_a_dry_run_of_a_redaction_changes_nothing(client, recording, memory):
    before = everything(memory)
    plan = redact(client, dry_run=True)
    assert (plan["sources"], plan["pictures"], plan["originals"]) == (1, 2, 1)
    assert everything(memory) == before
    assert receipts.page(memory.db, 9) == []


def test_a_redacted_interval_is_black_and_silent_and_the_time_stays(client, recording, memory):
    ids = shown(client)
    receipt = redact(client)
    assert receipt["kind"] == "redaction"
    assert receipt["removed"] == {"segments": 1, "screen_texts": 2, "originals": 1, "pictures": 2}
    assert shown(client) == ids
    for width in ({}, {"width": 320}):
        black = [picture(client, number, **width).max() < 10 for number in ids]
        assert black == [False, False, True, True, False]
    assert b"zebra" not in everything(memory)
    assert b"leftward" not in everything(memory)
    assert b"before early" in everything(memory)
    assert not (memory.folder / recording.folder / "original.mp4").exists()
    assert client.get("/api/search", params={"q": "zebra"}).json()["total"] == 0
    assert client.get("/api/notes").json()["notes"]


def test_a_redacted_region_leaves_the_rest(client, recording, memory):
    ids = shown(client)
    image = Image.new("RGB", (640, 360), "red")
    receipt = redact(client, region=LEFT)
    assert receipt["removed"] == {"screen_texts": 1, "originals": 1, "pictures": 2}
    assert picture(client, ids[2]).shape == (image.height, image.width, 3)
    told = everything(memory)
    assert b"leftward" not in told
    assert b"rightward" in told
    assert b"inside zebra" in told


def test_after_a_redaction_rows_and_packs_agree(client, recording, memory):
    redact(client)
    for number, row in {n: frames.get(memory.db, n) for n in shown(client)}.items():
        pack = memory.folder / recording.folder / row.pack
        with tarfile.open(pack, "r:") as archive:
            places = {m.offset_data: m.size for m in archive}
        assert places[row.offset] == row.length, number
        assert places[row.thumb_offset] == row.thumb_length


def test_a_redaction_that_was_cut_short_is_done_to_its_end(
    config, seed, client, recording, memory, monkeypatch
):
    draw = repack.draw

    def die(*_):
        raise RuntimeError("the process ends here")

    monkeypatch.setattr(repack, "draw", die)
    with pytest.raises(RuntimeError):
        delete.go_on(memory, delete.begin_redaction(memory, _wanted(), by="x"))
    monkeypatch.setattr(repack, "draw", draw)
    delete.finish(memory)
    (receipt,) = receipts.page(memory.db, 9)
    assert receipt.state == "done"
    assert dict(receipt.removed) == {"segments": 1, "screen_texts": 2, "originals": 1, "pictures": 2}
    assert picture(client, shown(client)[2]).max() < 10


def _wanted():
    return Redaction(start=at(20), end=at(40), source_id=None, region=None)


@pytest.mark.parametrize("region", [[0, 0, 0, 1], [0, 0, 1], [0, 0, 2, 1], [0, 0, 1, -1], "left"])
def test_a_region_that_is_none_is_refused(client, recording, region):
    answer = client.post("/api/redact", json=INSIDE | {"region": region})
    assert answer.status_code in (400, 422)


def test_what_is_pinned_is_not_redacted(client, recording):
    pin = {"start": INSIDE["from"], "end": INSIDE["to"], "reason": "evidence"}
    assert client.post("/api/pins", json=pin).status_code < 300
    check(client.post("/api/redact", json=INSIDE), 409, "pinned")


def test_a_start_over_a_folder_that_others_can_read_warns_or_is_refused(tmp_path, caplog):
    folder = tmp_path / "data"
    (folder / "sources").mkdir(parents=True)
    for path in (folder, folder / "sources"):
        path.chmod(0o755)
    facts = {"data_dir": str(folder)}
    with open_memory(load(facts, environ={})):
        assert "Other users" in caplog.text
    with (
        pytest.raises(BadConfig, match="sources"),
        open_memory(load(facts | {"security.strict_permissions": True}, environ={})),
    ):
        pass
    folder.chmod(0o700)
    with open_memory(load(facts | {"security.strict_permissions": True}, environ={})):
        pass
