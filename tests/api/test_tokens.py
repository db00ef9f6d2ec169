"""Tokens: made, shown once, stored as a digest, limited in time, replaced and ended."""

import contextlib
import logging
from datetime import timedelta

import httpx
import pytest

from mem import types
from mem.api.access import Access
from mem.api.access_peers import Peer
from mem.api.app import serving
from mem.ops import tokens
from mem.store import tokens as stored
from tests import loops

from .access import FAR, bearer, far, secret
from .test_problems import check


@pytest.fixture
def admin(client, owner):
    """Headers of whoever administers the server, which has a token from now on."""
    made = client.post("/api/tokens", json={"name": "admin", "scopes": ["admin"]}, headers=owner).json()
    return bearer(made["secret"])


def test_a_token_is_shown_once_and_stored_as_a_digest(client, owner, memory):
    body = {"name": "reader", "scopes": ["read"]}
    answer = client.post("/api/tokens", json=body, headers=owner)
    made = answer.json()
    assert answer.status_code == 201
    assert tokens.identify(made["secret"]) == made["token"]["id"]
    assert made["secret"] not in client.get("/api/tokens", headers=owner).text
    rows = memory.db.read("tokens.all")
    assert [row["sha256"] for row in rows] == [tokens.digest(made["secret"])]
    assert made["secret"].split("_")[2] not in str(rows)


def test_with_the_first_token_this_machine_needs_one_too_and_the_owner_does_not(client, owner):
    assert client.get("/api/jobs").status_code == 200
    assert (
        client.post("/api/tokens", json={"name": "a", "scopes": ["read"]}, headers=owner).status_code == 201
    )
    check(client.get("/api/jobs"), 401, "token_required")
    assert client.get("/api/jobs", headers=owner).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200


def test_being_on_this_machine_is_not_enough_to_make_a_token(client):
    check(client.post("/api/tokens", json={"name": "a", "scopes": ["read"]}), 403, "insufficient_scope")
    check(client.post("/api/session/link"), 403, "insufficient_scope")
    check(client.get("/api/audit"), 403, "insufficient_scope")


def test_a_revoked_token_ends_at_once_and_the_last_one_does_not_open_the_server(client, owner, admin):
    caller = far(client.app)
    assert caller.get("/api/jobs", headers=admin).status_code == 200
    assert client.delete("/api/tokens/admin", headers=owner).json()["revoked_at"]
    answer = caller.get("/api/jobs", headers=admin)
    check(answer, 401, "token_revoked")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    check(client.get("/api/jobs"), 401, "token_required")


def test_when_all_are_forgotten_this_machine_is_answered_again(client, owner, admin):
    assert client.post("/api/tokens/forget", headers=owner).json() == {"forgotten": 0}
    client.delete("/api/tokens/admin", headers=owner)
    assert client.post("/api/tokens/forget", headers=owner).json() == {"forgotten": 1}
    assert client.get("/api/jobs").status_code == 200
    check(far(client.app).get("/api/jobs"), 403, "setup_required")


def test_a_rotated_token_works_on_for_a_time_of_grace_or_not_at_all(client, admin):
    made = client.post("/api/tokens/admin/rotate", json={"grace_seconds": 60}, headers=admin).json()
    newer = bearer(made["secret"])
    assert client.get("/api/jobs", headers=admin).status_code == 200
    assert client.get("/api/jobs", headers=newer).status_code == 200
    last = client.post(f"/api/tokens/{made['token']['id']}/rotate", json={}, headers=newer).json()
    check(client.get("/api/jobs", headers=newer), 401, "token_expired")
    assert client.get("/api/jobs", headers=bearer(last["secret"])).status_code == 200


def test_a_token_that_has_expired_is_refused(client, owner, memory):
    text = secret(memory, "read", name="short")
    with memory.db.write() as w:
        stored.expire(w, tokens.find(memory, "short").id, types.now())
    client.app.state.access.load()
    check(far(client.app).get("/api/jobs", headers=bearer(text)), 401, "token_expired")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "scopes": ["capture"], "source_ids": [1]},
        {"name": "a", "scopes": ["read"], "source_ids": []},
        {"name": "a", "scopes": ["read"], "source_ids": [99]},
        {"name": "a", "scopes": ["read"], "start": "2026-11-20T12:00:00Z", "end": "2026-11-20T12:00:00Z"},
        {"name": "a", "scopes": ["read"], "expires_days": 0},
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(client, owner, body):
    assert client.post("/api/tokens", json=body, headers=owner).status_code in (400, 404, 422)
    assert client.get("/api/tokens", headers=owner).json() == {"tokens": []}


def test_two_tokens_in_force_never_bear_one_name(client, owner, admin):
    answer = client.post("/api/tokens", json={"name": "admin", "scopes": ["read"]}, headers=owner)
    check(answer, 409, "conflict")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: text.replace("mem_", "mem-"),
        lambda text: f"{text} ",
    ],
)
def test_a_token_that_was_copied_badly_is_none(memory, change):
    text = secret(memory, "read")
    assert tokens.identify(text)
    assert tokens.identify(change(text)) is None


async def _ask(access: Access, text: str):
    from starlette.datastructures import Headers

    peer = Peer(address=FAR, local=False, trusted=False, https=False)
    return await access.caller(Headers(bearer(text)), peer)


def test_use_is_written_down_at_most_once_a_minute(memory):

    text = secret(memory, "read", name="used")
    access = Access(memory, "key")
    for _ in range(3):
        loops.run(_ask(access, text))
    assert tokens.find(memory, "used").last_used_at is None
    access.write_uses()
    used = tokens.find(memory, "used").last_used_at
    assert used is not None
    assert types.now() - used < timedelta(seconds=20)
    assert not access.used()


def test_a_stream_ends_with_its_token(memory, seed):
    job = seed.job()
    with (
        serving(memory, worker=False) as (url, key),
        httpx.Client(base_url=url, headers=bearer(key), timeout=20) as owner,
    ):
        body = {"name": "r", "scopes": ["read"]}
        reader = bearer(owner.post("/api/tokens", json=body).json()["secret"])
        with httpx.stream("GET", f"{url}/api/jobs/{job.id}/events", headers=reader, timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(lines)
            owner.delete("/api/tokens/r")
            assert owner.post(f"/api/jobs/{job.id}/cancel").status_code == 202
            with contextlib.suppress(httpx.RemoteProtocolError):
                assert "cancelled" not in "".join(lines)


def test_no_secret_stands_in_a_log_an_error_or_the_audit(client, owner, caplog, memory):
    with caplog.at_level(logging.DEBUG):
        made = client.post("/api/tokens", json={"name": "canary", "scopes": ["read"]}, headers=owner).json()
        canary = made["secret"]
        answers = [
            far(client.app).get(path, headers=bearer(canary))
            for path in ("/api/jobs", "/api/nothing", "/api/status?x=1", "/api/tokens")
        ]
        answers.append(far(client.app).get("/api/jobs", headers=bearer(canary + "x")))
        answers.append(client.post("/api/session", json={"token": canary + "x"}))
        answers.append(client.post("/api/session", json={"token": [canary]}))
    middle = canary.split("_", 2)[2][:40]
    assert not [answer for answer in answers if middle in answer.text]
    assert middle not in caplog.text
    written = b"".join(f.read_bytes() for f in memory.folder.glob("*") if f.is_file())
    assert middle.encode() not in written


def test_who_read_and_deleted_is_written_down_without_what_was_read(client, owner, admin, seed):
    source = seed.source(name="private name")
    reader = client.post("/api/tokens", json={"name": "reader", "scopes": ["read"]}, headers=owner).json()
    caller = far(client.app, **bearer(reader["secret"]))
    caller.get(f"/api/sources/{source.id}")
    caller.get("/api/search", params={"q": "private words"})
    caller.delete(f"/api/sources/{source.id}")
    answer = client.get("/api/audit", headers=admin, params={"token": "reader"})
    rows = answer.json()["entries"]
    assert [(row["method"], row["route"], row["status"]) for row in rows] == [
        ("DELETE", "/api/sources/{id}", 403),
        ("GET", "/api/search", 200),
        ("GET", "/api/sources/{id}", 200),
    ]
    assert rows[2]["target"] == {"id": str(source.id)}
    assert {row["token"] for row in rows} == {reader["token"]["id"]}
    assert {row["address"] for row in rows} == {FAR}
    assert "private" not in answer.text


def test_a_recording_that_is_being_fetched_ends_with_its_token(memory, seed):
    size = 30_000_000
    big = memory.folder / "big.mp4"
    with big.open("wb") as out:
        out.truncate(size)
    source = seed.source(path=str(big), size=size)
    made, text = tokens.create(memory, name="guest", scopes=["read"])
    with (
        serving(memory, worker=False) as (url, key),
        httpx.Client(base_url=url, timeout=20, headers=bearer(text)) as guest,
        guest.stream("GET", f"/api/sources/{source.id}/video") as answer,
    ):
        pieces = answer.iter_raw(65_536)
        assert len(next(pieces)) > 0
        httpx.delete(f"{url}/api/tokens/{made.id}", headers=bearer(key)).raise_for_status()
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)
