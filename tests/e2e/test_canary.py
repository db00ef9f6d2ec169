"""Secrets that are put in everywhere come out nowhere: no log, answer, bundle, backup or process has them."""

import contextlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyrage
import pytest

from tests import servers
from tests.store.conftest import postgres_server, postgres_url  # noqa: F401 - fixtures

SECRET = "canary7f3a"
SETTINGS = {
    "logging__level": "DEBUG",
    "whisper__url": f"http://ann:{SECRET}-place@127.0.0.1:1",
    "whisper__url_token": f"{SECRET}-speech",
    "storage__s3__access_key_id": f"{SECRET}-id",
    "storage__s3__secret_access_key": f"{SECRET}-key",
    "storage__s3__session_token": f"{SECRET}-session",
    "api__rate__shared_url": f"redis://ann:{SECRET}-redis@127.0.0.1:1/0",
    "jobs__broker_url": f"redis://ann:{SECRET}-broker@127.0.0.1:1/0",
    "api__oidc__issuer": "http://127.0.0.1:1",
    "api__oidc__client_id": "mem",
    "api__oidc__client_secret": f"{SECRET}-provider",
    "api__oidc__allow": '[{"claim": "sub", "values": ["u-1"]}]',
}
# Each wrong in some way of its own, and told of at the start.
WRONG = {
    "api__oidc__client_secret_file": f"/nothing/{SECRET}",
    "jobs__broker_url": f"http://ann:{SECRET}-broker@127.0.0.1:1/0",
    "storage__s3__access_key_id": "",
    "storage__s3__endpoint": f"https://ann:{SECRET}@s3.example",
    "api__rate__shared_url": f"{SECRET}-redis",
}
ASKED = (
    "status", "tokens", "audit", "capacity", "storage", "database", "backups", "jobs", "models", "watch",
    "privacy", "retention", "receipts", "pins", "sources", "session", "nothing",
)  # fmt: skip


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
            for path in ASKED:
                found.add(path, token.get(f"/api/{path}").content)
            found.add("provider", token.post("/api/session/provider").content)
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
    key = identity(tmp_path / "key.txt", found)
    sealed = ["backup", "create", "--encrypt", key]
    for words in (["config", "show"], ["doctor"], ["backup", "create"], sealed):
        found.add(" ".join(words), json.dumps(servers.answer(data, *words, **SETTINGS)))
    for words in (["backup", "verify", "--identity", str(tmp_path / "key.txt")], ["config", "show"]):
        done = servers.mem(data, *words, **SETTINGS)
        found.add(f"printed {' '.join(words[:2])}", done.stdout + done.stderr)
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


@pytest.mark.parametrize("setting", WRONG)
def test_a_wrong_setting_is_told_of_without_the_secret_in_it(tmp_path, setting):
    done = servers.mem(tmp_path / "data", "serve", **SETTINGS | {setting: WRONG[setting]})
    assert done.returncode != 0
    assert SECRET not in (done.stdout + done.stderr).replace(f"/nothing/{SECRET}", "")


def test_the_password_of_the_database_is_shown_by_nothing(postgres_url, tmp_path):  # noqa: F811
    """Nor is it on the command line of any process while a backup is made."""
    user, _, place = postgres_url.removeprefix("postgresql://").partition("@")
    url = f"postgresql://{user.partition(':')[0]}:{SECRET}-rows@{place}"
    settings = {"database__url": url, "logging__level": "DEBUG", "logging__dir": str(tmp_path / "logs")}
    found, data, done = Everything(), tmp_path / "data", threading.Event()
    programs: set[bytes] = set()

    def watch() -> None:
        while not done.is_set():
            programs.update(command_lines())

    thread = threading.Thread(target=watch)
    with servers.running(data, **settings) as server:
        thread.start()
        try:
            for words in (["config", "show"], ["doctor"], ["backup", "create"], ["db", "stats"]):
                said = servers.mem(data, *words, "--json", **settings)
                found.add(" ".join(words), said.stdout + said.stderr)
        finally:
            done.set()
            thread.join()
        owner = {"Authorization": f"Bearer {server.key}"}
        for path in ("status", "database", "backups"):
            found.add(path, httpx.get(f"{server.url}/api/{path}", headers=owner).content)
        with zipfile.ZipFile(
            io.BytesIO(httpx.get(f"{server.url}/api/support", headers=owner).content)
        ) as bundle:
            for name in bundle.namelist():
                found.add(f"bundle/{name}", bundle.read(name))
    found.files(tmp_path)
    found.add("processes", b" ".join(programs))
    assert b"pg_dump" in found.said["processes"]
    assert found.told() == []


def command_lines() -> Iterator[bytes]:
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdecimal():
                yield (folder / "cmdline").read_bytes()


def identity(file: Path, found: Everything) -> str:
    """A new key of age in a file; gives its public half."""
    made = pyrage.x25519.Identity.generate()
    file.write_text(f"{made}\n")
    found.secrets.append(str(made))
    return str(made.to_public())


def children(pid: int) -> list[int]:
    task = Path(f"/proc/{pid}/task")
    return [int(n) for thread in task.iterdir() for n in (thread / "children").read_text().split()]
