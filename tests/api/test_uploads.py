"""Taking in by path and by upload."""

import hashlib
import os
import resource
import socket
import stat
import threading
import time

import pytest
from starlette.testclient import TestClient

from mem import config as mem_config
from mem.memory import open_memory
from mem.store import jobs

from .conftest import local_client
from .test_jobs import wait_for
from .test_problems import check

VIDEO = os.urandom(300_000)
ODD_NAMES = [
    *("../../etc/passwd", "a/b\\c.mp4", "\u202egpm.exe", "x" * 3000 + ".mp4", "日本語 🎬.mp4", "con.mp4"),
    *("-rf", "a\nb.mp4", "a\0b.mp4", ".", "..", " ", "%2e%2e%2f"),
]


def left(memory) -> list[str]:
    return sorted(path.name for path in (memory.folder / "uploads").iterdir())


@pytest.fixture
def small(tmp_path):
    """A caller of a server that takes uploads of 100 KB."""
    facts = {"data_dir": str(tmp_path / "small"), "storage.min_free_bytes": 0, "api.max_upload_size": 100_000}
    with open_memory(mem_config.load(facts, environ={})) as memory, local_client(memory) as client:
        client.memory = memory
        yield client


def test_a_raw_body_is_stored_as_it_is_and_its_capture_queued(client, memory):
    facts = {
        "filename": "a.mp4",
        "started_at": "2026-11-20T14:00:00+02:00",
        "location": "Hall",
        "device": "cam",
    }
    answer = client.post("/api/upload", params=facts, content=VIDEO)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    params = job["params"]
    assert (params["name"], params["location"], params["device"], params["upload"]) == (
        "a.mp4",
        "Hall",
        "cam",
        True,
    )
    assert params["started_at"].startswith("2026-11-20T12:00:00")
    assert params["content_hash"] == hashlib.sha256(VIDEO).hexdigest()
    (name,) = left(memory)
    file = memory.folder / "uploads" / name
    assert params["path"] == str(file)
    assert file.read_bytes() == VIDEO
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_form_is_stored_the_same_with_its_fields_on_either_side(client, memory):
    boundary = b"xyz"
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="location"\r\n\r\nHall\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n'
        b"Content-Type: video/mp4\r\n\r\n" + VIDEO + b"\r\n--xyz\r\n"
        b'Content-Disposition: form-data; name="started_at"\r\n\r\n2026-11-20T12:00:00Z\r\n--xyz--\r\n'
    )
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    answer = client.post("/api/upload", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 202, answer.text
    params = answer.json()["params"]
    assert (params["name"], params["location"]) == ("a.mp4", "Hall")
    assert params["started_at"].startswith("2026-11-20T12:00:00")
    assert (memory.folder / "uploads" / left(memory)[0]).read_bytes() == VIDEO


def test_a_file_name_is_data_and_never_a_path(client, memory):
    for number, name in enumerate(ODD_NAMES, start=1):
        answer = client.post("/api/upload", params={"filename": name}, content=VIDEO)
        assert answer.status_code == 202
        shown = answer.json()["params"]["name"]
        assert shown == name.replace("\0", "\N{REPLACEMENT CHARACTER}")
        assert len(left(memory)) == number
    assert all(set(file) <= set("0123456789abcdef-") for file in left(memory))


def test_a_name_that_is_not_utf_8_is_shown_as_well_as_it_can_be(client):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff\xfe.mp4"\r\n\r\nabc\r\n--x--\r\n'
    )
    answer = client.post(
        "/api/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 202
    assert answer.json()["params"]["name"].endswith(".mp4")


def test_a_known_file_is_answered_with_its_source_and_not_kept(client, seed, memory):
    source = seed.source(content_hash=hashlib.sha256(VIDEO).hexdigest())
    answer = client.post("/api/upload", content=VIDEO)
    assert answer.status_code == 200
    assert answer.json()["duplicate"] is True
    assert answer.json()["source"]["id"] == source.id
    assert left(memory) == []


def test_a_declared_length_beyond_the_limit_is_refused_before_a_byte_is_read(small):
    answer = small.post("/api/upload", content=b"", headers={"Content-Length": "100001"})
    check(answer, 413, "too_large")


@pytest.mark.parametrize("form", [False, True])
def test_bytes_are_counted_whatever_the_header_says(small, form):
    def chunks():
        if form:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(101):
            yield b"z" * 1000

    kind = "multipart/form-data; boundary=x" if form else "application/octet-stream"
    check(small.post("/api/upload", content=chunks(), headers={"Content-Type": kind}), 413, "too_large")
    assert left(small.memory) == []


def test_exactly_the_limit_is_allowed(small):
    assert small.post("/api/upload", content=b"z" * 100_000).status_code == 202


def test_a_volume_without_room_takes_nothing(tmp_path):
    facts = {"data_dir": str(tmp_path / "full"), "storage.min_free_bytes": "900TiB"}
    with open_memory(mem_config.load(facts, environ={})) as memory, local_client(memory) as client:
        check(client.post("/api/upload", content=VIDEO), 507, "disk_full")
        assert left(memory) == []


def test_an_empty_upload_is_refused(client, memory):
    check(client.post("/api/upload", content=b""), 422, "empty_file")
    assert left(memory) == []


def test_a_naive_start_is_refused_before_the_body_is_kept(client, memory):
    answer = client.post("/api/upload", params={"started_at": "2026-11-20T12:00:00"}, content=VIDEO)
    check(answer, 422, "naive_time")
    form = {"started_at": "2026-11-20T12:00:00"}
    check(client.post("/api/upload", data=form, files={"file": ("a", VIDEO)}), 422, "naive_time")
    assert left(memory) == []


def test_a_compressed_body_is_refused(client):
    check(client.post("/api/upload", content=VIDEO, headers={"Content-Encoding": "gzip"}), 400, "bad_request")


def part(facts: bytes, body: bytes) -> bytes:
    return b"--x\r\nContent-Disposition: form-data; " + facts + b"\r\n\r\n" + body + b"\r\n"


FILE = part(b'name="file"; filename="a"', b"abc")
BROKEN_FORMS = [
    b"",
    b"nonsense",
    b"--x\r\n\r\n",
    part(b'name="a"', b"b") + b"--x--\r\n",
    FILE.removesuffix(b"\r\n"),
    FILE + FILE + b"--x--\r\n",
    part(b'name="a"', b"b" * 9000) + b"--x--\r\n",
    part(b'name="a' + b"b" * 9000 + b'"', b"") + b"--x--\r\n",
    b"".join(part(b'name="%d"' % n, b"b") for n in range(99)),
    FILE + part(b'name="location"', b"b" * 501) + b"--x--\r\n",
]


def test_a_broken_form_leaves_nothing(client, memory):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in BROKEN_FORMS:
        check(client.post("/api/upload", content=body, headers=kind), 400, "bad_request")
    assert left(memory) == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 300])
def test_a_form_without_a_usable_boundary_is_malformed(client, kind):
    check(client.post("/api/upload", content=b"x", headers={"Content-Type": kind}), 400, "bad_request")


def test_a_full_queue_takes_nothing_more(tmp_path):
    facts = {"data_dir": str(tmp_path / "busy"), "storage.min_free_bytes": 0, "jobs.max_queued": 1}
    with open_memory(mem_config.load(facts, environ={})) as memory, local_client(memory) as client:
        assert client.post("/api/upload", content=b"one").status_code == 202
        answer = client.post("/api/upload", content=b"two")
        check(answer, 503, "too_busy")
        assert answer.headers["retry-after"] == "60"
        assert len(left(memory)) == 1


def test_a_caller_who_goes_away_leaves_nothing(live, memory):
    host, port = live.base_url.host, live.base_url.port
    with socket.create_connection((host, port)) as caller:
        caller.sendall(b"POST /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n")
        caller.sendall(b"z" * 2_000_000)
        wait_for(lambda: left(memory))
        assert left(memory)[0].endswith(".part")
    wait_for(lambda: not left(memory))
    assert jobs.page(memory.db, limit=1) == []


def test_what_was_being_received_when_the_process_died_is_removed_at_the_next_start(memory):
    (memory.folder / "uploads" / "left.part").write_bytes(b"z")
    (memory.folder / "uploads" / "whole").write_bytes(b"z")
    with local_client(memory):
        assert left(memory) == ["whole"]


def test_a_large_upload_needs_little_memory_and_no_second_copy(live, memory, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    block = bytes(2**20)

    def chunks():
        for _ in range(200):
            yield block

    live.post("/api/upload", content=chunks())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = live.post("/api/upload", content=(b"y" + chunk for chunk in chunks()))
    assert answer.status_code == 202
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB
    assert list((tmp_path / "tmp").iterdir()) == []


def test_many_uploads_at_once_are_all_taken(live, memory):
    answers = []

    def send(number: int) -> None:
        answers.append(live.post("/api/upload", content=number.to_bytes(4, "big") * 50_000).status_code)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [202] * 20
    assert len(left(memory)) == 20


def test_other_answers_come_while_an_upload_is_slow(live, memory):
    host, port = live.base_url.host, live.base_url.port
    callers = [socket.create_connection((host, port)) for _ in range(50)]
    for caller in callers:
        caller.sendall(b"POST /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\nz")
    wait_for(lambda: len(left(memory)) == 50)
    began = time.monotonic()
    answer = live.get("/api/status")
    passed = time.monotonic() - began
    for caller in callers:
        caller.close()
    assert answer.status_code == 200
    assert passed < 5
    wait_for(lambda: not left(memory))


def capture(client: TestClient, **body):
    return client.post("/api/capture", json=body)


@pytest.fixture
def inbox(memory):
    return memory.folder / "inbox"


def test_a_capture_by_path_is_queued(client, inbox):
    (inbox / "a.mp4").write_bytes(b"video")
    answer = capture(client, path=str(inbox / "a.mp4"), started_at="2026-11-20T12:00:00Z", location="Hall")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/jobs/{answer.json()['id']}"
    assert answer.json()["params"]["location"] == "Hall"
    assert answer.json()["params"]["upload"] is False


def test_missing_and_forbidden_paths_are_told_apart_by_nobody(client, inbox, tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"video")
    (inbox / "link.mp4").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox / "loop")
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "pipe")
    for path in [outside, inbox / "missing.mp4", inbox / "link.mp4", inbox / ".." / ".." / "outside.mp4",
                 inbox / "loop", inbox / "folder", inbox / "pipe", "/dev/zero", "/" + "x" * 300]:  # fmt: skip
        problem = check(capture(client, path=str(path)), 404, "not_found")
        assert (
            problem["detail"].replace(str(path), "PATH")
            == "There is no recording at PATH that may be captured."
        )


@pytest.mark.parametrize("body", [{}, {"path": ""}, {"path": 5}, {"path": "a\0b"}, {"path": "x" * 5000}])
def test_a_capture_without_a_usable_path_is_invalid(client, body):
    check(client.post("/api/capture", json=body), 422, "invalid")


def test_a_capture_with_a_naive_start_is_refused(client, inbox):
    (inbox / "a.mp4").write_bytes(b"video")
    check(capture(client, path=str(inbox / "a.mp4"), started_at="2026-11-20T12:00:00"), 422, "naive_time")


def test_the_date_of_the_senders_file_goes_with_the_job(client):
    job = client.post("/api/upload", params={"modified_at": "2026-11-20T14:00:00Z"}, content=b"x").json()
    assert job["params"]["modified_at"] == "2026-11-20T14:00:00+00:00"
    check(client.post("/api/upload", params={"modified_at": "2026-11-20"}, content=b"y"), 422, "naive_time")
