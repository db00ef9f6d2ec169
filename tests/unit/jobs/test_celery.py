"""Celery's worker, and what Mem does where that ends by itself."""

from mem.jobs import celery
from mem.jobs.worker import Shift
from mem.memory import open_memory


class Ending:
    """Ends at once, and the shift with it at the third start."""

    def __init__(self, shift):
        self.shift, self.starts = shift, 0

    def start(self):
        self.starts += 1
        if self.starts == 3:
            self.shift.end()


def test_a_worker_that_ends_by_itself_is_started_again_until_the_shift_ends(config, monkeypatch):
    monkeypatch.setattr(celery, "_REST_SECONDS", 0.0)
    with open_memory(config) as memory:
        shift = Shift(memory)
        worker = Ending(shift)
        celery.keep_up(lambda: worker, shift)
    assert worker.starts == 3
