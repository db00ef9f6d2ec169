"""Deleting an interval: shown first, then done to its end, whatever comes between."""

import json
import tarfile
from datetime import timedelta

import pytest

from mem import folders, packs
from mem.ops import clearing, delete, repack
from mem.store import forgetting, frames, receipts, sources
from mem.types import Span

from .seed import at
from .test_problems import check

INSIDE = {"from": "2026-11-20T12:00:20Z", "to": "2026-11-20T12:00:40Z"}
WHOLE = {"from": "2026-11-20T11:00:00Z", "to": "2026-11-20T13:00:00Z"}


def _delete(client, **asked):
    answer = client.post("/api/delete", json=INSIDE | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def recording(seed, memory):
    """A minute with a picture every ten seconds, a kept original, words and notes; told in its pack."""
    source = seed.source(path=None, original="original.mp4", name="evening.mp4")
    seed.frames(source, [0, 10, 20, 30, 40, 60])
    folder = memory.folder / source.folder
    (folder / "original.mp4").write_bytes(b"\0" * 5000)
    for second, text in ((5, "before early"), (19, "secret xylophone"), (45, "after late")):
        seed.say(source, second, text)
    seed.note("a zylindrical note", at(25), source=source)
    seed.note("left alone", at(50), source=source)
    for write in (folders.write_source, folders.write_transcript, folders.write_notes):
        write(memory, source.id)
    return sources.get(memory.db, source.id)


def _everything(memory):
    return b"".join(
        path.read_bytes()
        for name in ("sources", "index", "tmp")
        for path in (memory.folder / name).rglob("*")
        if path.is_file()
    )


def _told(memory, source):
    with memory.db.write() as w:
        return [(s.start, s.end) for s in frames.spans_between(w, at(-9), at(99), source.id, limit=99)]


def test_a_dry_run_counts_and_leaves_everything(client, recording, memory):
    before = _everything(memory)
    plan = _delete(client, dry_run=True)
    extent = plan["extent"]
    counts = {
        name: extent[name] for name in ("sources", "cut_sources", "frames", "spans", "segments", "notes")
    }
    assert counts == {"sources": 0, "cut_sources": 1, "frames": 2, "spans": 2, "segments": 1, "notes": 1}
    assert (extent["originals"], extent["original_bytes"]) == (1, 5000)
    assert (plan["dry_run"], plan["from"]) == (True, "2026-11-20T12:00:20.000Z")
    assert _everything(memory) == before
    assert client.get("/api/receipts").json()["receipts"] == []


def test_an_interval_is_gone_from_rows_files_and_index(client, recording, memory):
    said = _delete(client, dry_run=True)["extent"]
    assert client.get("/api/search", params={"q": "xylophone"}).json()["total"] == 1
    receipt = _delete(client)
    assert (receipt["state"], receipt["kind"], receipt["by"]) == ("done", "interval", "local")
    expected = {"frames": 2, "spans": 2, "segments": 1, "notes": 1, "originals": 1}
    assert receipt["removed"] == expected
    assert abs(receipt["freed_bytes"] - said["original_bytes"] - said["pack_bytes"]) <= 1024
    assert _told(memory, recording) == [(at(0), at(10)), (at(10), at(20)), (at(40), at(60))]
    assert client.get("/api/search", params={"q": "xylophone"}).json()["total"] == 0
    assert client.get("/api/search", params={"q": "early"}).json()["total"] == 1
    found = _everything(memory)
    assert b"xylophone" not in found
    assert b"zylindrical" not in found
    assert b"left alone" in found
    assert not (memory.folder / recording.folder / "original.mp4").exists()
    check(client.get(f"/api/sources/{recording.id}/video"), 404, "not_found")
    assert client.get(f"/api/receipts/{receipt['id']}").json() == receipt


def test_pictures_that_stay_are_the_same_bytes_in_the_new_pack(client, recording, memory):
    kept = {f.id: client.get(f"/api/frames/{f.id}/image").content for f in _frames(memory, recording)}
    _delete(client)
    left = _frames(memory, recording)
    assert len(left) == 3
    for frame in left:
        assert client.get(f"/api/frames/{frame.id}/image").content == kept[frame.id]
        assert client.get(f"/api/frames/{frame.id}/image?width=200").status_code == 200
    folder = memory.folder / recording.folder
    assert [path.name for path in folder.glob("*.tar")] == [left[0].pack]
    with tarfile.open(folder / left[0].pack) as archive:
        assert len(archive.getnames()) == 6


def _frames(memory, source):
    return frames.between(memory.db, at(-9), at(99), source.id, limit=99)


def test_a_source_within_the_interval_goes_whole(client, recording, memory, seed):
    other = seed.source(at(7200))
    loose = seed.note("about that hour", at(30))
    receipt = _delete(client, **WHOLE)
    assert receipt["removed"]["sources"] == 1
    assert not (memory.folder / recording.folder).exists()
    check(client.get(f"/api/notes/{loose.id}"), 404, "not_found")
    assert client.get(f"/api/sources/{other.id}").status_code == 200


def test_one_source_can_be_asked_for(client, recording, seed, memory):
    other = seed.source()
    seed.frames(other, [0, 20, 60])
    loose = seed.note("about that hour", at(30))
    _delete(client, source=other.id)
    assert len(_told(memory, recording)) == 5
    assert client.get(f"/api/notes/{loose.id}").status_code == 200
    check(client.post("/api/delete", json=INSIDE | {"source": 99}), 404, "not_found")


def test_a_recording_elsewhere_is_forgotten_and_stays(client, seed, tmp_path):
    file = tmp_path / "mine.mp4"
    file.write_bytes(b"\0" * 1000)
    source = seed.source(path=str(file))
    seed.frames(source, [0, 30, 60])
    assert client.get(f"/api/sources/{source.id}/video").status_code == 200
    assert _delete(client)["removed"]["detached"] == 1
    assert file.exists()
    check(client.get(f"/api/sources/{source.id}/video"), 404, "not_found")


def test_what_is_worked_on_or_pinned_is_refused_before_anything_goes(client, recording, seed, memory):
    job = seed.job(source_id=recording.id)
    check(client.post("/api/delete", json=INSIDE), 409, "conflict")
    client.post(f"/api/jobs/{job.id}/cancel")
    pin = {"start": "2026-11-20T12:00:39Z", "end": "2026-11-20T12:01:00Z", "source_id": recording.id}
    number = client.post("/api/pins", json=pin).json()["id"]
    check(client.post("/api/delete", json=INSIDE), 409, "pinned")
    check(client.delete(f"/api/sources/{recording.id}"), 409, "pinned")
    assert len(_told(memory, recording)) == 5
    client.delete(f"/api/pins/{number}")
    assert _delete(client)["state"] == "done"


def test_an_empty_or_senseless_interval_is_refused(client):
    check(client.post("/api/delete", json={"from": INSIDE["to"], "to": INSIDE["from"]}), 422, "bad_time")
    check(client.post("/api/delete", json={"from": INSIDE["from"]}), 422, "invalid")
    check(client.post("/api/delete", json=INSIDE | {"from": "2026-11-20T12:00:20"}), 422, "naive_time")


def test_another_memorys_folder_is_not_touched(client, recording, memory):
    file = memory.folder / recording.folder / "source.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"content_hash": "0" * 64}))
    before = _everything(memory)
    check(client.post("/api/delete", json=INSIDE), 409, "conflict")
    check(client.delete(f"/api/sources/{recording.id}"), 409, "conflict")
    assert _everything(memory) == before


CUTS = ("forgetting.cut", "clearing.clear", "packs.sync", "repack.commit")


@pytest.mark.parametrize("where", CUTS)
def test_a_deletion_that_was_cut_short_is_done_at_the_next_start(recording, memory, monkeypatch, where):
    """Each place is passed once or more; the first passage ends the work, as a crash would."""
    owner, name = {
        "forgetting.cut": (forgetting, "cut"),
        "clearing.clear": (clearing, "clear"),
        "packs.sync": (packs.PackWriter, "sync"),
        "repack.commit": (repack._Pack, "_commit"),
    }[where]
    real = getattr(owner, name)
    passed = []

    def dies(*given, **named):
        passed.append(1)
        if len(passed) == (2 if where == "clearing.clear" else 1):
            raise KeyboardInterrupt
        return real(*given, **named)

    begun = delete.begin_interval(memory, at(20), at(40), None, by="local")
    monkeypatch.setattr(owner, name, dies)
    with pytest.raises(KeyboardInterrupt):
        delete.go_on(memory, begun)
    monkeypatch.setattr(owner, name, real)
    assert receipts.get(memory.db, begun.id).state == "running"
    delete.finish(memory)
    done = receipts.get(memory.db, begun.id)
    expected = {"frames": 2, "spans": 2, "segments": 1, "notes": 1, "originals": 1}
    assert (done.state, done.removed) == ("done", expected)
    assert _told(memory, recording) == [(at(0), at(10)), (at(10), at(20)), (at(40), at(60))]
    folder = memory.folder / recording.folder
    left = _frames(memory, recording)
    assert sorted(path.name for path in folder.glob("*.tar")) == sorted({frame.pack for frame in left})
    assert b"xylophone" not in _everything(memory)


def test_a_pack_without_pictures_keeps_what_it_says_of_its_spans(seed, memory):
    source = seed.source()
    seed.frames(source, [0, 60])
    folder = memory.folder / source.folder
    (frame,) = _frames(memory, source)
    record = {
        "stretch": 0,
        "frames": {"0": {"offset_ms": 0}},
        "spans": [[0, 0, 30_000, 3], [0, 30_000, 60_000, 3]],
    }
    with packs.open_pack(folder, "frames-000002.tar", 0) as pack:
        pack.append("000000060000.stretch.json", json.dumps(record).encode())
        pack.sync()
    begun = delete.begin_interval(memory, at(40), at(50), None, by="local")
    delete.go_on(memory, begun)
    with tarfile.open(folder / "frames-000002.tar") as archive:
        told = json.loads(archive.extractfile("000000060000.stretch.json").read())
    assert told["spans"] == [[0, 0, 40_000, 4], [0, 50_000, 60_000, 1]]
    assert [(s.start, s.end) for s in frames.spans_of(memory.db, frame, limit=9)] == [
        (at(0), at(40)),
        (at(50), at(60)),
    ]


def test_a_picture_taken_inside_takes_its_time_outside_with_it(client, seed, memory):
    source = seed.source()
    ids = seed.frames(source, [0, 25, 60])
    with memory.db.write() as w:
        late = Span(source_id=source.id, frame_id=ids[1], start=at(60), end=at(61), samples=1)
        frames.add_spans(w, [late])
    end = at(0) + timedelta(seconds=61)
    with memory.db.write() as w:
        sources.settle(w, source.id, state="ready", ended_at=end)
    assert _delete(client, dry_run=True)["extent"]["uncovered_ms"] == 21_000
    _delete(client)
    assert _told(memory, source) == [(at(0), at(20))]


def test_receipts_are_paged(client, seed):
    for _ in range(3):
        client.delete(f"/api/sources/{seed.source().id}")
    first = client.get("/api/receipts", params={"limit": 2}).json()
    rest = client.get("/api/receipts", params={"limit": 2, "cursor": first["cursor"]}).json()
    assert [one["id"] for one in first["receipts"] + rest["receipts"]] == [3, 2, 1]
    assert rest["cursor"] is None


def test_the_databases_own_files_hold_it_no_more(client, recording, memory):
    def held():
        files = [path for path in memory.folder.glob("mem.duckdb*") if path.is_file()]
        return [path.name for path in files if b"xylophone" in path.read_bytes()]

    assert held()
    _delete(client)
    assert held() == []
