"""The timeline pages over three lists without a gap or a repeat."""

import itertools
import random
from datetime import timedelta

import pytest

from .seed import RANGE, Seed, at

LISTS = ("spans", "segments", "notes", "screen")


def pages(client, **params) -> list[dict]:
    found, cursor = [], None
    while True:
        query = params | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/timeline", params=query)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        cursor = found[-1]["cursor"]
        if cursor is None:
            return found
        assert len(found) < 500


def busy(seed: Seed, chance: random.Random) -> None:
    """Three recordings at once, one of silence, one of sound only, with ties and much that overlaps."""
    for offset in (0, 0, 7):
        source = seed.source(at(offset))
        seconds = sorted(chance.sample(range(60), 12))
        seed.frames(source, [0.0, *map(float, seconds[1:]), 60.0])
        for second in sorted(chance.choices(range(60), k=9)):
            seed.say(source, second, "some words were said", chance.choice([1, 2, 30]))
        for second in chance.choices(range(60), k=9):
            seed.read(source, second, "to be read", chance.choice([1, 2, 40]))
    for second in chance.choices(range(60), k=8):
        seed.note("noted", at(second), chance.choice([1, 40]))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
@pytest.mark.parametrize("seed_number", [1, 2])
def test_pages_hold_everything_once_and_in_order(client, seed, limit, seed_number):
    busy(seed, random.Random(seed_number))
    span = {"from": at(5).isoformat(), "to": at(50).isoformat(), "screen": True}
    whole = pages(client, **span, limit=200)[0]
    assert whole["cursor"] is None
    found = pages(client, **span, limit=limit)
    for name, key in (("spans", "frame_id"), ("segments", "id"), ("notes", "id"), ("screen", "id")):
        rows = [row for page in found for row in page[name]]
        assert [(r["start"], r[key]) for r in rows] == [(r["start"], r[key]) for r in whole[name]]
        assert all(len(page[name]) <= limit for page in found)
    assert all(any(page[name] for name in LISTS) for page in found)


def test_a_page_never_runs_ahead_of_what_it_leaves_out(client, seed):
    busy(seed, random.Random(3))
    found = pages(client, **RANGE, limit=3, screen=True)
    for page, later in itertools.pairwise(found):
        shown = [row["start"] for name in LISTS for row in page[name]]
        left = [row["start"] for name in LISTS for row in later[name]]
        assert max(shown) <= min(left)


def test_a_span_comes_with_its_frame_and_a_page_with_its_sources(client, seed):
    source = seed.source()
    frame = seed.frames(source, [0, 60])[0]
    answer = client.get("/api/timeline", params=RANGE).json()
    assert answer["spans"][0]["frame"]["id"] == frame
    assert answer["spans"][0]["start"] == "2026-11-20T12:00:00.000Z"
    assert answer["sources"][str(source.id)]["name"] == "a.mp4"
    assert not answer["range_defaulted"]


def test_only_one_source_is_shown_when_one_is_asked_for(client, seed):
    first, second = seed.source(), seed.source()
    seed.frames(first, [0, 60])
    seed.frames(second, [0, 60])
    answer = client.get("/api/timeline", params=RANGE | {"source": second.id}).json()
    assert {span["source_id"] for span in answer["spans"]} == {second.id}


def test_a_range_of_silence_answers_empty(client, seed):
    seed.frames(seed.source(), [0, 60])
    span = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
    answer = client.get("/api/timeline", params=span).json()
    assert (answer["spans"], answer["segments"], answer["notes"], answer["cursor"]) == ([], [], [], None)


def test_later_pages_look_at_the_range_of_the_first(client, seed):
    """The range that the server chose ends now, and now moves on while somebody reads."""
    from mem import types

    source = seed.source(types.now() - timedelta(minutes=5))
    seed.frames(source, [0, 20, 40, 60])
    first, *others = pages(client, limit=1)
    assert first["range_defaulted"]
    assert {(page["from"], page["to"]) for page in others} == {(first["from"], first["to"])}


def test_more_than_a_page_is_cut_to_what_is_allowed(client, seed):
    source = seed.source()
    seed.frames(source, [float(n) / 10 for n in range(250)])
    answer = client.get("/api/timeline", params=RANGE | {"limit": 100_000}).json()
    assert len(answer["spans"]) == 200
    assert answer["cursor"]


@pytest.mark.parametrize("buckets", [1, 7, 60, 5000])
def test_density_counts_everything_once(client, seed, buckets):
    busy(seed, random.Random(1))
    answer = client.get("/api/timeline/density", params=RANGE | {"buckets": buckets}).json()
    assert sum(b["frames"] for b in answer["buckets"]) == 36
    assert sum(b["segments"] for b in answer["buckets"]) == 27
    assert sum(b["notes"] for b in answer["buckets"]) == 8
    assert len(answer["buckets"]) <= buckets


def test_density_over_millennia_is_bounded(client):
    span = {"from": "1001-01-01T00:00:00Z", "to": "8000-01-01T00:00:00Z", "buckets": 5000}
    answer = client.get("/api/timeline/density", params=span)
    assert answer.status_code == 200
    assert client.get("/api/timeline/density", params={"buckets": 5001}).status_code == 422


def test_it_is_said_which_recording_goes_on_from_which_even_across_pages(client, seed):
    one, two, other = seed.source(at(0)), seed.source(at(61)), seed.source(at(61), device="camera-2")
    for source in (one, two, other):
        seed.frames(source, [0.0, 60.0])
    found = pages(client, **RANGE, limit=1)
    links = {key: value for page in found for key, value in page["continues"].items()}
    assert links == {str(two.id): one.id}
    assert all(set(page["continues"]) <= set(page["sources"]) for page in found)


def test_lines_on_screen_are_shown_when_they_are_asked_for(client, seed):
    source = seed.source()
    seed.read(source, 5, "Invoice 4711", 10)
    assert pages(client, **RANGE)[0]["screen"] == []
    [line] = pages(client, **RANGE, screen=True)[0]["screen"]
    assert (line["text"], line["source_id"], line["box"]["width"]) == ("Invoice 4711", source.id, 10)


def test_what_was_said_is_shown_where_no_frame_was_kept(client, seed):
    source = seed.source()
    seed.say(source, 5, "in the dark", 2)
    page = pages(client, **RANGE)[0]
    assert (page["spans"], [row["text"] for row in page["segments"]]) == ([], ["in the dark"])


@pytest.mark.parametrize("days", [1, 30, 365, 3653])
def test_density_covers_a_day_to_ten_years(client, seed, days):
    source = seed.source()
    seed.say(source, 0, "hello", 1)
    start, end = at(0) - timedelta(days=days - 1), at(0) + timedelta(days=1)
    asked = {"from": start.isoformat(), "to": end.isoformat(), "buckets": 100}
    answer = client.get("/api/timeline/density", params=asked).json()
    assert 90 <= len(answer["buckets"]) <= 100
    assert [bucket["segments"] for bucket in answer["buckets"] if bucket["segments"]] == [1]


def test_segments_have_their_words_only_where_they_were_asked_for(client, seed):
    source = seed.source()
    segment = seed.say(source, 1, "two words")
    plain = client.get("/api/timeline", params=RANGE).json()["segments"]
    whole = client.get("/api/timeline", params=RANGE | {"words": True}).json()["segments"]
    assert [one["id"] for one in plain] == [one["id"] for one in whole] == [segment]
    assert [word["text"] for word in whole[0]["words"]]
    assert plain[0] == whole[0] | {"words": [], "heard_words": []}
