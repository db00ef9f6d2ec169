"""Keeping within bounds: what would go is said, what goes is what was said, and pins stay."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mem import config as mem_config
from mem import folders, types
from mem.memory import Memory, open_memory
from mem.ops import check as ops_check
from mem.ops import forecast, retention
from mem.store import forgetting, frames, receipts, sources

from .conftest import local_client
from .seed import Seed, at
from .test_problems import check

NOW = at(0) + timedelta(days=100)


def _opened(tmp_path, **storage) -> Iterator[Memory]:
    facts = {f"storage.{name}": value for name, value in storage.items()}
    given = {"data_dir": str(tmp_path / "data"), "storage.min_free_bytes": 0, **facts}
    with open_memory(mem_config.load(given, environ={})) as memory:
        yield memory


@pytest.fixture
def opening(tmp_path):
    """Opens a memory with rules."""
    opened = []

    def with_rules(**storage) -> tuple[Memory, Seed]:
        running = _opened(tmp_path, **storage)
        opened.append(running)
        memory = next(running)
        return memory, Seed(memory)

    yield with_rules
    for running in opened:
        next(running, None)


def _recorded(memory, seed, days: float = 0.0, original: int = 4000, **facts):
    """A recording that many days after noon, with 4 pictures in its first minute and 2 in its second."""
    source = seed.source(
        at(0) + timedelta(days=days), path=None, original="original.mp4", size=original, **facts
    )
    folder = memory.folder / source.folder
    seed.frames(source, [0, 15, 30, 45, 60, 90, 119])
    (folder / "original.mp4").write_bytes(os.urandom(original))
    with memory.db.write() as w:
        end = source.started_at + timedelta(seconds=119)
        source = sources.settle(w, source.id, state="ready", ended_at=end)
    seed.say(source, 10, "words that stay")
    for write in (folders.write_source, folders.write_transcript, folders.write_notes):
        write(memory, source.id)
    return source


def _run(memory, now=NOW):
    return retention.go_on(memory, retention.begin(memory, by="test"), now)


def _on_disk(memory):
    return sum(path.lstat().st_size for path in (memory.folder / "sources").glob("*/**/*") if path.is_file())


def _pictures(memory):
    return sum(path.lstat().st_size for path in (memory.folder / "sources").rglob("*.tar"))


def _left(memory, source):
    return forgetting.extent(memory.db, source.id, source.started_at, source.ended_at)


def test_without_rules_nothing_ever_goes(opening):
    memory, seed = opening()
    _recorded(memory, seed)
    assert retention.plan(memory, NOW).steps == ()
    assert retention.daily(memory) is None
    assert receipts.latest(memory.db, "retention") is None


def test_what_is_too_old_goes_and_gives_back_what_was_said(opening):
    memory, seed = opening(retention_days=30)
    old, new = _recorded(memory, seed), _recorded(memory, seed, days=90)
    seed.note("of that time", at(5))
    kept = seed.note("of now", NOW)
    plan, before = retention.plan(memory, NOW), _on_disk(memory)
    assert [(step.what, step.source_id) for step in plan.steps] == [("everything", old.id)]
    assert plan.notes == 1
    receipt = _run(memory)
    assert receipt.freed_bytes == plan.bytes == before - _on_disk(memory)
    assert list(sources.by_ids(memory.db, [old.id, new.id])) == [new.id]
    assert receipt.removed["notes"] == 1
    assert [note.id for note in retention_notes(memory)] == [kept.id]
    assert retention.plan(memory, NOW).steps == ()


def retention_notes(memory):
    from mem.store import notes

    return notes.between(memory.db, at(-9), NOW + timedelta(days=1), limit=9)


def test_originals_go_first_and_frames_and_words_stay(opening):
    memory, seed = opening(retention=[{"what": "originals", "days": 30}])
    source = _recorded(memory, seed)
    before = _on_disk(memory)
    receipt = _run(memory)
    assert (receipt.removed, receipt.freed_bytes) == ({"originals": 1}, 4000)
    assert 0 <= before - _on_disk(memory) - 4000 + 20 < 60  # source.json says so in other words
    assert sources.get(memory.db, source.id).original is None
    assert _left(memory, source)["frames"] == 6


def test_thinned_frames_leave_their_time_to_the_first_of_the_minute(opening):
    memory, seed = opening(retention=[{"what": "thin", "days": 30}])
    source = _recorded(memory, seed)
    plan, before = retention.plan(memory, NOW), _pictures(memory)
    receipt = _run(memory)
    assert receipt.removed == {"frames": 4, "spans": 4}
    assert receipt.freed_bytes >= 0.98 * plan.bytes
    assert before - _pictures(memory) == receipt.freed_bytes
    spans = frames.spans_between(memory.db, at(0), at(200), source.id, limit=9)
    assert [(span.start, span.end) for span in spans] == [(at(0), at(60)), (at(60), at(119))]
    assert [span.samples for span in spans] == [8, 4]
    assert retention.plan(memory, NOW).steps == ()


@pytest.mark.parametrize("what", ["thin", "frames"])
def test_the_copies_in_the_folder_say_what_is_left(what, opening):
    memory, seed = opening(retention=[{"what": what, "days": 30}])
    source = _recorded(memory, seed)
    seed.read(source, 30, "text that stood on screen")
    folders.write_frames(memory, source.id)
    folders.write_screen(memory, source.id)
    _run(memory)
    assert ops_check.check(memory).findings == ()


def test_frames_go_and_words_stay(opening):
    memory, seed = opening(retention=[{"what": "frames", "days": 30, "location": "Hall"}])
    source, other = _recorded(memory, seed), _recorded(memory, seed, location="Cellar")
    _run(memory)
    assert _left(memory, source) == {"frames": 0, "spans": 0, "segments": 1, "notes": 0, "screen_texts": 0}
    assert _left(memory, other)["frames"] == 6
    assert list((memory.folder / source.folder).glob("*.tar")) == []


def test_a_byte_budget_takes_the_oldest_originals_then_thins_then_takes_frames(opening):
    memory, seed = opening(max_bytes=1)
    made = [_recorded(memory, seed, days=day) for day in (0, 1)]
    used = forecast.forecast(memory, NOW).used_bytes
    one_pack = forgetting.pack_bytes(memory.db)[made[0].id]

    def steps(most):
        budget = retention.RetentionRule(what="frames", max_bytes=most)
        planner = retention._Planner(memory, NOW)
        planner.by_bytes(budget, most)
        return [(step.what, step.source_id) for step in planner.plan().steps]

    first, second = made[0].id, made[1].id
    kept = 2 * (4000 + one_pack)
    assert used == kept
    assert steps(kept) == []
    assert steps(kept - 1) == [("originals", first)]
    everything = [("originals", first), ("originals", second)]
    assert steps(kept - 8001) == [*everything, ("thin", first)]
    assert steps(0) == [*everything, ("frames", first), ("frames", second)]


def test_a_budget_never_takes_words_and_says_what_it_cannot_reach(opening):
    memory, seed = opening(max_bytes=1)
    source = _recorded(memory, seed)
    with memory.db.write() as w:
        from mem.store import pins

        pins.add(w, source_id=None, start=at(31), end=at(32), reason="", now=at(0))
    assert retention.plan(memory, NOW).over_bytes > 0
    _run(memory)
    left = _left(memory, source)
    assert (left["segments"], left["frames"]) == (1, 1)
    assert sources.get(memory.db, source.id).original == "original.mp4"
    (span,) = frames.spans_between(memory.db, at(0), at(200), source.id, limit=9)
    assert span.start == at(30)


def test_what_is_worked_on_waits(opening):
    memory, seed = opening(retention_days=1)
    source = _recorded(memory, seed)
    seed.job(source_id=source.id)
    assert retention.plan(memory, NOW).steps == ()


def test_a_folder_that_does_not_say_whose_it_is_is_left_alone(opening):
    memory, seed = opening(retention_days=1)
    source = _recorded(memory, seed)
    file = memory.folder / source.folder / "source.json"
    for text in (file.read_text().replace(source.content_hash, "0" * 64), "{", None):
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        plan = retention.plan(memory, NOW)
        assert (plan.steps, plan.skipped) == ((), (source.id,))


def test_files_that_no_row_names_are_never_removed(opening):
    memory, _ = opening(retention_days=1, max_bytes=1)
    stranger = memory.folder / "sources" / "2020" / "01" / "01" / "9"
    stranger.mkdir(parents=True)
    (stranger / "original.mp4").write_bytes(b"x")
    _run(memory)
    assert (stranger / "original.mp4").exists()


def test_it_runs_once_a_day(opening):
    memory, seed = opening(retention_days=1)
    old = _recorded(memory, seed, days=-1000)
    first = retention.daily(memory)
    assert first is not None
    assert (first.removed["sources"], first.by) == (1, "retention")
    assert sources.by_ids(memory.db, [old.id]) == {}
    assert retention.daily(memory) is None


def test_the_forecast_counts_what_came_lately(opening):
    memory, seed = opening(max_bytes=100_000)
    for day in (0, 60):
        _recorded(memory, seed, days=day, added_at=at(0) + timedelta(days=day))
    found = forecast.forecast(memory, at(0) + timedelta(days=65))
    week, month = found.paces
    assert found.left_bytes == 100_000 - found.used_bytes
    assert week.bytes_per_day > month.bytes_per_day > 0
    assert week.full_in_days == pytest.approx(found.left_bytes / week.bytes_per_day, abs=0.06)
    assert forecast.forecast(memory, at(0) + timedelta(days=900)).paces[0].full_in_days is None


def test_it_is_shown_and_run_over_http(opening):
    memory, seed = opening(retention_days=1)
    _recorded(memory, seed, days=-1000)
    with local_client(memory) as client:
        plan = client.get("/api/retention").json()
        assert plan["removed"]["everything"]["sources"] == 1
        assert (plan["rules"][0]["what"], plan["last"], plan["dry_run"]) == ("everything", None, True)
        assert len(plan["forecast"]["paces"]) == 2
        again = client.post("/api/retention", json={"dry_run": True}).json()
        assert again["freed_bytes"] == plan["freed_bytes"] > 4000
        receipt = client.post("/api/retention", json={}).json()
        assert (receipt["kind"], receipt["freed_bytes"]) == ("retention", plan["freed_bytes"])
        assert client.get("/api/retention").json()["last"] == receipt


def test_pins_are_made_listed_and_let_go_of(client, seed):
    body = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T13:00:00Z", "reason": "birth"}
    answer = client.post("/api/pins", json=body)
    assert answer.status_code == 201
    assert client.get(answer.headers["location"]).json() == answer.json()
    assert client.get("/api/pins").json() == {"pins": [answer.json()], "cursor": None}
    check(client.post("/api/pins", json=body | {"end": body["start"]}), 422, "bad_time")
    check(client.post("/api/pins", json=body | {"source_id": 99}), 404, "not_found")
    assert client.delete(answer.headers["location"]).status_code == 204
    check(client.delete(answer.headers["location"]), 404, "not_found")


@pytest.mark.parametrize(
    "rule",
    [
        {"what": "frames"},
        {"what": "frames", "days": 1, "max_bytes": 1},
        {"what": "everything", "max_bytes": 1},
        {"what": "text", "days": 1},
        {"what": "frames", "days": 0},
    ],
)
def test_a_rule_without_sense_is_refused(rule):
    from mem.errors import BadConfig

    with pytest.raises(BadConfig, match="retention"):
        mem_config.load({"storage.retention": [rule]}, environ={})


def test_now_is_the_present(opening):
    memory, seed = opening(retention_days=1)
    fresh = seed.source(types.now() - timedelta(hours=2))
    folders.write_source(memory, fresh.id)
    assert retention.plan(memory).steps == ()
