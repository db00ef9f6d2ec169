"""Uploads that come in pieces: tus 1.0.0."""

import base64
import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from mem.api.room import Room
from mem.errors import DiskFull
from mem.store import jobs

from .conftest import local_client
from .test_problems import check
from .test_uploads import ODD_NAMES
from .tus import PIECE, TUS, VIDEO, Sender, begin, left, let_go, metadata, offset, opened, send

# What the server says it can


def test_options_says_what_the_server_can(client):
    for address in ("/api/uploads", "/api/uploads/" + "a" * 32):
        answer = client.options(address)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        wanted = {"creation", "creation-with-upload", "expiration", "termination", "checksum"}
        assert set(answer.headers["tus-extension"].split(",")) == wanted
        assert answer.headers["tus-max-size"] == str(10 * 2**30)
        assert answer.headers["tus-checksum-algorithm"].split(",") == ["sha256", "sha1"]


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"Tus-Resumable": "0.2.2"}])
def test_another_version_is_refused_with_the_right_one(client, method, headers):
    address = "/api/uploads" + ("" if method == "POST" else "/" + "a" * 32)
    answer = client.request(method, address, headers=headers)
    assert answer.status_code == 412
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET"])
@pytest.mark.parametrize("name", ["a" * 32, "nothing", "%2e%2e", "..%2f..%2fmem.duckdb", "a.json"])
def test_an_unknown_upload_is_not_found(client, method, name):
    answer = client.request(method, f"/api/uploads/{name}", headers=PIECE | {"Upload-Offset": "0"})
    assert answer.status_code == 404


# From the first piece to the job


def test_an_upload_in_pieces_becomes_a_job_with_the_facts_of_its_metadata(client, memory):
    address = begin(
        client, filename="a.mp4", filetype="video/mp4", started_at="2026-11-20T14:00:00+02:00",
        modified_at="2026-11-20T15:00:00Z", location="Hall", device="cam",
    )  # fmt: skip
    first = send(client, address, 0, VIDEO[:100_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "100000")
    assert first.headers["tus-resumable"] == "1.0.0"
    assert "mem-job" not in first.headers
    assert offset(client, address) == 100_000
    last = send(client, address, 100_000, VIDEO[100_000:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(VIDEO)))
    params = client.get(last.headers["mem-job"]).json()["params"]
    assert params["content_hash"] == hashlib.sha256(VIDEO).hexdigest()
    assert (params["name"], params["location"], params["device"]) == ("a.mp4", "Hall", "cam")
    assert params["started_at"].startswith("2026-11-20T12:00:00")
    assert params["modified_at"].startswith("2026-11-20T15:00:00")
    file = Path(params["path"])
    assert file.read_bytes() == VIDEO
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_state_of_an_upload_is_json(client):
    address = begin(client)
    send(client, address, 0, VIDEO[:7])
    state = client.get(address).json()
    assert state["id"] == address.rsplit("/", 1)[-1]
    assert (state["offset"], state["size"], state["job"], state["source"]) == (7, len(VIDEO), None, None)
    assert state["expires_at"].endswith("Z")
    send(client, address, 7, VIDEO[7:])
    assert client.get(address).json()["job"] == 1


def test_head_gives_back_the_metadata_and_may_not_be_stored(client):
    told = metadata(filename="ü.mp4") + ",is_confidential"
    headers = TUS | {"Upload-Length": "9", "Upload-Metadata": told}
    answer = client.head(client.post("/api/uploads", headers=headers).headers["location"], headers=TUS)
    assert answer.headers["upload-metadata"] == told
    assert answer.headers["upload-length"] == "9"
    assert answer.headers["cache-control"] == "no-store"


def test_the_first_piece_may_come_with_the_creation(client):
    headers = PIECE | {"Upload-Length": str(len(VIDEO))}
    answer = client.post("/api/uploads", headers=headers, content=VIDEO[:1000])
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")
    send(client, answer.headers["location"], 1000, VIDEO[1000:])
    whole = client.post("/api/uploads", headers=PIECE | {"Upload-Length": "3"}, content=b"abc")
    assert (whole.status_code, whole.headers["mem-job"]) == (201, "/api/jobs/2")


def test_a_sender_that_missed_the_last_answer_learns_of_the_job(client):
    address = begin(client, 3)
    send(client, address, 0, b"abc")
    answer = client.head(address, headers=TUS)
    assert (answer.headers["upload-offset"], answer.headers["mem-job"]) == ("3", "/api/jobs/1")
    again = send(client, address, 3, b"")
    assert (again.status_code, again.headers["mem-job"]) == (204, "/api/jobs/1")
    assert len(jobs.page(client.app.state.memory.db, limit=9)) == 1


def test_known_content_is_answered_with_its_source_and_not_kept(client, seed, memory):
    source = seed.source(content_hash=hashlib.sha256(VIDEO).hexdigest())
    address = begin(client)
    answer = send(client, address, 0, VIDEO)
    assert answer.headers["mem-source"] == f"/api/sources/{source.id}"
    assert client.get(address).json()["source"] == source.id
    assert left(memory) == [address.rsplit("/", 1)[-1] + ".json"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_data(client, memory, name):
    address = begin(client, 3, filename=name)
    answer = send(client, address, 0, b"abc")
    assert client.get(answer.headers["mem-job"]).json()["params"]["name"] == name.replace("\0", "\ufffd")
    assert len(left(memory)) == 2


def test_a_sender_may_say_the_method_in_a_header(client, memory):
    address = begin(client, 3)
    told = PIECE | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(address, headers=told, content=b"ab").status_code == 204
    assert client.post(address, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert left(memory) == []
    check(client.post(address, headers=TUS), 400, "bad_request")


def test_an_upload_is_dropped(client, memory):
    address = begin(client)
    send(client, address, 0, VIDEO[:1000])
    assert client.delete(address, headers=TUS).status_code == 204
    assert left(memory) == []
    check(client.get(address), 404, "not_found")


def test_dropping_an_upload_that_was_taken_in_leaves_its_file(client, memory):
    address = begin(client, 3)
    send(client, address, 0, b"abc")
    assert client.delete(address, headers=TUS).status_code == 204
    assert left(memory) == [address.rsplit("/", 1)[-1]]


# What is refused


def test_a_piece_that_does_not_begin_where_the_upload_ends_is_refused(client):
    address = begin(client)
    send(client, address, 0, VIDEO[:1000])
    for wrong in (0, 999, 1001, len(VIDEO)):
        check(send(client, address, wrong, b""), 409, "offset_mismatch")
    assert offset(client, address) == 1000


@pytest.mark.parametrize("wrong", ["", "-1", "x", "1e3", "²", "9" * 30])
def test_a_number_that_is_none_is_malformed(client, wrong):
    headers = {"Upload-Length": wrong.encode()}
    check(client.post("/api/uploads", headers=TUS | headers), 400, "bad_request")
    check(client.patch(begin(client), headers=PIECE | {"Upload-Offset": wrong.encode()}), 400, "bad_request")


def test_a_body_that_is_not_announced_as_a_piece_is_refused(client):
    address = begin(client)
    check(send(client, address, 0, b"x", Content_Type="application/octet-stream"), 415, "not_a_piece")
    headers = TUS | {"Upload-Length": "9"}
    check(client.post("/api/uploads", headers=headers, content=b"x"), 415, "not_a_piece")
    check(send(client, address, 0, b"x", Content_Encoding="gzip"), 400, "bad_request")


@pytest.mark.parametrize("told", ["filename YQ==,filename YQ==", "filename *", "ä YQ==", "a b c", "a YQ=\tx"])
def test_metadata_that_cannot_be_read_is_malformed(client, memory, told):
    headers = TUS | {"Upload-Length": "9", "Upload-Metadata": told.encode()}
    check(client.post("/api/uploads", headers=headers), 400, "bad_request")
    assert left(memory) == []


def test_facts_that_could_not_be_stored_are_refused_before_a_byte(client, memory):
    for facts, code in (({"started_at": "2026-11-20"}, "naive_time"), ({"modified_at": "x"}, "bad_time")):
        headers = TUS | {"Upload-Length": "9", "Upload-Metadata": metadata(**facts)}
        check(client.post("/api/uploads", headers=headers), 422, code)
    headers = TUS | {"Upload-Length": "9", "Upload-Metadata": metadata(location="x" * 501)}
    check(client.post("/api/uploads", headers=headers), 400, "bad_request")
    assert left(memory) == []


def test_what_is_declared_too_large_or_empty_is_refused_before_a_byte(tmp_path):
    with opened(tmp_path, api__max_upload_size=1000) as memory, local_client(memory) as client:
        assert client.options("/api/uploads").headers["tus-max-size"] == "1000"
        check(client.post("/api/uploads", headers=TUS | {"Upload-Length": "1001"}), 413, "too_large")
        check(client.post("/api/uploads", headers=TUS | {"Upload-Length": "0"}), 422, "empty_file")
        assert left(memory) == []


def test_more_than_declared_is_refused_and_not_kept(client):
    address = begin(client, 2_000_000)
    check(send(client, address, 0, bytes(2_000_001)), 413, "too_large")

    def chunks():
        for _ in range(2001):
            yield bytes(1000)

    check(send(client, address, 0, chunks()), 413, "too_large")
    assert offset(client, address) == 0
    assert send(client, address, 0, bytes(2_000_000)).headers["mem-job"] == "/api/jobs/1"
    wanted = hashlib.sha256(bytes(2_000_000)).hexdigest()
    assert client.get("/api/jobs/1").json()["params"]["content_hash"] == wanted


def test_a_volume_without_room_takes_nothing(tmp_path):
    with opened(tmp_path, storage__min_free_bytes="900TiB") as memory, local_client(memory) as client:
        check(client.post("/api/uploads", headers=TUS | {"Upload-Length": "1"}), 507, "disk_full")
        assert left(memory) == []


def test_two_uploads_never_count_on_the_same_free_space(memory):
    room, free = Room(memory), memory.folder
    half = (os.statvfs(free).f_bavail * os.statvfs(free).f_frsize) * 6 // 10
    with room.claim() as first, room.claim() as second:
        first.ask(half)
        with pytest.raises(DiskFull):
            second.ask(half)
        first.use(half // 2)
        second.ask(half // 2)
    with room.claim() as third:
        third.ask(half)


def test_a_full_queue_takes_nothing_more(tmp_path):
    with opened(tmp_path, jobs__max_queued=1) as memory, local_client(memory) as client:
        address = begin(client, 3)
        client.post("/api/upload", content=b"one")
        check(client.post("/api/uploads", headers=TUS | {"Upload-Length": "1"}), 503, "too_busy")
        check(send(client, address, 0, b"abc"), 503, "too_busy")
        assert offset(client, address) == 0


# Checksums


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_piece_is_kept_when_it_is_what_its_checksum_says(client, algorithm):
    address = begin(client)
    digest = base64.b64encode(hashlib.new(algorithm, VIDEO[:1000]).digest()).decode()
    wrong = send(client, address, 0, VIDEO[1:1001], Upload_Checksum=f"{algorithm} {digest}")
    check(wrong, 460, "checksum_mismatch")
    assert offset(client, address) == 0
    right = send(client, address, 0, VIDEO[:1000], Upload_Checksum=f"{algorithm} {digest}")
    assert right.headers["upload-offset"] == "1000"
    last = send(client, address, 1000, VIDEO[1000:])
    params = client.get(last.headers["mem-job"]).json()["params"]
    assert params["content_hash"] == hashlib.sha256(VIDEO).hexdigest()


@pytest.mark.parametrize("told", ["md5 YQ==", "sha256", "sha256 *", "", "sha256 YQ=="])
def test_a_checksum_that_cannot_be_checked_is_refused(client, told):
    address = begin(client)
    assert send(client, address, 0, b"abc", Upload_Checksum=told).status_code in (400, 460)
    assert offset(client, address) == 0


def test_what_came_of_a_cut_piece_with_a_checksum_is_not_kept(live):
    address = begin(live)
    told = {"Upload_Offset": "0", "Upload_Checksum": "sha256 " + base64.b64encode(bytes(32)).decode()}
    with Sender(live, f"PATCH {address}", length=len(VIDEO), **told) as sender:
        sender.socket.sendall(VIDEO[:100_000])
        time.sleep(0.05)
    assert let_go(live, address) == 0
    assert send(live, address, 0, VIDEO).headers["mem-job"]
