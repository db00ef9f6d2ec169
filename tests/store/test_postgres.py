import threading
import time

import psycopg
import pytest

from mem.errors import DatabaseFailed, DiskFull, TooBusy
from mem.store import postgres, sources
from mem.store.engines import open_database
from tests.store import rows


def _open(url, folder):
    return open_database(url, folder=folder, memory_limit=2**28, threads=1)


def _cut(server, url):
    name = url.split("?")[0].rsplit("/", 1)[1]
    server.run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")


def test_a_lost_connection_fails_one_transaction_and_the_next_works(postgres_server, postgres_url, tmp_path):
    db = _open(postgres_url, tmp_path)

    def lose():
        with db.write() as w:
            rows.source(w)
            _cut(postgres_server, postgres_url)
            rows.source(w)

    with pytest.raises(DatabaseFailed):
        lose()
    assert sources.page(db, 9) == []
    _cut(postgres_server, postgres_url)
    with db.write() as w:
        rows.source(w)
    assert len(sources.page(db, 9)) == 1
    db.close()


def test_a_server_that_does_not_answer_is_a_failed_database(tmp_path, monkeypatch):
    monkeypatch.setattr("mem.store.postgres._CONNECT_SECONDS", 0.3)
    with pytest.raises(DatabaseFailed, match="does not answer"):
        _open("postgresql://mem@127.0.0.1:1/mem", tmp_path)


def test_writers_work_side_by_side(postgres_url, tmp_path):
    db = _open(postgres_url, tmp_path)
    inside, go = threading.Event(), threading.Event()

    def slow():
        with db.write() as w:
            rows.source(w)
            inside.set()
            go.wait(30)

    thread = threading.Thread(target=slow)
    thread.start()
    assert inside.wait(30)
    begun = time.monotonic()
    with db.write() as w:
        rows.source(w)
    assert time.monotonic() - begun < 20
    assert len(sources.page(db, 9)) == 1
    go.set()
    thread.join(30)
    assert len(sources.page(db, 9)) == 2
    db.close()


def test_the_same_content_added_by_two_at_once_is_one_source(postgres_url, tmp_path):
    db = _open(postgres_url, tmp_path)
    begun = threading.Event()
    found = []

    def second():
        with db.write() as w:
            begun.set()
            found.append(rows.source(w, content_hash="same"))

    with db.write() as w:
        first = rows.source(w, content_hash="same")
        thread = threading.Thread(target=second)
        thread.start()
        assert begun.wait(30)
        time.sleep(0.2)
    thread.join(30)
    assert found == [first]
    db.close()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (psycopg.OperationalError("server closed the connection"), DatabaseFailed),
        (psycopg.errors.DeadlockDetected("deadlock detected"), TooBusy),
        (psycopg.errors.DiskFull("could not extend file"), DiskFull),
    ],
)
def test_what_the_server_reports_is_told_apart(error, raised):
    with pytest.raises(raised), postgres._failures():
        raise error
