from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mem.media import clock, sidecar

BERLIN = ZoneInfo("Europe/Berlin")

SIDECARS = [
    ("a.json", '{"started_at": "2024-11-20T12:00:00Z"}', "high"),
    ("a.json", '{"start_time": "2024-11-20T13:00:00+01:00"}', "high"),
    ("a.json", '{"startTime": 1732104000}', "high"),
    ("a.json", '{"startTime": 1732104000000}', "high"),
    ("a.json", '{"start": 1732104000.0}', "high"),
    ("a.json", '{"creation_time": "2024-11-20 13:00:00"}', "medium"),
    ("a.json", '{"recording": {"creationTime": "2024-11-20T12:00:00.000Z"}}', "high"),
    ("a.json", '[{"SourceFile": "a.mp4", "EXIF:DateTimeOriginal": "2024:11:20 13:00:00+01:00"}]', "high"),
    ("a.json", '{"date": "2024-11-20T12:00:00 UTC"}', "high"),
    ("a.json", '\ufeff{"date": "2024-11-20T12:00:00 +0000"}', "high"),
    (
        "a.mp4.json",
        """{"creationTime": {"timestamp": "1733000000"},
            "photoTakenTime": {"timestamp": "1732104000", "formatted": "20.11.2024, 12:00:00 UTC"}}""",
        "high",
    ),
    ("a.json", '{"date": "rubbish", "startTime": "none", "recorded_at": "2024-11-20T12:00:00Z"}', "high"),
    (
        "C0001M01.XML",
        """<?xml version="1.0"?><NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00"
            lastUpdate="2024-11-21T13:00:00+01:00"><Duration value="1500"/>
            <CreationDate value="2024-11-20T13:00:00+01:00"/></NonRealTimeMeta>""",
        "high",
    ),
    (
        "a.xml",
        "<P2Main><Access><CreationDate>2024-11-20T13:00:00+01:00</CreationDate></Access></P2Main>",
        "high",
    ),
    ("a.xml", "<clip start_time='2024-11-20T12:00:00Z'/>", "high"),
    ("a.xml", '<rdf:Description xmp:CreateDate="2024-11-20T13:00:00" x="1"/>', "medium"),
]


@pytest.mark.parametrize(("name", "text", "confidence"), SIDECARS)
def test_a_sidecar_says_when(name, text, confidence):
    reading = clock.from_sidecars({"b.json": "{}", name: text}, BERLIN, 2027)
    assert (reading.start, reading.confidence) == (datetime(2024, 11, 20, 12, tzinfo=UTC), confidence)
    assert reading.evidence.startswith(f"{name} says")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", ""),
        ("a.json", "not json"),
        ("a.json", "[" * 100_000),
        ("a.json", '{"started_at": null, "start": true, "date": "1970-01-01", "creation_time": "soon"}'),
        ("a.json", '{"started_at": 12, "date": {"year": 2024}, "timestamp": 1e300}'),
        ("a.json", '[{"date": "2024-11-20"}, {"date": "2024-11-21"}]'),
        ("a.xml", "<a"),
        ("a.xml", '<!DOCTYPE x [<!ENTITY e "2024-11-20T12:00:00Z">]><start>&e;</start>'),
        ("a.xml", "<CreationDate>" * 20_000),
        ("a.xml", "<a " * 20_000),
    ],
    ids=range(10),
)
def test_a_sidecar_without_a_start_is_passed_over(name, text):
    assert sidecar.read(name, text, 2027) is None


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", ["<a>", "<a ", "a", " ", "<a>" + " " * 500, "<a x=", "value =", "["])
def test_no_text_takes_long(text):
    long = (text * 2**20)[: 2**20]
    assert sidecar.read("a.xml", "<start>" + long, 2027) is None
    assert sidecar.read("a.json", long, 2027) is None
