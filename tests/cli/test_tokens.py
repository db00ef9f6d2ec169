"""`mem token` and the posture of `mem serve`, as a person meets them: over a real server."""

import httpx
import pytest

from mem.ops import tokens
from tests import servers


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def test_tokens_are_made_used_listed_rotated_and_revoked(folder):
    with servers.running(folder) as server:
        made = servers.mem(
            folder, "token", "create", "--name", "reader", "--scope", "read", "--expires", "30d"
        )
        assert made.returncode == 0, made.stderr
        secret = made.stdout.strip()
        assert tokens.identify(secret)
        assert "It is not shown again" in made.stderr
        headers = {"Authorization": f"Bearer {secret}"}
        assert httpx.get(f"{server.url}/api/sources").status_code == 401
        assert httpx.get(f"{server.url}/api/sources", headers=headers).status_code == 200
        rotated = servers.answer(folder, "token", "rotate", "reader", "--grace", "1h")
        assert httpx.get(f"{server.url}/api/sources", headers=headers).status_code == 200
        listed = servers.answer(folder, "token", "list")["tokens"]
        assert [row["name"] for row in listed] == ["reader", "reader"]
        assert servers.mem(folder, "token", "revoke", rotated["token"]["id"]).returncode == 0
        newer = {"Authorization": f"Bearer {rotated['secret']}"}
        assert httpx.get(f"{server.url}/api/sources", headers=newer).status_code == 401
        seen = servers.answer(folder, "token", "audit", "--token", "reader")["entries"]
        assert {row["route"] for row in seen} == {"/api/sources"}
        link = servers.mem(folder, "open").stdout.strip()
        page, _, code = link.partition("#open=")
        with httpx.Client(base_url=page, headers={"Origin": page.rstrip("/")}) as browser:
            assert browser.post("/api/session", json={"code": code}).status_code == 200
            assert browser.get("/api/sources").status_code == 200


def test_a_server_for_others_without_a_token_ends_with_78_and_the_way_out(folder):
    done = servers.mem(folder, "serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 78
    assert "mem token create --name admin --scope admin" in done.stderr
    assert "mem serve --host 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("--scope", "root"), ("--expires", "soon"), ("--scope", "capture", "--from", "-1d")]
)
def test_a_token_that_makes_no_sense_is_refused_in_a_sentence(folder, words):
    done = servers.mem(folder, "token", "create", "--name", "a", *words)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("mem: ")
    assert "Traceback" not in done.stderr
