"""Sending uploads in pieces, by hand."""

import base64
import json
import os
import socket
from datetime import timedelta
from typing import Self

import httpx

from mem import config as mem_config
from mem import types
from mem.memory import open_memory

from .test_jobs import wait_for

VIDEO = os.urandom(300_000)
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


def metadata(**facts: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in facts.items())


def begin(client, size: int = len(VIDEO), **facts: str) -> str:
    """Begin an upload; gives its address."""
    told = {"Upload-Metadata": metadata(**facts)} if facts else {}
    answer = client.post("/api/uploads", headers=TUS | told | {"Upload-Length": str(size)})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def send(client, address: str, offset: int, piece: bytes, **headers: str):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(address, headers=PIECE | {"Upload-Offset": str(offset)} | told, content=piece)


def offset(client, address: str) -> int:
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def left(memory) -> list[str]:
    return sorted(path.name for path in (memory.folder / "uploads").iterdir())


def age(memory, address: str, passed: timedelta) -> None:
    """Let so much time pass for an upload."""
    record = memory.folder / "uploads" / f"{address.rsplit('/', 1)[-1]}.json"
    fields = json.loads(record.read_text())
    fields["expires_at"] = (types.now() + timedelta(hours=24) - passed).isoformat()
    record.write_text(json.dumps(fields))


def opened(tmp_path, **settings):
    """A memory with other settings."""
    given = {name.replace("__", "."): value for name, value in settings.items()}
    facts = {"data_dir": str(tmp_path / "other"), "storage.min_free_bytes": 0} | given
    return open_memory(mem_config.load(facts, environ={}))


class Sender:
    """A sender on a socket of its own, who can stop in the middle of a request."""

    def __init__(self, live: httpx.Client, head: str, *, length: int, **headers: str) -> None:
        self.socket = socket.create_connection((live.base_url.host, live.base_url.port))
        told = PIECE | {"Host": "localhost", "Content-Length": str(length)}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self.socket.sendall(f"{head} HTTP/1.1\r\n{lines}\r\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def let_go(live, address: str) -> int:
    """How far the upload is once the server knows that its sender is gone."""
    wait_for(lambda: send(live, address, offset(live, address), b"").status_code == 204)
    return offset(live, address)
