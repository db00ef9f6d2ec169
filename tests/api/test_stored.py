"""What is kept on disk, by day and place."""

from datetime import UTC, datetime

from .test_problems import check

YEAR = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}


def late(seed, **facts):
    """A recording that began at 23:30 in UTC, when a new day had begun in Berlin."""
    return seed.source(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), **facts)


def test_days_are_those_of_the_asked_zone(client, seed):
    late(seed)
    for zone, day in (
        ("UTC", "2026-11-20"),
        ("Europe/Berlin", "2026-11-21"),
        ("Asia/Kathmandu", "2026-11-21"),
    ):
        answer = client.get("/api/storage", params={**YEAR, "zone": zone}).json()
        assert [each["day"] for each in answer["days"]] == [day]


def test_places_of_a_day_are_told_apart_the_largest_first(client, seed):
    late(seed, location="Hall", original="original.mp4", size=100)
    late(seed, location="Hall", original="original.mp4", size=150)
    large = late(seed, location="Dock", original="original.mp4", size=200)
    seed.frames(large, [0, 5, 10])
    (day,) = client.get("/api/storage", params=YEAR).json()["days"]
    dock, hall = day["shares"]
    assert (dock["location"], dock["sources"], dock["original_bytes"]) == ("Dock", 1, 200)
    assert dock["image_bytes"] > 200
    assert (hall["location"], hall["sources"], hall["original_bytes"], hall["image_bytes"]) == (
        "Hall",
        2,
        250,
        0,
    )


def test_a_zone_that_does_not_exist_is_refused(client):
    for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd", "", "a\0b", "Europe", "x" * 100):
        check(client.get("/api/storage", params={**YEAR, "zone": zone}), 400, "bad_request")


def test_more_than_a_year_at_once_is_refused(client):
    check(client.get("/api/storage", params={**YEAR, "to": "2027-02-01T00:00:00Z"}), 400, "bad_request")
