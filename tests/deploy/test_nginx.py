"""The site in front of a real server: uploads, streams, limits and names, over TLS."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from mem import config as mem_config
from tests import servers

SITE = Path(__file__).parents[2] / "deploy" / "nginx" / "mem.conf"
NAME = "mem.example.com"
UPLOAD = 64 * 2**20
BLOCK = b"\0" * 2**20


@dataclass
class Site:
    """nginx with Mem behind it."""

    url: str
    server: servers.Server
    client: httpx.Client
    folder: Path
    token: str


def nginx() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/bin")
    if found is None:
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def certificate(folder: Path) -> None:
    openssl = shutil.which("openssl") or pytest.skip("openssl is not installed; nothing makes a certificate")
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "1", "-subj"]
    command = [openssl, *words, f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", str(folder / "mem.key"), "-out", str(folder / "mem.crt")]
    subprocess.run(command, check=True, capture_output=True)


def configuration(folder: Path, plain: int, tls: int, upstream: int) -> Path:
    """The site as it is, with this test's ports and paths."""
    site = SITE.read_text()
    site = re.sub(r"^\s*listen \[::\].*\n", "", site, flags=re.MULTILINE)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{plain};")
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl")
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = site.replace("/etc/ssl/certs/", f"{folder}/").replace("/etc/ssl/private/", f"{folder}/")
    (folder / "site.conf").write_text(site)
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};"
        for kind in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log warn;\n"
        "worker_processes 1;\nevents {}\n"
        f"http {{\n    access_log off;\n{temporary}\n    include {folder}/site.conf;\n}}\n"
    )
    return main


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    program = nginx()
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    data = folder / "data"
    facts = {"api__allowed_hosts": f'["{NAME}"]', "api__trusted_proxies": '["127.0.0.1"]'}
    made = servers.answer(
        data, "token", "create", "--name", "t", "--scope", "read,write,capture,admin", **facts
    )
    with servers.running(data, **facts) as server:
        plain, tls = free_port(), free_port()
        main = configuration(folder, plain, tls, httpx.URL(server.url).port)
        for end in ("proxy", "client_body"):
            (folder / end).mkdir()
        subprocess.run([program, "-t", "-c", str(main)], check=True, capture_output=True)
        process = subprocess.Popen([program, "-c", str(main)], stderr=subprocess.DEVNULL)
        context = ssl.create_default_context(cafile=str(folder / "mem.crt"))
        token = made["secret"]
        headers = {"Authorization": f"Bearer {token}", "Host": NAME}
        url = f"https://127.0.0.1:{tls}"
        transport = httpx.HTTPTransport(verify=context)
        try:
            with httpx.Client(base_url=url, headers=headers, transport=transport, timeout=60) as client:
                wait(client)
                yield Site(url, server, client, folder, token)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def ask(site: Site, method: str, path: str, **more) -> httpx.Response:
    return site.client.request(method, path, extensions={"sni_hostname": NAME}, **more)


def wait(client: httpx.Client) -> None:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        with contextlib.suppress(httpx.TransportError):
            client.get("/healthz", extensions={"sni_hostname": NAME})
            return
        time.sleep(0.05)
    raise AssertionError("nginx did not answer")


def test_the_site_passes_questions_on(site):
    answer = ask(site, "GET", "/api/status")
    assert answer.status_code == 200, answer.text
    assert answer.headers["strict-transport-security"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_without_a_token_nobody_is_let_in(site):
    assert ask(site, "GET", "/api/sources", headers={"Authorization": ""}).status_code in (401, 403)


def test_a_forged_address_is_not_believed(site):
    forged = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    answer = ask(site, "GET", "/api/sources", headers={"Authorization": "", **forged})
    assert answer.status_code in (401, 403)


def blocks(size: int) -> Iterator[bytes]:
    for _ in range(size // len(BLOCK)):
        yield BLOCK


def test_an_upload_reaches_mem_while_it_is_sent(site):
    """Nothing of it is kept by nginx on the way: Mem has the first half before the second is sent."""
    uploads, seen = site.folder / "data" / "uploads", []

    def sent() -> Iterator[bytes]:
        for number, block in enumerate(blocks(UPLOAD)):
            if number == UPLOAD // len(BLOCK) // 2:
                limit = time.monotonic() + 10
                while time.monotonic() < limit and not seen:
                    sizes = [file.stat().st_size for file in uploads.glob("*.part")]
                    seen.extend(size for size in sizes if size > UPLOAD // 4)
                    time.sleep(0.02)
            yield block

    answer = ask(site, "POST", "/api/upload", params={"filename": "zeros.mp4"}, content=sent())
    assert answer.status_code in (202, 415), answer.text
    assert seen, "nothing had reached the server by the middle"
    assert not [file for file in (site.folder / "client_body").rglob("*") if file.is_file()]


def test_what_is_larger_than_the_limit_is_refused_before_it_is_sent(site):
    limit = mem_config.ApiConfig().max_upload_size
    context = ssl.create_default_context(cafile=str(site.folder / "mem.crt"))
    address = ("127.0.0.1", httpx.URL(site.url).port)
    head = (
        f"POST /api/upload?filename=x.mp4 HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {site.token}\r\n"
        f"Content-Length: {limit + 1}\r\n\r\n"
    )
    with (
        socket.create_connection(address, timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as line,
    ):
        line.sendall(head.encode())
        assert line.recv(99).startswith(b"HTTP/1.1 413")


def test_the_limits_are_those_of_the_server():
    api = mem_config.ApiConfig()
    sizes = re.findall(r"client_max_body_size (\d+)m;", SITE.read_text())
    assert [int(size) * 2**20 for size in sizes] == [api.max_body_size, api.max_upload_size]


def test_an_event_goes_out_as_it_comes(site):
    """Through nginx, within a second of its happening."""
    heard: list[float] = []
    ready = threading.Event()

    def listen() -> None:
        stream = site.client.stream("GET", "/api/events", extensions={"sni_hostname": NAME})
        with stream as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            ready.set()
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    heard.append(time.monotonic())
                    return

    listening = threading.Thread(target=listen)
    listening.start()
    assert ready.wait(10)
    content = hashlib.sha256(os.urandom(8)).digest() * 1000
    began = time.monotonic()
    ask(site, "POST", "/api/upload", params={"filename": "x.mp4"}, content=content)
    listening.join(10)
    assert heard, "no event came"
    assert heard[0] - began < 2


def test_metrics_are_for_this_machine(site):
    answer = ask(site, "GET", "/healthz")
    assert answer.status_code == 200


def test_plain_http_leads_to_tls():
    assert "return 308 https://" in SITE.read_text()
