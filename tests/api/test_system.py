"""Health, metrics, the page, and the description of the API."""

import contextlib
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from mem import types
from mem.api import pages, shapes
from mem.api.app import create_app
from mem.errors import DatabaseFailed
from mem.memory import open_memory
from mem.ops.health import Status
from mem.types import Job, Note, Source

from .conftest import local_client
from .seed import RANGE
from .test_problems import check

DOCUMENT = create_app().openapi()


def test_healthz_says_ok(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_healthz_needs_no_database(config):
    with contextlib.suppress(DatabaseFailed), open_memory(config) as memory, local_client(memory) as client:
        memory.db.close()
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert answer.json()["reasons"][0].startswith("database")


def test_readyz_says_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


def test_status_counts_what_there_is(client, seed):
    source = seed.source()
    seed.frames(source, [0, 10, 20])
    seed.job(now=types.now() - timedelta(minutes=2))
    status = client.get("/api/status").json()
    assert status["frames"] == {"kept": 2, "samples": 4, "dropped_share": 0.5}
    assert status["sources"] == {"ready": 1}
    assert status["jobs"] == {"queued": 1}
    assert status["oldest_queued_seconds"] == pytest.approx(120, abs=10)
    assert status["database"]["engine"] == "duckdb"
    assert status["database"]["size_bytes"] > 0
    assert status["disk"]["free_bytes"] > 0
    assert status["speech"]["model"] == "tiny.en"
    assert status["ready"] is True


def test_status_says_what_is_wrong(memory, config):
    import dataclasses

    from mem import config as mem_config

    facts = {
        "data_dir": str(config.data_dir),
        "storage.min_free_bytes": "900TiB",
        "whisper.model": "/nowhere",
    }
    poor = dataclasses.replace(memory, config=mem_config.load(facts, environ={}))
    with local_client(poor) as client:
        status = client.get("/api/status").json()
    assert status["status"] == "degraded"
    assert [reason.split(":")[0] for reason in status["reasons"]] == ["disk", "speech"]


def test_metrics_are_what_prometheus_reads(client, seed):
    seed.job(now=types.now() - timedelta(minutes=2))
    client.get("/api/jobs/1")
    text = client.get("/metrics").text
    assert 'mem_jobs{state="queued"} 1.0' in text
    assert re.search(r"^mem_job_oldest_queued_seconds 12\d\.", text, re.MULTILINE)
    assert re.search(r'mem_http_request_duration_seconds_count\{.*route="/api/jobs/\{id\}".*\}', text)
    assert "/api/jobs/1" not in text


def test_methods_that_somebody_invents_are_counted_as_one(client):
    for number in range(3):
        client.request(f"ODD{number}", "/api/jobs")
    text = client.get("/metrics").text
    assert "ODD" not in text
    assert 'method="other"' in text


def test_the_page_and_its_files_have_their_types(client):
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    for file in pages.FOLDER.iterdir():
        answer = client.get(f"/web/{file.name}")
        assert answer.status_code == 200, file.name
        assert not answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["cache-control"] == "no-cache"
        again = client.get(f"/web/{file.name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_scripts_are_scripts_whatever_the_machine_believes(client):
    script = next(Path(pages.FOLDER).glob("*.js")).name
    assert client.get(f"/web/{script}").headers["content-type"] == "text/javascript; charset=utf-8"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.hrefs: set[str] = set()
        self.outside: set[str] = set()

    def handle_starttag(self, tag, attrs) -> None:
        facts = dict(attrs)
        self.ids |= {facts["id"]} if "id" in facts else set()
        href = facts.get("href", facts.get("src", ""))
        self.hrefs |= {href[1:]} if href.startswith("#") else set()
        self.outside |= {href} if "://" in href else set()


def test_the_reference_names_every_route_and_leads_nowhere_else(client):
    text = client.get("/docs").text
    links = Links()
    links.feed(text)
    assert links.hrefs <= links.ids
    assert not links.outside
    for path in DOCUMENT["paths"]:
        assert path in text


def operations():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(path, method, operation, id=f"{method} {path}")


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()))
def test_every_route_says_what_it_does_and_answers(path, method, operation):
    assert operation.get("description"), "a route has a sentence"
    problems = operation["responses"]["4XX"]["content"]
    assert "application/problem+json" in problems
    good = [r for status, r in operation["responses"].items() if status.startswith("2")]
    assert good
    if "content" not in good[0]:
        assert method == "delete" or good[0]["headers"], "an answer says something"
    else:
        content = good[0]["content"]
        assert content
        for kind, one in content.items():
            if kind == "application/json":
                assert "$ref" in one["schema"] or "anyOf" in one["schema"], "an answer has a shape"


def test_every_route_of_the_application_is_described():
    described = {(p, m.upper()) for p, methods in DOCUMENT["paths"].items() for m in methods}
    assert {
        ("/api/upload", "POST"),
        ("/api/jobs/{id}/events", "GET"),
        ("/api/sources/{id}/video", "GET"),
    } <= described


SHAPES = [
    ("/api/status", Status),
    ("/api/jobs", shapes.JobPage),
    ("/api/jobs/1", Job),
    ("/api/sources", shapes.SourcePage),
    ("/api/sources/1", Source),
    ("/api/timeline", shapes.TimelinePage),
    ("/api/timeline/density", shapes.Density),
    ("/api/frames", shapes.FramePage),
    ("/api/frames?at=2026-11-20T12:00:05Z", shapes.FramesAt),
    ("/api/frames/1", shapes.FrameWithSpans),
    ("/api/sources/1/transcript.json", shapes.Transcript),
    ("/api/notes", shapes.NotePage),
    ("/api/notes/1", Note),
]


def test_answers_have_the_shapes_that_are_described(client, seed):
    source = seed.source()
    seed.frames(source, [0, 10, 20])
    seed.say(source, 3, "good morning")
    seed.note("look", source=source)
    seed.finish(seed.claimed(source), result={"frames": 2})
    for path, shape in SHAPES:
        answer = client.get(path, params=None if "?" in path else RANGE)
        value = TypeAdapter(shape).validate_json(answer.content, extra="forbid", by_alias=True)
        assert value is not None
        assert set(answer.json()) == named(shape), path


def named(shape) -> set[str]:
    return set(TypeAdapter(shape).json_schema(by_alias=True, mode="serialization")["properties"])


def test_search_finds_what_was_said_a_moment_ago(client, seed):
    source = seed.source()
    seed.frames(source, [0, 10, 20])
    seed.say(source, 3, "the invoice is overdue")
    answer = client.get("/api/search", params={"q": "invoice"})
    assert answer.status_code == 200, answer.text
    moment = answer.json()["moments"][0]
    assert moment["hits"][0]["text"] == "the invoice is overdue"
    assert moment["hits"][0]["highlights"] == [[4, 11]]
    client.delete(f"/api/sources/{source.id}")
    assert client.get("/api/search", params={"q": "invoice"}).json()["moments"] == []


@pytest.mark.parametrize(
    "query", [{}, {"q": "x", "kind": "smell"}, {"q": "x", "sort": "beauty"}, {"q": "x", "source": "a"}]
)
def test_a_search_without_sense_is_invalid(client, query):
    check(client.get("/api/search", params=query), 422, "invalid")


def test_a_search_cursor_from_elsewhere_is_refused(client):
    check(client.get("/api/search", params={"q": "x", "cursor": "nonsense"}), 400, "bad_cursor")
