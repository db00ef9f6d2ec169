"""Uploads are looked at by the virus scanner before they are acknowledged."""

import os
import threading

import pytest

from mem import config as mem_config
from mem import types
from mem.capture import look
from mem.capture.lease import Lease
from mem.errors import MalwareFound, ScannerAway
from mem.memory import open_memory
from mem.store import jobs
from tests import clamd

from .conftest import local_client
from .test_problems import check

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def scanner():
    with clamd.fake() as daemon:
        yield daemon


@pytest.fixture
def serving(tmp_path, scanner):
    """Gives a caller of a server with these settings of the scanner."""
    opened = []

    def serve(**settings):
        facts = {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0}
        facts |= {"security.clamav.socket": scanner.path, "security.clamav.timeout_seconds": 5}
        facts |= {f"security.clamav.{name}": value for name, value in settings.items()}
        memory = open_memory(mem_config.load(facts, environ={}))
        opened.append(memory)
        held = memory.__enter__()
        client = local_client(held)
        client.__enter__()
        opened.append(client)
        client.memory = held
        return client

    yield serve
    for each in reversed(opened):
        each.__exit__(None, None, None)


def send(client, content):
    return client.post("/api/upload", params={"filename": "a.mp4"}, content=content)


def names(client, folder):
    place = client.memory.folder / folder
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_a_good_upload_is_taken_in_and_says_that_it_was_looked_at(serving, scanner):
    client, content = serving(), os.urandom(1000)
    answer = send(client, content)
    assert answer.status_code == 202, answer.text
    assert answer.json()["params"]["scan_status"] == "clean"
    assert scanner.asked == [("zFILDES", content)]


def test_an_upload_in_which_something_is_found_lies_in_quarantine(serving):
    client = serving()
    problem = check(send(client, clamd.EVIL), 422, "malware_found")
    assert "Evil" in problem["detail"]
    assert names(client, "uploads") == []
    kept = [client.memory.folder / "quarantine" / name for name in names(client, "quarantine")]
    assert [path.suffix for path in kept] == [".bin", ".json"]
    assert kept[0].read_bytes() == clamd.EVIL
    assert kept[0].stat().st_mode & 0o777 == 0o400
    assert '"a.mp4"' in kept[1].read_text()
    assert jobs.counts(client.memory.db) == {}
    assert 'mem_scans_total{status="found"}' in client.get("/metrics").text


def test_a_resumable_upload_is_looked_at_when_it_is_whole(serving):
    client = serving()
    size = {"Upload-Length": str(len(clamd.EVIL)), "Upload-Offset": "0"}
    made = client.post("/api/uploads", headers=TUS | size)
    piece = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    check(client.patch(made.headers["location"], headers=piece, content=clamd.EVIL), 422, "malware_found")
    assert names(client, "uploads") == []
    assert client.get(made.headers["location"]).status_code == 404


def test_without_the_scanner_an_upload_has_to_wait(serving, scanner):
    client = serving()
    scanner.answer = lambda _: b""
    answer = send(client, b"good")
    check(answer, 503, "scanner_away")
    assert int(answer.headers["retry-after"]) > 0
    assert names(client, "uploads") == []


def test_without_the_scanner_an_upload_may_be_taken_in_and_is_marked(serving, scanner):
    client = serving(on_error="allow-flagged")
    scanner.answer = lambda _: b""
    assert send(client, b"good").json()["params"]["scan_status"] == "unreachable"


def test_an_upload_that_is_too_large_to_scan_goes_by_the_rule(serving, scanner):
    large = os.urandom(500)
    assert send(serving(max_bytes=100), large).json()["params"]["scan_status"] == "too_large"
    assert scanner.asked == []


def test_a_rule_may_refuse_what_is_too_large_to_scan(serving):
    check(send(serving(max_bytes=100, oversize="reject"), os.urandom(500)), 413, "too_large_to_scan")


def test_a_rule_may_have_the_beginning_looked_at(serving, scanner):
    large, client = os.urandom(500), serving(max_bytes=100, oversize="scan-head")
    assert send(client, large).json()["params"]["scan_status"] == "head_clean"
    assert scanner.asked == [("zINSTREAM", large[:100])]
    scanner.answer = lambda _: b"stream: Evil FOUND\0"
    check(send(client, os.urandom(500)), 422, "malware_found")


def captured(client, path):
    """The first look of a job at a file that was captured by path."""
    memory = client.memory
    client.post("/api/capture", json={"path": str(path)}, headers={"Authorization": "Bearer the-owners-key"})
    with memory.db.write() as w:
        job = jobs.claim(w, "test", lease_seconds=60, now=types.now(), most_deaths=3)
    return look.look(memory, Lease(memory, job, threading.Event()))


def test_a_captured_file_is_looked_at_before_it_is_decoded_and_stays_where_it_is(serving, scanner, tmp_path):
    client, file = serving(), tmp_path / "evil.mp4"
    file.write_bytes(clamd.EVIL)
    with pytest.raises(MalwareFound):
        captured(client, file)
    assert file.read_bytes() == clamd.EVIL
    assert names(client, "quarantine") == []


def test_a_captured_file_waits_for_the_scanner(serving, scanner, tmp_path):
    client, file = serving(), tmp_path / "good.mp4"
    file.write_bytes(b"good")
    scanner.answer = lambda _: b""
    with pytest.raises(ScannerAway):
        captured(client, file)
    assert ScannerAway.patient
    assert not ScannerAway.permanent
