"""How far a job is, and how fast it goes."""

import pytest

from mem.cli import following
from mem.cli.client import Event
from mem.cli.pace import Pace


def pace(*points: tuple[float, float], media_seconds: float | None = 600.0) -> Pace:
    """A pace that saw the progress at each time in seconds."""
    clock = iter([at for at, _ in points])
    measured = Pace(media_seconds, clock=lambda: next(clock))
    for _, progress in points:
        measured.note(progress)
    return measured


def test_rate_and_rest_are_measured_from_the_first_step():
    measured = pace((100.0, 0.0), (110.0, 0.2), (120.0, 0.4))
    assert measured.remaining() == 30.0
    assert measured.factor() == 12.0


def test_a_job_that_is_found_half_done_is_not_thought_to_be_fast():
    assert pace((0.0, 0.5), (10.0, 0.6)).factor() == pytest.approx(6.0)


def test_nothing_is_said_too_early_or_at_the_end():
    assert pace((0.0, 0.5), (0.1, 0.6)).words() == ""
    assert pace((0.0, 0.5), (10.0, 1.0)).remaining() is None
    assert pace((0.0, 0.0), (5.0, 0.0)).words() == ""


def test_old_events_do_not_move_a_job_back():
    job = {"state": "running", "progress": 0.5, "stage": "hear", "source_id": 3}
    old = Event("1", "progress", {"data": {"progress": 0.2, "stage": "see"}})
    new = Event("9", "progress", {"data": {"progress": 0.6, "stage": "hear"}})
    ended = Event("2", "failed", {"data": {"progress": 1.0, "state": "failed"}})
    assert following.moved(job, old) == following.moved(job, ended) == job
    assert following.moved(job, new)["progress"] == 0.6
