"""A worker whose jobs cost nothing but what a job costs: `python -m tests.scale.hand worker`.

Each job has three steps, and each step is committed once under the job's fence, as a stretch of a
recording is. What is in the table tells whether one was done twice, or under an old fence.
"""

import sys
import time

from mem.capture.lease import Lease
from mem.capture.run import Outcome
from mem.errors import Stopped
from mem.jobs import tasks
from mem.memory import Memory

STEPS = 3
STEP_SECONDS = 0.01
TABLE = "create table if not exists effects (job bigint, step integer, fence bigint)"
PER_STEP = (
    "select count(*) as rows, count(distinct (job, step)) as steps, count(distinct job) as jobs from effects"
)


def _steps(memory: Memory, lease: Lease) -> Outcome:
    with memory.db.session() as session:
        done = session.run("select count(*) as done from effects where job = $1", lease.job.id)[0]["done"]
    for step in range(done, STEPS):
        time.sleep(STEP_SECONDS)
        if lease.stopped():
            raise Stopped
        with memory.db.write() as w:
            w.script(f"insert into effects values ({lease.job.id}, {step}, {lease.job.fence})")
            lease.check(w)
            lease.commit(w, (step + 1) / STEPS, {})
    return Outcome(state="done", partial=False, detail=None, result={"steps": STEPS})


if __name__ == "__main__":
    from mem import cli

    tasks.TASKS = {**tasks.TASKS, "rerun": _steps}
    sys.exit(cli.main())
