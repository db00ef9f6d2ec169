"""Secrets that are put in everywhere come out nowhere: no log, answer, bundle, backup or process has them."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import servers

SECRET = "canary7f3a"
SETTINGS = {
    "logging__level": "DEBUG",
    "whisper__url_token": f"{SECRET}-speech",
    "storage__s3__access_key_id": f"{SECRET}-id",
    "storage__s3__secret_access_key": f"{SECRET}-key",
    "api__rate__shared_url": f"redis://ann:{SECRET}-redis@127.0.0.1:1/0",
}


class Everything:
    """What came out, and the secrets that went in."""

    def __init__(self) -> None:
        self.secrets = [SECRET]
        self.said: dict[str, bytes] = {}

    def add(self, name: str, said: bytes | str) -> None:
        self.said[name] = said.encode() if isinstance(said, str) else said

    def files(self, folder: Path, but: tuple[str, ...] = ()) -> None:
        for file in folder.rglob("*"):
            if file.is_file() and file.name not in but:
                self.add(str(file), file.read_bytes())

    def told(self) -> list[tuple[str, str]]:
        return [(name, s) for name, said in self.said.items() for s in self.secrets if s.encode() in said]


@pytest.fixture
def server(tmp_path) -> Iterator[servers.Server]:
    running = servers.start(tmp_path / "data", **SETTINGS, logging__dir=str(tmp_path / "logs"))
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait()


def asked(server: servers.Server, found: Everything) -> None:
    """Sign in by every way, and ask for what may be shown; also with secrets where they do not belong."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}) as owner:
        made = owner.post("/api/tokens", json={"name": "a", "scopes": ["admin"]}).json()["secret"]
        link = owner.post("/api/session/link").json()["path"].partition("=")[2]
        found.secrets += [server.key, made.split("_", 2)[2], link]
        found.add("again", owner.post("/api/session", json={"code": link, "token": made}).content)
        with httpx.Client(base_url=server.url) as browser:
            signed = browser.post("/api/session", json={"code": link})
            assert signed.status_code == 200, signed.text
            found.secrets.append(signed.cookies["mem_session"].split("_", 2)[2])
            found.add("cookie", browser.get("/api/session").content)
            found.add("spent", browser.post("/api/session", json={"code": link}).content)
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {made}"}) as token:
            for path in ("status", "tokens", "audit", "capacity", "database", "backups", "jobs", "nothing"):
                found.add(path, token.get(f"/api/{path}").content)
            found.add("metrics", token.get("/metrics").content)
            found.add("address", token.get("/api/jobs", params={"token": made, "limit": 1}).content)
            found.add("header", token.get("/api/jobs", headers={"X-Request-ID": made[:64]}).content)
            with zipfile.ZipFile(io.BytesIO(token.get("/api/support").content)) as bundle:
                for name in bundle.namelist():
                    found.add(f"bundle/{name}", bundle.read(name))
        wrong = {"Authorization": f"Bearer {made}x"}
        found.add("wrong", httpx.get(f"{server.url}/api/jobs", headers=wrong).content)


def test_what_is_secret_is_shown_by_nothing(server, tmp_path):
    found, data = Everything(), tmp_path / "data"
    asked(server, found)
    for words in (["config", "show"], ["doctor"], ["backup", "create"]):
        found.add(" ".join(words), json.dumps(servers.answer(data, *words, **SETTINGS)))
    for process in (server.process.pid, *children(server.process.pid)):
        found.add(f"process {process}", Path(f"/proc/{process}/cmdline").read_bytes())
    found.files(tmp_path / "logs")
    found.files(data, but=("server.json",))
    found.add("serve.log", (tmp_path / "serve.log").read_bytes())
    held = " ".join(found.said)
    assert all(
        name in held for name in ("bundle/config.json", "api.log", "audit.jsonl", "backups/", "mem.duckdb")
    )
    assert b"[redacted]" in found.said["bundle/config.json"]
    assert found.told() == []


def children(pid: int) -> list[int]:
    task = Path(f"/proc/{pid}/task")
    return [int(n) for thread in task.iterdir() for n in (thread / "children").read_text().split()]
