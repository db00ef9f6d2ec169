"""Frames by instant and range, and their pictures."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from mem.store import screen
from mem.store.screen import NewScreenText
from mem.types import Box

from .seed import RANGE, at
from .test_problems import check


@pytest.fixture
def frame(seed) -> int:
    return seed.frames(seed.source(), [0, 60])[0]


def size(answer) -> tuple[int, int]:
    return Image.open(io.BytesIO(answer.content)).size


def test_an_instant_gives_what_stood_there_in_every_source(client, seed):
    for source in (seed.source(), seed.source()):
        seed.frames(source, [0, 10, 20])
    answer = client.get("/api/frames", params={"at": "2026-11-20T12:00:15Z"}).json()
    assert answer["at"] == "2026-11-20T12:00:15.000Z"
    assert [one["span"]["start"] for one in answer["frames"]] == ["2026-11-20T12:00:10.000Z"] * 2


def test_an_instant_that_nothing_recorded_gives_nothing(client, frame):
    assert client.get("/api/frames", params={"at": "2026-11-20T11:00:00Z"}).json()["frames"] == []


def test_frames_of_a_range_are_paged_without_gap_or_repeat(client, seed):
    for source in (seed.source(), seed.source()):
        seed.frames(source, [float(n) for n in range(31)])
    ids, cursor = [], None
    for _ in range(100):
        answer = client.get(
            "/api/frames", params=RANGE | {"limit": 7} | ({"cursor": cursor} if cursor else {})
        )
        ids += [frame["id"] for frame in answer.json()["frames"]]
        cursor = answer.json()["cursor"]
        if cursor is None:
            break
    assert len(ids) == len(set(ids)) == 60


def test_a_frame_says_when_it_stood(client, frame):
    answer = client.get(f"/api/frames/{frame}").json()
    assert answer["frame"]["id"] == frame
    assert answer["spans"][0]["end"] == "2026-11-20T12:01:00.000Z"


def test_the_text_of_a_frame_comes_with_its_boxes_and_times(client, seed, memory):
    source = seed.source()
    first, second = seed.frames(source, [0, 30, 60])
    both = NewScreenText(
        frame_id=first, start=at(0), end=at(60), text="Invoice 2381", confidence=0.9, engine="rapidocr",
        box=Box(40, 20, 200, 16),
    )  # fmt: skip
    later = replace(both, frame_id=second, start=at(30), text="Paid", box=Box(40, 50, 60, 16))
    with memory.db.write() as w:
        screen.add_many(w, source.id, [both, later])
    answer = client.get(f"/api/frames/{second}/text").json()
    assert answer["frame"]["id"] == second
    assert [line["text"] for line in answer["lines"]] == ["Invoice 2381", "Paid"]
    assert answer["lines"][0]["box"] == {"x": 40, "y": 20, "width": 200, "height": 16}
    assert (answer["lines"][0]["start"], answer["lines"][0]["end"]) == (
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T12:01:00.000Z",
    )
    only = client.get(f"/api/frames/{first}/text").json()["lines"]
    assert [line["text"] for line in only] == ["Invoice 2381"]


def test_a_frame_that_nothing_was_read_off_has_no_lines(client, frame):
    assert client.get(f"/api/frames/{frame}/text").json()["lines"] == []


def test_an_unknown_frame_is_not_found(client):
    check(client.get("/api/frames/99"), 404, "not_found")
    check(client.get("/api/frames/99/text"), 404, "not_found")
    check(client.get("/api/frames/99/image"), 404, "not_found")


def test_a_picture_is_as_wide_as_asked_for_and_never_wider_than_it_is(client, frame):
    for width, height in ((320, 180), (500, 281), (640, 360)):
        answer = client.get(f"/api/frames/{frame}/image", params={"width": width})
        assert answer.headers["content-type"] == "image/webp"
        assert size(answer) == (width, height)
    assert size(client.get(f"/api/frames/{frame}/image")) == (640, 360)
    assert size(client.get(f"/api/frames/{frame}/image?width=4096")) == (640, 360)
    assert size(client.get(f"/api/frames/{frame}/image?width=100")) == (320, 180)


def test_a_width_without_sense_is_invalid(client, frame):
    for width in (0, 15, 4097, -1):
        check(client.get(f"/api/frames/{frame}/image", params={"width": width}), 422, "invalid")


def test_a_picture_that_is_known_is_not_sent_again(client, frame):
    first = client.get(f"/api/frames/{frame}/image")
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    for given in (tag, f'"other", W/{tag}', "*"):
        again = client.get(f"/api/frames/{frame}/image", headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"/api/frames/{frame}/image", params={"width": 320}, headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_picture_asked_for_by_its_version_may_be_kept_for_ever(client, frame):
    sha256 = client.get(f"/api/frames/{frame}").json()["frame"]["sha256"]
    same = client.get(f"/api/frames/{frame}/image", params={"version": sha256[:12]})
    assert "immutable" in same.headers["cache-control"]
    other = client.get(f"/api/frames/{frame}/image", params={"version": "0" * 12})
    assert (other.status_code, other.headers["cache-control"]) == (200, "private, no-cache")
    check(client.get(f"/api/frames/{frame}/image", params={"version": "no"}), 422, "invalid")


def test_a_picture_whose_pack_is_gone_is_not_found(client, seed, memory):
    source = seed.source()
    frame = seed.frames(source, [0, 60])[0]
    (memory.folder / source.folder / "frames-000001.tar").unlink()
    check(client.get(f"/api/frames/{frame}/image"), 404, "not_found")
