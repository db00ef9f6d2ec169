"""What is remembered of the files of watched folders."""

import pytest

from mem.store import jobs, sources, watched
from tests.store.rows import at, job, source


def put(db, path="/w/a.mp4", *, size=10, modified_ns=2**60):
    with db.write() as w:
        return watched.put(w, path, size=size, modified_ns=modified_ns, job_id=job(w).id)


def beneath(db, folder="/w"):
    return list(watched.beneath(db, folder))


def finish(db, number, state="done", **facts):
    with db.write() as w:
        claimed = jobs.claim(w, "worker", lease_seconds=60, now=at(1))
        assert claimed.id == number
        jobs.finish(w, claimed, state=state, now=at(2), **facts)


def settle(db):
    moved = watched.moved_on(db)
    with db.write() as w:
        for each in moved:
            watched.settle(w, each)
    return moved


def test_a_file_comes_back_as_it_was_put(db):
    row = put(db)
    assert beneath(db) == [row]
    assert (row.size, row.modified_ns, row.state) == (10, 2**60, "queued")


def test_only_what_lies_below_the_folder_comes_back(db, monkeypatch):
    monkeypatch.setattr(watched, "_PAGE", 2)
    for path in ("/w/b/c.mp4", "/w/a.mp4", "/wide/a.mp4", "/w/z.mp4", "/w%/a.mp4"):
        put(db, path)
    assert [row.path for row in beneath(db)] == ["/w/a.mp4", "/w/b/c.mp4", "/w/z.mp4"]
    assert [row.path for row in beneath(db, "/wide/")] == ["/wide/a.mp4"]
    assert len(beneath(db, "/")) == 5


def test_a_file_that_changed_is_put_in_the_place_of_the_old_one(db):
    put(db)
    finish(db, 1, "failed", error_code="cut_off", error_detail="It was cut off.")
    settle(db)
    row = put(db, size=20)
    assert beneath(db) == [row]
    assert (row.state, row.detail, row.size) == ("queued", None, 20)


@pytest.mark.parametrize("state", ["done", "partial", "failed", "cancelled"])
def test_the_end_of_a_job_is_learnt_once(db, state):
    put(db)
    assert watched.moved_on(db) == []
    finish(db, 1, state, error_detail="why")
    (moved,) = settle(db)
    assert (moved.path, moved.state, moved.detail) == ("/w/a.mp4", state, "why")
    assert beneath(db)[0].state == state
    assert settle(db) == []


def test_a_job_that_runs_counts_as_queued_and_one_tried_again_does_too(db):
    put(db)
    with db.write() as w:
        jobs.claim(w, "worker", lease_seconds=60, now=at(1))
    assert watched.moved_on(db) == []
    with db.write() as w:
        jobs.finish(w, jobs.get(w, 1), state="failed", now=at(2))
    settle(db)
    with db.write() as w:
        jobs.retry(w, 1, at(3))
    assert [moved.state for moved in settle(db)] == ["queued"]


def test_a_late_end_of_an_older_job_says_nothing_about_the_new_one(db):
    put(db)
    finish(db, 1)
    (old,) = watched.moved_on(db)
    put(db, size=20)
    with db.write() as w:
        watched.settle(w, old)
    assert beneath(db)[0].state == "queued"


def test_a_recording_that_a_person_deleted_stays_known_so_that_it_does_not_come_back(db):
    with db.write() as w:
        kept = source(w)
        watched.put(w, "/w/a.mp4", size=1, modified_ns=1, job_id=job(w, source_id=kept.id).id)
        watched.put(w, "/w/b.mp4", size=1, modified_ns=1, job_id=job(w, source_id=kept.id).id)
    finish(db, 1)
    settle(db)
    with db.write() as w:
        sources.delete(w, kept.id)
    settle(db)
    assert [(row.path, row.state) for row in beneath(db)] == [("/w/a.mp4", "done"), ("/w/b.mp4", "cancelled")]


def test_a_missing_file_is_kept_in_mind_for_a_while(db):
    put(db)
    put(db, "/w/b.mp4")
    with db.write() as w:
        watched.miss(w, ["/w/a.mp4", "/w/b.mp4"], at(0))
        watched.miss(w, ["/w/b.mp4"], None)
        watched.forget_missing(w, at(0))
    assert [row.gone_at for row in beneath(db)] == [at(0), None]
    with db.write() as w:
        watched.forget_missing(w, at(1))
    assert [row.path for row in beneath(db)] == ["/w/b.mp4"]


def test_a_file_that_mem_took_away_is_forgotten(db):
    put(db)
    with db.write() as w:
        watched.forget(w, "/w/a.mp4")
    assert beneath(db) == []
