import threading
from collections import Counter
from datetime import timedelta

import pytest

from mem.errors import NotCancellable, NotFound, NotRetriable, NotWaiting, StaleFence
from mem.store import checkpoints, jobs, sources
from mem.store.engines import open_database
from mem.types import Place
from tests.store import rows
from tests.store.rows import NOON, at

ENDS = ["done", "partial", "failed", "cancelled"]


def _claim(db, seconds=0.0, owner="worker-1", lease=60):
    with db.write() as w:
        return jobs.claim(w, owner, lease_seconds=lease, now=at(seconds))


def _running(db, **facts):
    with db.write() as w:
        rows.job(w, **facts)
    return _claim(db)


def _do(db, act, *values, **facts):
    with db.write() as w:
        return act(w, *values, **facts)


def _types(db, job_id):
    return [event.type for event in jobs.events(db, job_id=job_id, after=0, limit=99)]


def test_a_job_waits_until_it_is_claimed(db):
    with db.write() as w:
        job = rows.job(w, params={"path": "/a", "started_at": None})
    assert (job.state, job.attempt, job.fence, job.progress) == ("queued", 0, 0, 0)
    assert (jobs.queued(db), jobs.oldest_queued(db)) == (1, NOON)
    mine = _claim(db, 5)
    assert (mine.id, mine.state, mine.attempt, mine.fence) == (job.id, "running", 1, 1)
    assert (mine.lease_owner, mine.lease_until, mine.started_at) == ("worker-1", at(65), at(5))
    assert mine.params == {"path": "/a", "started_at": None}
    assert jobs.get(db, job.id) == mine
    assert _claim(db, 6) is None
    assert (jobs.queued(db), jobs.oldest_queued(db)) == (0, None)
    assert _types(db, job.id) == ["queued", "claimed"]


def test_higher_priority_goes_first_then_the_older(db):
    with db.write() as w:
        low, first, second, high = (rows.job(w, priority=p) for p in (1, 5, 5, 9))
    assert [_claim(db).id for _ in range(4)] == [high.id, first.id, second.id, low.id]


@pytest.mark.parametrize("state", ENDS)
def test_a_finished_job_says_how_it_ended(db, state):
    job = _running(db)
    ended = _do(
        db, jobs.finish, job, state=state, result={"frames": 3}, error_code="cut_off", error_detail="at 5 s",
        now=at(9),
    )  # fmt: skip
    assert (ended.state, ended.result, ended.finished_at) == (state, {"frames": 3}, at(9))
    assert (ended.error_code, ended.lease_owner, ended.lease_until) == ("cut_off", None, None)
    assert ended.progress == (1 if state == "done" else 0)
    assert jobs.counts(db) == {state: 1}
    last = jobs.events(db, job_id=job.id, after=0, limit=9)[-1]
    assert (last.type, last.data["result"], last.data["error_code"]) == (state, {"frames": 3}, "cut_off")


def test_a_heartbeat_extends_the_lease_and_brings_the_wish_to_cancel(db):
    job = _running(db)
    assert _do(db, jobs.heartbeat, job, lease_seconds=60, now=at(30)).lease_until == at(90)
    _do(db, jobs.cancel, job.id, at(31))
    assert _do(db, jobs.heartbeat, job, lease_seconds=60, now=at(32)).cancel_requested


def test_progress_is_kept_and_told(db):
    job = _running(db)
    now = _do(db, jobs.progress, job, stage="see", progress=0.25, now=at(1), data={"frames": 7})
    assert (now.stage, now.progress) == ("see", 0.25)
    assert _do(db, jobs.progress, job, stage=None, progress=None, now=at(2)).progress == 0.25
    event = jobs.events(db, after=0, limit=9)[2]
    assert (event.type, event.at, event.job_id) == ("progress", at(1), job.id)
    assert event.data["frames"] == 7
    assert event.data["progress"] == 0.25


def test_a_job_learns_which_source_it_is_about(db):
    job = _running(db)
    assert _do(db, jobs.attach, job, 42).source_id == 42
    assert jobs.active_of(db, 42)[0].id == job.id
    assert [j.id for j in jobs.page(db, limit=9, source_id=42)] == [job.id]


def test_a_job_whose_worker_is_silent_goes_to_another_under_a_new_fence(db):
    lost = _running(db)
    assert _claim(db, 59.999) is None
    taken = _claim(db, 60, "worker-2")
    assert (taken.id, taken.attempt, taken.fence, taken.lease_owner) == (lost.id, 2, 2, "worker-2")
    assert taken.started_at == lost.started_at


@pytest.mark.parametrize(
    "act",
    [
        lambda w, job: jobs.check_fence(w, job),
        lambda w, job: jobs.heartbeat(w, job, lease_seconds=60, now=at(70)),
        lambda w, job: jobs.progress(w, job, stage="see", progress=1, now=at(70)),
        lambda w, job: jobs.attach(w, job, 1),
        lambda w, job: jobs.finish(w, job, state="done", now=at(70)),
        lambda w, job: jobs.release(w, job, at(70)),
        lambda w, job: jobs.retry_later(
            w, job, not_before=at(80), error_code="x", error_detail="x", now=at(70)
        ),
    ],
)
def test_a_worker_that_lost_its_job_can_write_nothing(db, act):
    lost = _running(db)
    taken = _claim(db, 60)
    with db.write() as w, pytest.raises(StaleFence):
        act(w, lost)
    assert jobs.get(db, lost.id) == taken
    assert jobs.counts(db) == {"running": 1}
    with db.write() as w:
        jobs.check_fence(w, taken)


def test_the_fence_of_an_ended_or_deleted_job_is_stale(db):
    job = _running(db)
    _do(db, jobs.finish, job, state="done", now=at(1))
    with pytest.raises(StaleFence), db.write() as w:
        jobs.check_fence(w, job)


def test_a_job_that_loses_its_worker_at_every_attempt_fails(db):
    job = _running(db, max_attempts=2)
    assert _claim(db, 60).attempt == 2
    assert _claim(db, 120) is None
    failed = jobs.get(db, job.id)
    assert (failed.state, failed.error_code, failed.finished_at) == ("failed", "worker_lost", at(120))
    assert failed.lease_owner is None
    assert _types(db, job.id) == ["queued", "claimed", "claimed", "failed"]


def test_a_lost_job_that_should_be_cancelled_is(db):
    job = _running(db)
    _do(db, jobs.cancel, job.id, at(1))
    assert _claim(db, 60) is None
    ended = jobs.get(db, job.id)
    assert (ended.state, ended.error_code) == ("cancelled", None)


def test_a_job_put_off_comes_back_when_it_is_due(db):
    job = _running(db)
    later = _do(
        db, jobs.retry_later, job, not_before=at(30), error_code="disk_full", error_detail="full", now=at(1)
    )
    assert (later.state, later.not_before, later.error_code) == ("retrying", at(30), "disk_full")
    assert jobs.queued(db) == 1
    assert _claim(db, 29.999) is None
    again = _claim(db, 30)
    assert (again.id, again.attempt, again.fence, again.error_code) == (job.id, 2, 2, None)


def test_a_released_job_keeps_its_attempts(db):
    job = _running(db)
    released = _do(db, jobs.release, job, at(1))
    assert (released.state, released.attempt, released.lease_owner) == ("queued", 0, None)
    again = _claim(db, 2)
    assert (again.attempt, again.fence) == (1, 2)


@pytest.mark.parametrize("how", ["release", "retry_later", "recover"])
def test_a_wish_to_cancel_outlives_the_worker(db, how):
    job = _running(db)
    _do(db, jobs.cancel, job.id, at(1))
    with db.write() as w:
        if how == "release":
            jobs.release(w, job, at(2))
        elif how == "recover":
            jobs.recover(w, at(2))
        else:
            jobs.retry_later(w, job, not_before=at(9), error_code="x", error_detail="x", now=at(2))
    ended = jobs.get(db, job.id)
    assert (ended.state, ended.finished_at) == ("cancelled", at(2))
    assert _types(db, job.id)[-1] == "cancelled"


@pytest.mark.parametrize("how", ["while it waits", "release", "recover", "retry_later", "worker lost"])
def test_the_source_of_a_job_that_ended_early_is_no_longer_processing(db, how):
    with db.write() as w:
        sources.settle(w, (source := rows.source(w)).id, state="processing")
    job = _running(db, source_id=source.id, max_attempts=1)
    if how == "while it waits":
        _do(db, jobs.release, job, at(1))
    if how != "worker lost":
        _do(db, jobs.cancel, job.id, at(2))
    if how == "release":
        _do(db, jobs.release, job, at(3))
    elif how == "recover":
        _do(db, jobs.recover, at(3))
    elif how == "retry_later":
        _do(db, jobs.retry_later, job, not_before=at(9), error_code="x", error_detail="x", now=at(3))
    elif how == "worker lost":
        assert _claim(db, 60) is None
    assert sources.get(db, source.id).state == "failed"


def test_a_source_of_which_something_was_stored_is_then_partial(db):
    with db.write() as w:
        sources.settle(w, (source := rows.source(w)).id, state="processing")
        checkpoints.put(w, rows.checkpoint(source.id), expected=None)
    job = _running(db, source_id=source.id)
    _do(db, jobs.finish, job, state="failed", now=at(1))
    assert sources.get(db, source.id).state == "partial"


@pytest.mark.parametrize("state", ["ready", "processing"])
def test_the_end_of_one_job_leaves_a_source_that_is_whole_or_worked_on_by_another(db, state):
    with db.write() as w:
        sources.settle(w, (source := rows.source(w)).id, state=state)
        if state == "processing":
            rows.job(w, source_id=source.id, priority=1)
    job = _running(db, source_id=source.id, priority=9)
    _do(db, jobs.finish, job, state="failed", now=at(1))
    assert sources.get(db, source.id).state == state


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked(db):
    with db.write() as w:
        waiting = rows.job(w, priority=1)
    running = _running(db)
    assert _do(db, jobs.cancel, waiting.id, at(1)).state == "cancelled"
    asked = _do(db, jobs.cancel, running.id, at(1))
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert _do(db, jobs.cancel, running.id, at(2)) == asked
    assert _types(db, running.id) == ["queued", "claimed", "progress"]
    with pytest.raises(NotCancellable):
        _do(db, jobs.cancel, waiting.id, at(1))
    with pytest.raises(NotFound):
        _do(db, jobs.cancel, 999, at(1))


@pytest.mark.parametrize("state", ENDS)
def test_only_what_did_not_succeed_can_be_tried_again(db, state):
    job = _running(db)
    _do(db, jobs.finish, job, state=state, error_code="x", error_detail="y", result={}, now=at(1))
    if state == "done":
        with pytest.raises(NotRetriable):
            _do(db, jobs.retry, job.id, at(2))
        return
    again = _do(db, jobs.retry, job.id, at(2))
    assert (again.state, again.attempt, again.error_code, again.result) == ("queued", 0, None, None)
    assert (again.finished_at, again.fence) == (None, 1)
    with pytest.raises(NotRetriable):
        _do(db, jobs.retry, job.id, at(3))
    assert _claim(db, 4).fence == 2


def test_after_a_restart_running_jobs_wait_again(db):
    with db.write() as w:
        for _ in range(3):
            rows.job(w)
    mine, other = _claim(db, 0, "host-a:1"), _claim(db, 0, "host-b:1")
    assert _do(db, jobs.recover, at(1), owner_prefix="host-a:") == 1
    assert jobs.get(db, mine.id).state == "queued"
    assert jobs.get(db, mine.id).attempt == 0
    assert jobs.get(db, other.id) == other
    assert _do(db, jobs.recover, at(1)) == 1
    with pytest.raises(StaleFence), db.write() as w:
        jobs.check_fence(w, mine)
    assert jobs.counts(db) == {"queued": 3}


def test_jobs_are_paged_from_the_newest(db):
    with db.write() as w:
        made = [rows.job(w) for _ in range(5)]
    _claim(db)
    assert [j.id for j in jobs.page(db, limit=2)] == [made[4].id, made[3].id]
    assert [j.id for j in jobs.page(db, limit=9, before=made[2].id)] == [made[1].id, made[0].id]
    assert [j.id for j in jobs.page(db, limit=9, state="running")] == [made[0].id]


def test_a_listener_catches_up_from_the_last_event_it_saw(db):
    job = _running(db)
    with db.write() as w:
        rows.job(w)
    seen = jobs.events(db, after=0, limit=2)
    rest = jobs.events(db, after=seen[-1].id, limit=9)
    assert [e.type for e in seen + rest] == ["queued", "claimed", "queued"]
    assert jobs.events(db, job_id=job.id, after=seen[-1].id, limit=9) == []
    assert jobs.latest_event(db) == rest[-1].id


def test_old_progress_is_forgotten_and_the_end_is_not(db):
    job = _running(db)
    _do(db, jobs.progress, job, stage="see", progress=0.5, now=at(1))
    _do(db, jobs.forget_progress, at(100))
    assert len(_types(db, job.id)) == 3
    _do(db, jobs.finish, job, state="done", now=at(2))
    _do(db, jobs.forget_progress, at(100))
    assert _types(db, job.id) == ["queued", "claimed", "done"]


def test_a_job_can_change_many_times_in_one_transaction(db):
    """DuckDB has been known to see a row's own earlier version as a duplicate of its key."""
    with db.write() as w:
        rows.job(w)
        job = jobs.claim(w, "a", lease_seconds=60, now=NOON)
        jobs.progress(w, job, stage="see", progress=0.1, now=NOON)
        jobs.progress(w, job, stage="see", progress=0.2, now=NOON)
        jobs.release(w, job, NOON)
        job = jobs.claim(w, "a", lease_seconds=60, now=NOON)
        jobs.attach(w, job, 1)
        jobs.finish(w, job, state="failed", now=NOON)
        jobs.retry(w, job.id, NOON)
    assert jobs.get(db, job.id).state == "queued"
    assert jobs.get(db, job.id).fence == 2


def test_workers_that_race_share_the_jobs_and_none_is_worked_on_twice(db):
    with db.write() as w:
        made = [rows.job(w).id for _ in range(24)]
    claimed: Counter[int] = Counter()
    start = threading.Barrier(4)

    def work(owner):
        start.wait()
        while True:
            with db.write() as w:
                job = jobs.claim(w, owner, lease_seconds=60, now=at(1))
            if job is None:
                return
            claimed[job.id] += 1
            with db.write() as w:
                jobs.check_fence(w, job)
                jobs.progress(w, job, stage="see", progress=0.5, now=at(1))
            with db.write() as w:
                jobs.finish(w, job, state="done", now=at(2))

    threads = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert claimed == dict.fromkeys(made, 1)
    assert jobs.counts(db) == {"done": 24}


def test_what_was_due_a_moment_ago_is_claimed_unless_somebody_was_faster(db):
    with db.write() as w:
        first, second = rows.job(w), rows.job(w)
    seen = jobs.due(db, at(1))
    assert seen.id == first.id
    assert _claim(db, 2).id == first.id
    assert _do(db, jobs.claim, "worker-2", lease_seconds=60, now=at(3), first=seen).id == second.id


def test_a_job_that_is_due_is_claimed_as_it_was_seen(db):
    with db.write() as w:
        job = rows.job(w)
    seen = jobs.due(db, at(1))
    mine = _do(db, jobs.claim, "worker-1", lease_seconds=60, now=at(2), first=seen)
    assert (mine.id, mine.state, mine.fence) == (job.id, "running", 1)


def test_of_two_workers_with_one_job_only_the_later_claim_can_store_rows(db):
    """The fence is checked in the transaction of the rows, so the loser's rows go with it."""
    lost = _running(db)
    held, go = threading.Event(), threading.Event()
    outcome = []

    def late():
        try:
            with db.write() as w:
                rows.source(w, content_hash="late")
                held.set()
                go.wait(30)
                jobs.check_fence(w, lost)
        except StaleFence:
            outcome.append("stale")

    if db.engine == "duckdb":  # one transaction at a time: the takeover comes before
        taken = _claim(db, 60)
        go.set()
        late()
    else:
        thread = threading.Thread(target=late)
        thread.start()
        assert held.wait(30)
        taken = _claim(db, 60)
        go.set()
        thread.join(30)
    assert outcome == ["stale"]
    assert taken.fence == lost.fence + 1
    with db.write() as w:
        assert rows.source(w, content_hash="late").name == "a.mp4"


def test_a_held_fence_keeps_the_job_until_the_rows_are_stored(db):
    job = _running(db)
    order = []

    def take_over():
        with db.write() as w:
            taken = jobs.claim(w, "b", lease_seconds=60, now=at(60))
        order.append(("claimed", taken is not None))

    with db.write() as w:
        jobs.check_fence(w, job)
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join(0.3)
        order.append(("stored", True))
        jobs.heartbeat(w, job, lease_seconds=60, now=at(60))
    thread.join(30)
    assert sorted(order) == [("claimed", False), ("stored", True)]  # DuckDB waits, PostgreSQL passes over it
    assert jobs.get(db, job.id).fence == job.fence


def test_a_silent_minute_is_counted_from_the_last_heartbeat(db):
    job = _running(db)
    _do(db, jobs.heartbeat, job, lease_seconds=60, now=at(30))
    assert _claim(db, 89) is None
    assert _claim(db, 90).id == job.id
    assert job.lease_until == NOON + timedelta(seconds=60)


def test_whether_a_job_is_due_can_be_asked_without_a_transaction(db):
    assert not jobs.due(db, at(0))
    _running(db)
    assert not jobs.due(db, at(59))
    assert jobs.due(db, at(60))


def test_the_capture_of_a_file_that_has_not_ended_is_found_by_its_path(db):
    job = _running(db, params={"path": "/a b"})
    assert jobs.active_for_path(db, "/a b") == job
    assert jobs.active_for_path(db, "/other") is None
    _do(db, jobs.finish, job, state="done", now=at(1))
    assert jobs.active_for_path(db, "/a b") is None


def test_a_file_is_known_by_the_job_about_it_and_active_until_that_ends(db):
    with db.write() as w:
        job = jobs.enqueue(
            w, kind="capture", source_id=None, params={"path": "/a b.mp4"}, max_attempts=3, now=at(0)
        )
    assert jobs.active_for_path(db, "/a b.mp4").id == job.id
    with db.write() as w:
        jobs.cancel(w, job.id, at(1))
    assert jobs.active_for_path(db, "/a b.mp4") is None
    assert jobs.of_path(db, "/a b.mp4") is not None
    assert jobs.of_path(db, "/a b") is None


HERE = Place("see", 2, 600_000, 900_000)


def _killed_at(db, job, place, seconds, **facts):
    """The job after it came to a place and its process died there."""
    _do(db, jobs.progress, job, stage="see", progress=None, now=at(seconds), place=place)
    _do(db, jobs.recover, at(seconds), **facts)
    return jobs.get(db, job.id)


def test_a_job_that_is_killed_three_times_at_one_place_is_poison_and_says_where(db):
    job = _running(db)
    for number in range(2):
        assert _killed_at(db, job, HERE, number).state == "queued"
        job = _claim(db, number)
    ended = _killed_at(db, job, HERE, 3)
    assert (ended.state, ended.error_code, ended.deaths, ended.place) == ("failed", "poison", 3, HERE)
    assert "seeing, 00:10:00 to 00:15:00" in ended.error_detail
    assert f"mem jobs retry {job.id} --skip" in ended.error_detail
    assert _types(db, job.id)[-1] == "failed"


def test_a_job_that_gets_one_stretch_further_each_time_is_killed_as_often_as_one_likes(db):
    job = _running(db, max_attempts=2)
    for number in range(30):
        step = Place("see", number, number * 10, number * 10 + 10)
        _do(
            db, jobs.progress, job, stage="see", progress=0.5, now=at(number * 60), place=step, committed=True
        )
        if number % 2:
            _do(db, jobs.recover, at(number * 60))
        job = _claim(db, number * 60 + 60)
        assert job is not None
    assert (job.state, job.place) == ("running", None)


def test_a_worker_that_is_lost_three_times_at_one_place_is_poison_too(db):
    job = _running(db, max_attempts=9)
    for number in range(3):
        _do(db, jobs.progress, job, stage="see", progress=None, now=at(number * 60), place=HERE)
        job = _claim(db, number * 60 + 60) or jobs.get(db, job.id)
    assert (job.state, job.error_code, job.deaths) == ("failed", "poison", 3)
    assert "00:10:00 to 00:15:00" in job.error_detail


def test_a_job_that_was_killed_before_it_came_to_any_place_goes_on(db):
    job = _running(db)
    for number in range(5):
        _do(db, jobs.recover, at(number))
        job = _claim(db, number)
    assert (job.state, job.deaths) == ("running", 0)


def test_a_poisoned_job_is_tried_again_without_the_stretch(db):
    job = _running(db)
    for number in range(3):
        _killed_at(db, job, HERE, number)
        job = _claim(db, number) or job
    again = _do(db, jobs.retry, job.id, at(9), skip=True)
    assert (again.state, again.skip, again.place, again.deaths) == ("queued", HERE, None, 0)


@pytest.mark.parametrize("code", ["decoder_crashed", "poison"])
def test_only_a_stretch_can_be_left_out(db, code):
    job = _running(db)
    _do(db, jobs.progress, job, stage="look", progress=None, now=at(1), place=Place("look"))
    _do(db, jobs.finish, job, state="failed", error_code=code, error_detail="x", now=at(1))
    with pytest.raises(NotRetriable, match="left out"):
        _do(db, jobs.retry, job.id, at(2), skip=True)


def test_waiting_is_worth_one_level_of_priority_in_ten_minutes(db):
    with db.write() as w:
        old = rows.job(w, priority=3)
        new = rows.job(w, priority=5, now=at(25 * 60))
        newest = rows.job(w, priority=9, now=at(25 * 60))
    assert [_claim(db, 26 * 60).id for _ in range(3)] == [newest.id, old.id, new.id]


def test_a_waiting_job_gets_another_priority_and_keeps_its_age(db):
    with db.write() as w:
        old = rows.job(w, priority=0)
        rows.job(w, priority=5, now=at(60))
    assert _do(db, jobs.prioritise, old.id, 5, at(61)).priority == 5
    assert _claim(db, 62).id == old.id
    with pytest.raises(NotWaiting):
        _do(db, jobs.prioritise, old.id, 9, at(63))


def test_jobs_that_failed_for_some_reasons_are_queued_again_together(db):
    ended = []
    for code in ("model_missing", "poison", "disk_full"):
        job = _running(db)
        _do(db, jobs.finish, job, state="failed", error_code=code, error_detail="x", now=at(1))
        ended.append(job.id)
    queued = _do(db, jobs.retry_failed, ["model_missing", "disk_full"], at(2), after=0, limit=9)
    assert queued == [ended[0], ended[2]]
    assert jobs.counts(db) == {"queued": 2, "failed": 1}


def test_event_ids_appear_in_their_order_however_the_transactions_end(db):
    """A listener that has seen an id never misses a lower one that is committed later."""
    with db.write() as w:
        first, second = rows.job(w), rows.job(w)
    told, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow():
        with db.write() as w:
            jobs.prioritise(w, first.id, 1, at(1))
            told.set()
            assert go.wait(30)

    def quick():
        assert told.wait(30)
        with db.write() as w:
            jobs.prioritise(w, second.id, 2, at(1))
        done.set()

    threads = [threading.Thread(target=act) for act in (slow, quick)]
    for thread in threads:
        thread.start()
    assert told.wait(30)
    overtaken = done.wait(0.3)
    seen = [event.id for event in jobs.events(db, after=0, limit=99)]
    go.set()
    for thread in threads:
        thread.join(30)
    everything = [event.id for event in jobs.events(db, after=0, limit=99)]
    assert not overtaken
    assert everything[: len(seen)] == seen
    assert [e.job_id for e in jobs.events(db, after=seen[-1], limit=9)] == [first.id, second.id]


def test_a_listener_goes_on_after_a_restart(url, tmp_path):
    def reopened():
        return open_database(url, folder=tmp_path, memory_limit=2**28, threads=1)

    db = reopened()
    job = _running(db)
    seen = jobs.latest_event(db)
    db.close()
    db = reopened()
    _do(db, jobs.finish, job, state="done", now=at(2))
    assert [event.type for event in jobs.events(db, after=seen, limit=9)] == ["done"]
    db.close()
