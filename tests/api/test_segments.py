"""What was said, put right by a person, and listened to again."""

import json
from datetime import timedelta

from mem.capture import relisten
from mem.ops import told
from mem.search import Query, search
from mem.store import texts
from mem.store.texts import NewSegment
from mem.types import Word

from .seed import RANGE, at
from .test_problems import check

SAID = "We met the new accountant on Monday morning."
WRITTEN = "We met the brand new accountant on Friday morning."


def found(memory, words, **more):
    return [hit.id for moment in search(memory, Query(text=words, **more)).moments for hit in moment.hits]


def again(begin, said, seconds=2.0, **facts):
    step = timedelta(seconds=seconds) / len(said.split())
    words = tuple(
        Word(start=begin + n * step, end=begin + (n + 1) * step, text=word, probability=0.9)
        for n, word in enumerate(said.split())
    )
    return NewSegment(
        start=begin, end=begin + timedelta(seconds=seconds), text=said, language="en", confidence=0.9,
        model="base", words=words, **facts,
    )  # fmt: skip


def test_a_person_writes_what_was_really_said(client, seed):
    number = seed.say(seed.source(), 1, SAID)
    answer = client.patch(f"/api/segments/{number}", json={"text": f"  {WRITTEN}  "})
    row = client.get(f"/api/segments/{number}").json()
    assert answer.status_code == 200
    assert (row["text"], row["heard"]) == (WRITTEN, SAID)
    assert row["edited_at"]
    assert row["edited_by"]
    assert [word["text"] for word in row["words"]] == WRITTEN.split()
    starts = [word["start"] for word in row["words"]]
    assert starts == sorted(starts)


def test_both_are_found_and_what_was_written_is_shown(client, seed, memory):
    number = seed.say(seed.source(), 1, SAID)
    client.patch(f"/api/segments/{number}", json={"text": WRITTEN})
    assert found(memory, "friday") == found(memory, "monday") == [number]
    (moment,) = client.get("/api/search", params={"q": "monday"}).json()["moments"]
    assert moment["hits"][0]["text"] == WRITTEN
    assert not found(memory, '"morning we met"')  # no phrase goes from one text to the other


def test_a_correction_is_taken_back(client, seed, memory):
    number = seed.say(seed.source(), 1, SAID)
    before = client.get(f"/api/segments/{number}").json()
    client.patch(f"/api/segments/{number}", json={"text": WRITTEN})
    client.patch(f"/api/segments/{number}", json={"text": WRITTEN + " Really."})
    assert client.patch(f"/api/segments/{number}", json={"text": None}).json() == before
    check(client.patch(f"/api/segments/{number}", json={"text": None}), 400, "bad_request")


def test_a_correction_of_what_somebody_else_changed_is_refused(client, seed):
    number = seed.say(seed.source(), 1, SAID)
    tag = client.get(f"/api/segments/{number}").headers["etag"]
    changed = client.patch(f"/api/segments/{number}", json={"text": "One."}, headers={"If-Match": tag})
    late = client.patch(f"/api/segments/{number}", json={"text": "Two."}, headers={"If-Match": tag})
    assert changed.headers["etag"] != tag
    check(late, 412, "segment_changed")


def test_nothing_and_nobody_are_refused(client, seed):
    number = seed.say(seed.source(), 1, SAID)
    check(client.patch(f"/api/segments/{number}", json={"text": "   "}), 400, "bad_request")
    check(client.patch("/api/segments/99", json={"text": "x"}), 404, "not_found")


def test_the_folder_carries_it(client, seed, memory):
    source = seed.source()
    number = seed.say(source, 1, SAID)
    client.patch(f"/api/segments/{number}", json={"text": WRITTEN})
    (kept,) = told.segments(memory.folder / source.folder)
    assert kept == texts.get(memory.db, number)


def test_listening_again_keeps_what_a_person_wrote(client, seed, memory):
    source = seed.source()
    number = seed.say(source, 2, SAID)
    seed.say(source, 5, "Old words.")
    client.patch(f"/api/segments/{number}", json={"text": WRITTEN})
    whole = again(at(1), "Hello there we met the new accountant on Monday goodbye", seconds=5)
    with memory.db.write() as w:
        relisten.put(w, source.id, [whole])
    rows = list(texts.of_source(memory.db, source.id))
    assert rows[1].text == WRITTEN
    assert rows[1].id == number
    shown = " ".join([rows[0].text, rows[1].heard, *(row.text for row in rows[2:])])
    assert shown == whole.text


def test_listening_again_to_a_range_leaves_the_rest(seed, memory):
    source = seed.source()
    for second, said in ((1, "First one."), (5, "Second one."), (9, "Third one.")):
        seed.say(source, second, said)
    within = relisten.widened(memory.db, source.id, (at(5.5), at(6)))
    assert within == (at(5), at(7))
    with memory.db.write() as w:
        relisten.put(w, source.id, [again(at(5), "Another one.")], within)
    assert [row.text for row in texts.of_source(memory.db, source.id)] == [
        "First one.",
        "Another one.",
        "Third one.",
    ]


def test_doubted_speech_is_found_only_where_that_is_asked_for(client, seed, memory):
    source = seed.source()
    with memory.db.write() as w:
        (number,) = texts.add_many(w, source.id, [again(at(1), "Thanks for watching", suspect="phantom")])
    assert found(memory, "watching") == []
    assert found(memory, "watching", suspect=True) == [number]
    assert client.get("/api/search", params={"q": "watching", "suspect": True}).json()["total"] == 1
    listed = client.get("/api/segments", params={**RANGE, "suspect": True}).json()["segments"]
    assert [row["suspect"] for row in listed] == ["phantom"]
    client.patch(f"/api/segments/{number}", json={"text": "Thanks for watching over us"})
    assert found(memory, "watching") == [number]


def test_a_transcript_of_a_range_goes_over_several_sources(client, seed):
    one, other = seed.source(name="one.mp4"), seed.source(name="two.mp4")
    seed.say(one, 1, "Good morning.")
    seed.say(other, 3, "Good night.")
    text = client.get("/api/transcript.txt", params=RANGE).text
    assert "one.mp4" in text
    assert "two.mp4" in text
    body = client.get("/api/transcript.json", params=RANGE).json()
    assert [each["segments"][0]["text"] for each in body["sources"]] == ["Good morning.", "Good night."]
    vtt = client.get("/api/transcript.vtt", params={"from": at(0).isoformat(), "to": at(60).isoformat()}).text
    assert "2 recordings" not in vtt
    assert vtt.index("Good ") < vtt.index("night.")
    assert "00:00:03.000 --> 00:00:05.000" in vtt
    only = client.get("/api/transcript.txt", params={**RANGE, "source": other.id}).text
    assert "Good morning" not in only
    check(client.get("/api/transcript.txt", params={**RANGE, "source": 99}), 404, "not_found")


def test_webvtt_has_the_time_of_each_word(client, seed):
    source = seed.source()
    seed.say(source, 1, "Salt & pepper", seconds=3)
    text = client.get(f"/api/sources/{source.id}/transcript.vtt").text
    assert "Salt <00:00:02.000>&amp; <00:00:03.000>pepper" in text


def test_a_recording_is_listened_to_with_words_of_its_own(client, seed):
    number = seed.source().id
    client.patch(f"/api/sources/{number}", json={"hotwords": "Mem, Anna", "prompt": "A meeting."})
    row = client.get(f"/api/sources/{number}").json()
    assert (row["hotwords"], row["prompt"]) == ("Mem, Anna", "A meeting.")
    check(client.patch(f"/api/sources/{number}", json={"hotwords": "x" * 501}), 422, "invalid")


def test_the_models_are_listed_with_what_they_cost(client):
    body = client.get("/api/models").json()
    tiny = next(each for each in body["models"] if each["name"] == "tiny.en")
    assert (body["used"], body["device"]) == ("tiny.en", "cpu")
    assert tiny["here"]
    assert tiny["licence"] == "MIT"
    assert tiny["seconds_per_hour"] > 0
    assert json.dumps(body).count('"99 languages"') >= 5


def test_a_model_that_there_is_not_is_refused(client):
    check(client.post("/api/models/pull", json={"name": "hugee"}), 404, "not_found")


def test_a_range_without_recordings_is_not_listened_to(client):
    body = {"from": at(0).isoformat(), "to": at(9).isoformat()}
    check(client.post("/api/transcript/rerun", json=body), 404, "not_found")
