"""Backups and upkeep over HTTP: begun, asked for, and the owner's alone where they reach the disk."""

import pytest

from tests import stocked
from tests.api.conftest import KEY

OWNER = {"Authorization": f"Bearer {KEY}"}


def done(client, path, body=None):
    answer = client.post(path, json=body or {}, headers=OWNER)
    assert answer.status_code == 202, answer.text
    chore = client.get(answer.headers["Location"], params={"wait": 20}, headers=OWNER).json()
    assert chore["state"] == "done", chore
    return chore["result"]


def test_a_backup_is_made_verified_listed_and_let_go(client, memory):
    stocked.source(memory)
    made = done(client, "/api/backups")
    assert (made["sources"], made["frames"]) == (1, 4)
    assert done(client, "/api/backups/verify", {"name": made["name"]})["good"] is True
    listed = client.get("/api/backups", headers=OWNER).json()["backups"]
    assert [(one["name"], one["good"]) for one in listed] == [(made["name"], True)]
    second = done(client, "/api/backups")["name"]
    answer = client.post("/api/backups/prune", json={"keep": 1}, headers=OWNER)
    assert answer.json() == {"removed": [made["name"]]}
    assert [one["name"] for one in client.get("/api/backups", headers=OWNER).json()["backups"]] == [second]


def test_a_check_and_a_compaction_say_what_they_did(client, memory):
    stocked.source(memory)
    report = done(client, "/api/database/check", {"depth": "deep"})
    assert (report["good"], report["findings"], report["frames"]) == (True, [], 4)
    assert done(client, "/api/database/compact")["database_after"] > 0


def test_the_database_says_what_it_holds(client, memory):
    stocked.source(memory)
    stats = client.get("/api/database", headers=OWNER).json()
    assert stats["tables"]["frames"] == 4
    assert stats["steps"][0]["number"] == 1


def test_a_question_in_sql_is_answered(client, memory):
    stocked.source(memory)
    body = {"query": "select name, started_at from sources union all select 'b', null", "limit": 1}
    answer = client.post("/api/database/sql", json=body, headers=OWNER).json()
    assert answer["rows"] == [["a.mp4", "2026-11-20T12:00:00+00:00"]]
    assert answer["more"] is True


@pytest.mark.parametrize(
    "query",
    [
        "delete from frames",
        "select 1; delete from frames",
        "select nextval('frame_ids')",
        "copy frames to 'x.csv'",
        "select * from read_text('/etc/passwd')",
        "selec",
    ],
)
def test_a_question_that_does_more_is_refused(query, client, memory):
    stocked.source(memory)
    answer = client.post("/api/database/sql", json={"query": query}, headers=OWNER)
    assert answer.status_code == 400
    assert memory.db.read("frames.stats")[0]["frames"] == 4


@pytest.mark.parametrize("path", ["/api/backups", "/api/backups/prune", "/api/database/sql"])
def test_who_is_not_the_owner_reaches_no_disk_and_no_rows(path, client):
    assert client.post(path, json={"keep": 1, "query": "select 1"}).status_code in (401, 403)


def test_a_wish_that_cannot_come_true_is_refused_at_once(client):
    answer = client.post("/api/backups", json={"encrypt": ["nonsense"]}, headers=OWNER)
    assert answer.status_code == 400


def test_an_unknown_backup_or_chore_is_not_found(client):
    body = {"name": "mem-20200101T000000Z"}
    assert client.post("/api/backups/verify", json=body, headers=OWNER).status_code == 404
    assert client.post("/api/backups/verify", json={"name": "../.."}, headers=OWNER).status_code == 404
    assert client.get("/api/chores/9", headers=OWNER).status_code == 404


def test_the_folder_of_a_user_that_there_is_none_of_is_empty(client):
    answer = client.get("/api/backups", params={"to": "~nobody-of-that-name/x"}, headers=OWNER)
    assert (answer.status_code, answer.json()["backups"]) == (200, [])


def test_a_folder_that_cannot_be_read_is_told_of(client):
    answer = client.get("/api/backups", params={"to": f"/tmp/{'a' * 300}"}, headers=OWNER)
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable")
