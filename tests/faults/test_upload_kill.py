"""kill -9 of the server in the middle of a piece: the upload goes on where it was, and its hash is right."""

import contextlib
import hashlib
import random
import threading
import time

import httpx

from tests import servers

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
BLOCK = 2**20
KILLS = 3


def send(url: str, content: bytes, offset: int, pause: float) -> None:
    """Send all from `offset` on, with a pause before each MiB; that the server dies is no surprise."""

    def blocks():
        for at in range(offset, len(content), BLOCK):
            time.sleep(pause)
            yield content[at : at + BLOCK]

    headers = PIECE | {"Upload-Offset": str(offset)}
    with contextlib.suppress(httpx.TransportError):
        httpx.patch(url, headers=headers, content=blocks(), timeout=30)


def test_an_upload_survives_the_death_of_the_server(tmp_path):
    data, chance = tmp_path / "data", random.Random(20261120)
    content = chance.randbytes(200 * BLOCK)
    server = servers.start(data)
    headers = TUS | {"Upload-Length": str(len(content))}
    address = httpx.post(f"{server.url}/api/uploads", headers=headers).headers["location"]
    offsets = [0]
    for number in range(KILLS):
        sender = threading.Thread(target=send, args=(server.url + address, content, offsets[-1], 0.01))
        sender.start()
        # The first offset is acknowledged after 64 MiB, by then some 0.7 s have passed.
        time.sleep(1.2 if number == 0 else chance.uniform(0.1, 0.9))
        server.kill()
        sender.join()
        server = servers.start(data)
        answer = httpx.head(server.url + address, headers=TUS)
        offsets.append(int(answer.headers["upload-offset"]))
    assert offsets == sorted(offsets)
    assert 0 < offsets[-1] < len(content)
    answer = httpx.patch(
        server.url + address,
        headers=PIECE | {"Upload-Offset": str(offsets[-1])},
        content=content[offsets[-1] :],
        timeout=60,
    )
    job = server.get(answer.headers["mem-job"]).json()
    server.kill()
    assert job["params"]["content_hash"] == hashlib.sha256(content).hexdigest()
