"""Uploads that are cut off, go on, rest too long, or are too slow."""

import contextlib
import hashlib
import os
import threading
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from mem import types
from mem.capture import partial
from mem.jobs import worker
from mem.store import jobs

from .conftest import local_client
from .test_jobs import wait_for
from .test_problems import check
from .tus import TUS, VIDEO, Sender, age, begin, left, let_go, offset, opened, send

# Cuts, restarts, other senders


def test_an_upload_cut_fifty_times_has_the_right_hash(live):
    address, reached = begin(live), [0]
    for cut in range(1, 51):
        at = reached[-1]
        with Sender(live, f"PATCH {address}", length=len(VIDEO) - at, Upload_Offset=str(at)) as sender:
            sender.socket.sendall(VIDEO[at : cut * 5_500])
            time.sleep(0.01)
        reached.append(let_go(live, address))
    assert len(set(reached)) > 25
    last = send(live, address, reached[-1], VIDEO[reached[-1] :])
    params = live.get(last.headers["mem-job"]).json()["params"]
    assert params["content_hash"] == hashlib.sha256(VIDEO).hexdigest()
    assert Path(params["path"]).read_bytes() == VIDEO


def test_a_second_sender_of_the_same_upload_is_told_to_wait(live, memory):
    content = VIDEO * 10
    address = begin(live, len(content))
    file = memory.folder / "uploads" / address.rsplit("/", 1)[-1]
    with Sender(live, f"PATCH {address}", length=len(content), Upload_Offset="0") as sender:
        sender.socket.sendall(content[:2_500_000])
        wait_for(lambda: file.stat().st_size)
        check(send(live, address, 0, b""), 423, "upload_busy")
        check(live.delete(address, headers=TUS), 423, "upload_busy")
        assert offset(live, address) == 0
    at = let_go(live, address)
    assert 2**20 <= at <= 2_500_000
    assert send(live, address, at, content[at:]).headers["mem-job"]


def test_after_a_restart_an_upload_goes_on_and_what_was_not_acknowledged_is_sent_again(memory):
    with local_client(memory) as client:
        address = begin(client)
        send(client, address, 0, VIDEO[:1000])
    file = memory.folder / "uploads" / address.rsplit("/", 1)[-1]
    with file.open("ab") as out:
        out.write(b"of a piece that the process died in")
    with worker.running(memory):  # which removes what nobody will go on with
        pass
    with local_client(memory) as client:
        assert offset(client, address) == 1000
        answer = send(client, address, 1000, VIDEO[1000:])
        params = client.get(answer.headers["mem-job"]).json()["params"]
    assert params["content_hash"] == hashlib.sha256(VIDEO).hexdigest()
    assert file.read_bytes() == VIDEO


def test_a_job_that_was_queued_just_before_a_crash_is_found_again(memory):
    with local_client(memory) as client:
        address = begin(client)
        send(client, address, 0, VIDEO[:1000])
        record = memory.folder / "uploads" / (address.rsplit("/", 1)[-1] + ".json")
        before = record.read_bytes()
        send(client, address, 1000, VIDEO[1000:])
    record.write_bytes(before)
    with local_client(memory) as client:
        answer = client.head(address, headers=TUS)
        assert answer.headers["upload-offset"] == str(len(VIDEO))
        assert answer.headers["mem-job"] == "/api/jobs/1"
        assert len(jobs.page(memory.db, limit=9)) == 1


def test_an_upload_whose_bytes_are_gone_is_not_found(client, memory):
    address = begin(client)
    send(client, address, 0, VIDEO[:1000])
    file = memory.folder / "uploads" / address.rsplit("/", 1)[-1]
    os.truncate(file, 10)
    check(send(client, address, 1000, VIDEO[1000:]), 404, "not_found")
    file.unlink()
    check(send(client, address, 1000, VIDEO[1000:]), 404, "not_found")


# Time


def test_an_upload_that_rested_a_day_is_gone_and_a_day_later_forgotten(client, memory):
    address = begin(client)
    expires = parsedate_to_datetime(client.head(address, headers=TUS).headers["upload-expires"])
    assert timedelta(hours=23, minutes=59) < expires - types.now() <= timedelta(hours=24)
    age(memory, address, timedelta(hours=23))
    partial.sweep(memory)
    send(client, address, 0, VIDEO[:1000])  # and so it has another day
    age(memory, address, timedelta(hours=25))
    assert client.head(address, headers=TUS).status_code == 410
    check(send(client, address, 1000, b"x"), 410, "upload_expired")
    partial.sweep(memory)
    assert left(memory) == [address.rsplit("/", 1)[-1] + ".json"]
    assert client.head(address, headers=TUS).status_code == 410
    age(memory, address, timedelta(hours=49))
    partial.sweep(memory)
    assert left(memory) == []
    assert client.head(address, headers=TUS).status_code == 404


def test_the_file_of_a_job_outlives_its_upload(client, memory):
    address = begin(client, 3)
    send(client, address, 0, b"abc")
    age(memory, address, timedelta(hours=50))
    partial.sweep(memory)
    assert left(memory) == [address.rsplit("/", 1)[-1]]


SLOW = {"api__slow_upload_seconds": 0.5, "api__min_upload_rate": 2000}


@pytest.fixture
def hurried(tmp_path):
    """A caller of a server that gives senders half a second for 1000 bytes."""
    from mem.api.app import serving

    with (
        opened(tmp_path, **SLOW) as memory,
        serving(memory, worker=False) as (url, _),
        httpx.Client(base_url=url, timeout=20) as caller,
    ):
        caller.memory = memory
        yield caller


def dribble(sender: Sender, *, every: float, count: int) -> bytes:
    """Send 100 bytes now and then; gives the answer."""
    sender.socket.settimeout(20)
    for _ in range(count):
        try:
            sender.socket.sendall(b"z" * 100)
        except OSError:
            break
        time.sleep(every)
    try:
        return sender.socket.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "head", ["POST /api/upload", "POST /api/uploads", "PATCH", "POST multipart"], ids=str.lower
)
def test_a_slow_sender_is_refused(hurried, head):
    headers = {"Upload_Offset": "0", "Upload_Length": "90000"}
    if head == "PATCH":
        head = f"PATCH {begin(hurried, 90_000)}"
    if head == "POST multipart":
        head, headers["Content_Type"] = "POST /api/upload", "multipart/form-data; boundary=x"
    with Sender(hurried, head, length=90_000, **headers) as sender:
        if "multipart" in headers.get("Content_Type", ""):
            sender.socket.sendall(b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n')
        assert b" 408 " in dribble(sender, every=0.1, count=6)
    wait_for(lambda: not any(name.endswith(".part") for name in left(hurried.memory)))


def test_what_a_slow_sender_sent_is_kept(hurried):
    address = begin(hurried, 90_000)
    with Sender(hurried, f"PATCH {address}", length=90_000, Upload_Offset="0") as sender:
        assert b" 408 " in dribble(sender, every=0.1, count=6)
    assert 0 < offset(hurried, address) <= 600


def test_a_sender_who_is_just_fast_enough_is_not_hurried(hurried):
    address = begin(hurried, 9_000)
    with Sender(hurried, f"PATCH {address}", length=9_000, Upload_Offset="0") as sender:
        assert b" 204 " in dribble(sender, every=0.02, count=90)


# Many


def test_a_hundred_uploads_at_once_leave_no_descriptor_open(live, memory):
    answers: list[str | None] = []

    def upload(number: int) -> None:
        content = number.to_bytes(4, "big") * 20_000
        address = begin(live, len(content))
        send(live, address, 0, content[:50_000])
        answers.append(send(live, address, 50_000, content[50_000:]).headers.get("mem-job"))

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers) - {None}) == 100
    uploads = memory.folder / "uploads"
    wait_for(lambda: not [file for file in open_files() if file.is_relative_to(uploads)])


def open_files() -> list[Path]:
    """What this process, which serves as well, holds open."""
    found = []
    for fd in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(fd.readlink())
    return found


def test_a_large_upload_in_one_piece_is_acknowledged_as_it_goes(live, memory):
    """A process that dies in the middle loses no more than the last 64 MiB or five seconds."""
    size, block = 150 * 2**20, bytes(2**20)
    address = begin(live, size)

    def chunks():
        for number in range(150):
            if number in (100, 149):  # as many as have come are on the disk soon, though no more comes
                least = (64 if number == 100 else 128) * 2**20 - 2**21
                wait_for(lambda least=least: offset(live, address) >= least)
            yield block

    assert send(live, address, 0, chunks()).headers["mem-job"]
