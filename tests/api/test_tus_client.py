"""The protocol as tuspy, a client that others wrote, speaks it."""

import hashlib
import io
import os

import pytest
from tusclient import client as tus

from .tus import let_go

VIDEO = os.urandom(300_000)


def uploader(live, **facts):
    client = tus.TusClient(f"{live.base_url}/api/uploads")
    return client.uploader(file_stream=io.BytesIO(VIDEO), metadata={"filename": "ü.mp4"}, **facts)


def params(live, answer) -> dict:
    return live.get(answer.response_headers["mem-job"]).json()["params"]


@pytest.mark.parametrize("chunk", [10**9, 70_000])
@pytest.mark.parametrize("checked", [False, True])
def test_a_file_arrives_whole(live, chunk, checked):
    sender = uploader(live, chunk_size=chunk, upload_checksum=checked)
    sender.upload()
    told = params(live, sender.request)
    assert told["name"] == "ü.mp4"
    assert told["content_hash"] == hashlib.sha256(VIDEO).hexdigest()


def test_it_goes_on_where_it_stopped(live):
    first = uploader(live, chunk_size=50_000)
    first.upload(stop_at=100_000)
    address = first.url.removeprefix(str(live.base_url).rstrip("/"))
    assert let_go(live, address) == 100_000
    second = uploader(live, chunk_size=50_000, url=first.url)
    assert second.offset == 100_000
    second.upload()
    assert params(live, second.request)["content_hash"] == hashlib.sha256(VIDEO).hexdigest()
