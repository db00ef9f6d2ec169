"""Every error, the framework's own included, is a problem that programs and people can use."""

import logging

import pytest
from starlette.responses import Response

from mem.api import problems
from mem.api.access_routes import Need
from mem.api.app import create_app
from mem.errors import MemError

from .conftest import local_client


@pytest.fixture(scope="module")
def client(quiet):
    return quiet


FIELDS = {"type", "title", "status", "detail", "code", "request_id", "instance"}


def check(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= FIELDS
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


def test_an_unknown_route_is_a_problem(client):
    assert check(client.get("/api/nothing"), 404, "unknown_route")["instance"] == "/api/nothing"


def test_an_unknown_file_of_the_page_is_a_problem(client):
    check(client.get("/web/nothing.js"), 404, "unknown_route")


@pytest.mark.parametrize("path", ["/web/../config.py", "/web/%2e%2e/config.py", "/web/..%2fconfig.py"])
def test_nothing_outside_the_page_is_served(client, path):
    assert client.get(path).status_code == 404


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.put("/healthz")
    check(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


def test_a_body_that_is_not_json_is_malformed(client):
    answer = client.post("/api/notes", content=b"{no", headers={"Content-Type": "application/json"})
    check(answer, 400, "bad_json")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_cannot_be_decoded_is_malformed(client, body):
    answer = client.post("/api/notes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_invalid_field_is_named(client):
    problem = check(client.get("/api/jobs", params={"limit": "many"}), 422, "invalid")
    assert problem["errors"][0]["field"] == "query.limit"


def test_an_answer_never_repeats_what_was_sent_in_a_field(client):
    answer = client.post("/api/notes", json={"start": "2026-11-20T12:00:00Z", "text": {"secret": "hunter2"}})
    check(answer, 422, "invalid")
    assert "hunter2" not in answer.text


def test_a_number_too_large_for_an_id_is_invalid(client):
    check(client.get(f"/api/jobs/{2**70}"), 422, "invalid")


def test_a_declared_body_beyond_the_limit_is_refused_before_it_is_read(client):
    answer = client.post("/api/notes", content=b" " * (2**20 + 1))
    check(answer, 413, "too_large")


def test_a_body_of_unknown_length_is_counted(client):
    def chunks():
        for _ in range(20):
            yield b" " * 2**16

    check(client.post("/api/notes", content=chunks()), 413, "too_large")


def test_a_request_id_is_taken_over(client):
    answer = client.get("/api/nothing", headers={"X-Request-Id": "from-the-proxy.1"})
    assert answer.json()["request_id"] == "from-the-proxy.1"


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>"])
def test_a_request_id_that_is_none_is_replaced(client, given):
    assert client.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"] != given


def test_what_nobody_foresaw_is_logged_under_the_id_that_the_answer_shows(memory, caplog):
    with local_client(memory) as client:

        @client.app.get("/broken")
        def broken() -> None:
            raise RuntimeError("a secret of the inside")

        client.app.state.gate.routes.add("GET", "/broken", Need())
        with caplog.at_level(logging.ERROR):
            answer = client.get("/broken")
    check(answer, 500, "internal_error")
    assert "secret" not in answer.text
    record = next(r for r in caplog.records if r.message == "request failed")
    assert record.exc_info is not None


def test_an_error_without_any_words_is_a_problem(memory):
    with local_client(memory) as client:

        @client.app.get("/bare")
        def bare() -> Response:
            return Response(status_code=416, headers={"content-range": "bytes */9"})

        client.app.state.gate.routes.add("GET", "/bare", Need())
        answer = client.get("/bare")
    check(answer, 416, "bad_range")
    assert answer.headers["content-range"] == "bytes */9"


def test_an_error_says_its_hint_and_when_to_come_back():
    class Later(MemError):
        """Not now."""

        code, status, hint = "later", 503, "Wait."

    answer = problems.of_error({"path": "/x", "mem.request_id": "1"}, Later())
    assert answer.headers["retry-after"] == "5"
    assert b'"hint":"Wait."' in answer.body


def test_the_module_wide_application_reads_no_configuration_when_it_is_imported(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("nonsense: 1")
    create_app()
