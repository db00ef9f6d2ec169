"""A token limited to sources or to a time learns of nothing else: no text, no picture, no name, no count."""

import dataclasses
import json
from datetime import timedelta

import pytest

from mem.types import Limits

from .access import bearer, far, secret
from .seed import NOON, Seed, at

WIDE = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
HIDDEN = ("zebra", "secret", "2026-11-20T15", "2026-11-20T14")
WINDOW = Limits(start=at(10), end=at(40))


@pytest.fixture
def two(seed: Seed):
    """A recording at noon that may be seen, and a secret one three hours later."""
    seen = seed.source(NOON, name="open.mp4", path="/videos/open.mp4")
    hidden = seed.source(NOON + timedelta(hours=3), name="secret.mp4", path="/secret.mp4", location="secret")
    shown = seed.frames(seen, [0, 5, 20, 30, 60])
    kept = seed.frames(hidden, [0, 20, 60], "blue")
    seed.say(seen, 20, "a horse in the meadow")
    seed.say(hidden, 20, "a zebra in the meadow")
    notes = [
        seed.note("horse note", at(20), source=seen),
        seed.note("zebra note", at(3 * 3600 + 20), source=hidden),
        seed.note("zebra at large", at(3 * 3600)),
    ]
    seed.job(source_id=seen.id)
    seed.job(source_id=hidden.id, params={"path": "/secret.mp4", "name": "secret.mp4"})
    return seen, hidden, shown, kept, notes


@pytest.fixture
def asking(client, memory, two):
    """Ask as a token limited to the first recording."""
    text = secret(memory, "read", "write", limits=Limits(source_ids=(two[0].id,)))
    client.app.state.access.load()
    return far(client.app, **bearer(text))


@pytest.fixture
def timed(client, memory, two):
    """Ask as a token limited to half a minute of the first recording."""
    text = secret(memory, "read", "write", limits=WINDOW)
    client.app.state.access.load()
    return far(client.app, **bearer(text))


LISTS = {
    "/api/sources": {},
    "/api/timeline": WIDE,
    "/api/timeline/density": {**WIDE, "buckets": 24},
    "/api/frames": WIDE,
    "/api/frames?at=2026-11-20T15:00:30Z": {},
    "/api/notes": WIDE,
    "/api/search?q=zebra": {},
    "/api/search?q=meadow": {},
    "/api/search?q=zebra%20OR%20horse": {},
    "/api/search?q=secret": {},
    "/api/search?q=location:secret": {},
    "/api/search?q=source:secret": {},
}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", ["asking", "timed"])
def test_a_list_holds_nothing_of_the_rest(request, who, path):
    caller = request.getfixturevalue(who)
    answer = caller.get(path, params=LISTS[path] or None)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    for repeated in ("read_as", "at", "buckets"):
        body.pop(repeated, None)
    text = json.dumps(body)
    assert not [word for word in HIDDEN if word in text]


@pytest.mark.parametrize("who", ["asking", "timed"])
def test_nothing_hidden_is_counted(request, who):
    caller = request.getfixturevalue(who)
    found = caller.get("/api/search", params={"q": "meadow"}).json()
    assert (found["total"], found["outside_range"]) == (1, 0)
    assert len(found["counts_by_source"]) == 1
    narrow = {"q": "meadow", "from": "2026-11-20T12:00:30Z", "to": "2026-11-20T12:00:35Z"}
    assert caller.get("/api/search", params=narrow).json()["outside_range"] == 1
    assert caller.get("/api/search", params={"q": "zebra"}).json()["total"] == 0
    buckets = caller.get("/api/timeline/density", params={**WIDE, "buckets": 24}).json()["buckets"]
    busy = {b["start"][11:13] for b in buckets if b["frames"] or b["segments"] or b["notes"]}
    assert busy == {"12"}


def test_a_word_that_stands_only_in_what_is_hidden_is_unknown(asking):
    assert "stands nowhere" in asking.get("/api/search", params={"q": "zebra"}).json()["read_as"]


@pytest.mark.parametrize("who", ["asking", "timed"])
def test_what_is_hidden_is_not_there_by_its_number(request, who, two):
    caller = request.getfixturevalue(who)
    _, hidden, _, kept, notes = two
    for path in (
        f"/api/sources/{hidden.id}",
        f"/api/sources/{hidden.id}/transcript.txt",
        f"/api/sources/{hidden.id}/transcript.json",
        f"/api/sources/{hidden.id}/video",
        f"/api/frames/{kept[0]}",
        f"/api/frames/{kept[0]}/image",
        f"/api/frames/{kept[0]}/image?width=320",
        f"/api/notes/{notes[1].id}",
        f"/api/notes/{notes[2].id}",
    ):
        assert caller.get(path).status_code == 404, path


def test_what_is_permitted_is_there(asking, two):
    seen, _, shown, _, notes = two
    assert asking.get(f"/api/sources/{seen.id}").json()["name"] == "open.mp4"
    assert asking.get(f"/api/frames/{shown[0]}/image").status_code == 200
    assert "horse" in asking.get(f"/api/sources/{seen.id}/transcript.txt").text
    assert asking.get(f"/api/notes/{notes[0].id}").json()["text"] == "horse note"
    page = asking.get("/api/timeline", params=WIDE).json()
    assert len(page["spans"]) == 4
    assert len(page["segments"]) == 1


def test_a_recording_that_reaches_beyond_the_window_is_seen_as_far_as_it_goes(timed, two):
    seen, _, shown, _, _ = two
    source = timed.get(f"/api/sources/{seen.id}").json()
    assert (source["started_at"], source["ended_at"]) == (
        "2026-11-20T12:00:10.000Z",
        "2026-11-20T12:00:40.000Z",
    )
    assert (source["path"], source["media"], source["size"], source["content_hash"]) == (None, None, 0, "")
    assert source["folder"] == source["time_evidence"] == ""
    spans = timed.get("/api/timeline", params=WIDE).json()["spans"]
    assert [span["start"][17:19] for span in spans] == ["10", "20", "30"]
    assert [span["end"][17:19] for span in spans] == ["20", "30", "40"]
    assert all(span["frame"]["first_seen"] >= "2026-11-20T12:00:10" for span in spans)
    assert timed.get(f"/api/frames/{shown[0]}/image").status_code == 404
    assert timed.get(f"/api/frames/{shown[1]}/image").status_code == 200
    assert timed.get(f"/api/sources/{seen.id}/video").status_code == 404


def test_what_is_said_across_the_edge_of_the_window_is_not_told(client, memory, seed, two):
    seed.say(two[0], 39, "edge words", seconds=2)
    text = secret(memory, "read", limits=WINDOW)
    client.app.state.access.load()
    caller = far(client.app, **bearer(text))
    found = caller.get("/api/search", params={"q": "edge"}).json()
    assert (found["total"], found["moments"]) == (0, [])
    assert "edge" not in caller.get("/api/timeline", params=WIDE).text


def test_where_a_picture_lies_does_not_tell_how_much_lies_before_it(timed, asking, two):
    shown = two[2]
    frame = timed.get(f"/api/frames/{shown[2]}").json()["frame"]
    assert (frame["pack"], frame["offset"], frame["thumb_offset"]) == ("", 0, 0)
    assert "frames-" not in timed.get("/api/timeline", params=WIDE).text
    same = asking.get(f"/api/frames/{shown[2]}/image?width=320")
    assert timed.get(f"/api/frames/{shown[2]}/image?width=320").content == same.content


@pytest.mark.parametrize("who", ["asking", "timed"])
def test_how_often_a_word_is_hidden_moves_no_score(request, seed, two, who):
    """Else whoever may write a note with a word could read off how rare it is in what they may not see."""
    caller = request.getfixturevalue(who)
    seed.note("zebra pasture", at(21), source=two[0])
    asked = {"q": "zebra OR pasture OR meadow"}
    before = caller.get("/api/search", params=asked).json()
    for second in range(30, 50):
        seed.say(two[1], second, "another zebra walks by", seconds=0.5)
    after = caller.get("/api/search", params=asked).json()
    assert [moment["score"] for moment in before["moments"]] == [m["score"] for m in after["moments"]]
    assert before["total"] == after["total"] == 2


def test_a_rare_word_counts_more_within_limits_too(asking, seed, two):
    for second in (3, 5, 7):
        seed.note("grass grass grass", at(second), seconds=0.5, source=two[0])
    seed.note("clover", at(55), seconds=0.5, source=two[0])
    found = asking.get("/api/search", params={"q": "grass OR clover"}).json()["moments"]
    assert found[0]["hits"][0]["text"] == "clover"


def test_others_of_the_same_name_take_up_no_place(asking, seed, two):
    for number in range(12):
        seed.source(NOON - timedelta(hours=number + 1), name=f"open {number}", path=f"/videos/{number}.mp4")
    found = asking.get("/api/search", params={"q": "open"}).json()["sources"]
    assert found == {str(two[0].id): "open.mp4"}


def test_jobs_of_other_sources_are_not_there(asking, timed, two):
    rows = asking.get("/api/jobs").json()["jobs"]
    assert [row["source_id"] for row in rows] == [two[0].id]
    hidden = rows[0]["id"] + 1
    for path in (f"/api/jobs/{hidden}", f"/api/jobs/{hidden}/events"):
        assert asking.get(path).status_code == 404
    assert timed.get("/api/jobs").status_code == 403


def test_a_stream_tells_of_permitted_jobs_alone(asking, seed, two):
    for job in asking.get("/api/jobs").json()["jobs"]:
        seed.finish(seed.memory.db and job_of(seed, job["id"]))
    with asking.stream("GET", f"/api/jobs/{job['id']}/events") as stream:
        text = "".join(stream.iter_text())
    assert "secret" not in text
    assert '"type":"done"' in text


def job_of(seed, job_id):
    from mem.store import jobs
    from mem.types import now

    with seed.memory.db.write() as w:
        claimed = jobs.claim(w, "worker", lease_seconds=60, now=now())
    assert claimed.id == job_id
    return claimed


def test_a_note_is_written_within_the_limits_alone(asking, timed, memory, two):
    seen, hidden, _, _, notes = two
    good = {"start": "2026-11-20T12:00:20Z", "end": "2026-11-20T12:00:21Z", "text": "x", "source_id": seen.id}
    assert asking.post("/api/notes", json=good).status_code == 201
    assert timed.post("/api/notes", json=good).status_code == 201
    for bad in ({**good, "source_id": hidden.id}, {**good, "source_id": None}):
        answer = asking.post("/api/notes", json=bad)
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_limits")
        assert asking.post("/api/notes/batch", json={"notes": [good, bad]}).status_code == 403
    assert timed.post("/api/notes", json={**good, "end": "2026-11-20T13:00:00Z"}).status_code == 403
    assert asking.patch(f"/api/notes/{notes[1].id}", json={"text": "mine"}).status_code == 404
    assert asking.delete(f"/api/notes/{notes[2].id}").status_code == 404
    assert timed.patch(f"/api/notes/{notes[0].id}", json={"end": "2026-11-20T14:00:00Z"}).status_code == 403
    assert asking.delete(f"/api/notes/{notes[0].id}").status_code == 204


def test_the_copy_of_notes_in_the_sources_folder_stays_whole(asking, timed, memory, two):
    seen = two[0]
    note = {"start": "2026-11-20T12:00:20Z", "text": "within", "source_id": seen.id}
    early = {"start": "2026-11-20T12:00:01Z", "text": "early", "source_id": seen.id}
    assert asking.post("/api/notes", json=early).status_code == 201
    assert timed.post("/api/notes", json=note).status_code == 201
    copy = (memory.folder / seen.folder / "notes.jsonl").read_text()
    assert all(text in copy for text in ("early", "within", "horse note"))


def test_a_search_by_a_foreign_cursor_or_source_shows_nothing(asking, two):
    hidden = two[1]
    for kind in ("sources", "timeline", "frames", "notes", "search"):
        params = {**WIDE, "source": hidden.id, "q": "meadow"}
        text = asking.get(f"/api/{kind}", params=params).text
        assert "zebra" not in text
        assert "secret" not in text


def test_all_that_a_memory_offers_is_known_here(memory):
    """Whatever is added to a memory must be limited too, or be refused to whoever has limits."""
    whole = {"config", "folder", "bell", "pulse", "copying", "ear", "eye", "reader"}  # tell nothing of it
    held = {"meaning", "remote"}  # asked only about what was found in the rows or the index
    assert {field.name for field in dataclasses.fields(memory)} == whole | held | {"db", "index"}
