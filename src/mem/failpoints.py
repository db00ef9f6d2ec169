"""Places between two durable writes at which a test can cut the process off. Meant for tests alone.

``MEM_FAILPOINT=NAME[:N]:ACTION`` makes the N-th passage (1 where nothing is said) of the point NAME, or of
any point where NAME is ``*``,

    kill     end the process as a power cut would
    stop     halt it until SIGCONT, so that somebody can fill the disk or take a file away meanwhile
    enospc   fail as if the disk were full
    error    fail as if the disk were broken

The variable is read here once, when the program starts, and not by the configuration: a point lies in the
opening of the memory too, before there is one. Without it a passage costs the call and one comparison.
"""

import errno
import itertools
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

VARIABLE = "MEM_FAILPOINT"
ANY = "*"
Action = Literal["kill", "stop", "enospc", "error"]

# What is on the disk when the point is passed; the next durable write comes behind it.
POINTS: Mapping[str, str] = {
    "upload.begun": "an empty part, of an upload that comes in one go",
    "upload.written": "another block of an upload of either kind, not synced",
    "upload.synced": "all bytes of an upload in one go, under the name of a part",
    "upload.named": "the same under their final name, which may not be durable",
    "upload.queued": "and the job; the answer is not sent",
    "tus.begun": "the empty file of a resumable upload, without a record",
    "tus.created": "and its record; the answer is not sent",
    "tus.synced": "bytes behind the offset that the record states",
    "tus.acknowledged": "and the record with the new offset; the answer is not sent",
    "tus.whole": "all bytes, the record still of an earlier offset",
    "tus.queued": "and the job; the record does not name it",
    "tus.known": "a record that names the source with the same content, beside bytes nobody needs",
    "tus.ended": "the last record; the answer is not sent",
    "tus.forgotten": "bytes of an upload whose record was removed",
    "record.written": "the next record of a resumable upload beside the present one",
    "record.named": "the next record in its place, which may not be durable",
    "job.submitted": "the row of a new job",
    "job.claimed": "the job's row under a new lease",
    "job.released": "the row of a job that was cancelled or given back",
    "job.failed": "the row of a job that failed; the upload that it was about is still there",
    "job.ended": "the row of a job that ended well",
    "jobs.recovered": "the rows of an earlier process's jobs, queued again",
    "source.added": "the rows of a new source and of its job, no folder",
    "source.known": "the row of a job whose recording was known",
    "source.housed": "and the folder; an upload still lies in data/uploads",
    "source.moved": "and an upload's file in the folder",
    "copy.written": "the next source.json, transcript.jsonl or notes.jsonl beside the present one",
    "copy.named": "the new copy in its place",
    "parts.queued": "the rows of the jobs of a recording's parts; its own job is still running",
    "job.rests": "the row of a job that waits for its parts",
    "part.housed": "a part's images in the recording's packs, neither its state nor its rows",
    "part.joined": "a part's frames, spans and checkpoint; the part's own folder is still there",
    "pack.appended": "images behind the committed end of a pack, not synced",
    "pack.synced": "a stretch's images, neither its state nor its rows",
    "state.written": "a stage's next state under the name of a part",
    "state.named": "the next state beside the one that the checkpoint names",
    "stretch.seen": "a stretch's frames, spans and checkpoint; the state before is still there",
    "seen.finished": "the checkpoint that ends the looking; the last state is still there",
    "stretch.heard": "a stretch's segments and checkpoint; the state before is still there",
    "heard.finished": "the checkpoint that ends the listening; the last state is still there",
    "capture.begun": "the source's row as processing",
    "capture.settled": "the source's row as ready or partial, its copies of before",
    "original.dropped": "a row that names an original whose file is gone",
    "capture.copied": "everything of a source; its job is still running",
    "note.written": "the row of a note, or the rows without one, and the copy of before",
    "source.edited": "the changed rows of a source, and the copies of before",
    "delete.noted": "the receipt of a deletion that has begun, and all that it is about",
    "delete.committed": "the receipt and the files of a source without rows, or without those of an interval",
    "delete.moved": "and the folder in tmp, where it looks like no source",
    "delete.removed": "the receipt that names no file any more",
    "pack.rewritten": "a pack without what was deleted, which no row names, beside the old one",
    "pack.changed_over": "rows that name it, and the old one still there",
    "redact.noted": "the receipt of a redaction that has begun, and all that it is about",
    "redact.committed": "rows without what was said and to be read, and pictures as they were",
    "segment.edited": "the changed row of a segment, and the copy of before",
    "index.emptied": "an index that is being made anew, and not whole",
    "index.filled": "all texts in it, and no mark that it is whole",
    "index.committed": "changes in the index that the rows remember as still to come",
    "schema.prepared": "an empty table of the schema's steps",
    "schema.stepping": "the step before the one whose statements were run; neither they nor its record",
    "schema.stepped": "a step of the schema",
    "database.changed": "nothing of a transaction that is about to be committed",
    "database.committed": "the transaction; nobody was told",
    "server.noted": "the next server.json beside the present one",
    "watch.queued": "the job of a watched file that is not known as handed over",
    "watch.put": "and the row that says so",
    "watch.settled": "the row that says what became of a watched file",
    "watch.pointed": "a source that names the place to which its file is about to be moved",
    "watch.moved": "the file there; its row still names the old place",
    "watch.deleted": "the row of a watched file that was deleted because it was taken in",
    "watch.forgotten": "no row of it",
}


@dataclass(frozen=True, slots=True)
class Trap:
    """What `MEM_FAILPOINT` asks for."""

    name: str
    nth: int
    action: Action


def parse(text: str) -> Trap | None:
    """The trap that a value of the variable describes; None for an empty one. Raises ValueError."""
    if not text:
        return None
    name, _, rest = text.partition(":")
    nth, _, word = rest.rpartition(":")
    actions: dict[str, Action] = {action: action for action in get_args(Action)}
    if (name != ANY and name not in POINTS) or word not in actions:
        raise ValueError(f"{VARIABLE}: {text!r} is not NAME[:N]:{'|'.join(actions)}")
    return Trap(name, int(nth or 1), actions[word])


_trap = parse(os.environ.get(VARIABLE, ""))
_passages = itertools.count(1)  # one for all threads: `next` of it cannot be divided


def reach(name: str) -> None:
    """Say that the point `name` is passed. Raises OSError where a test wants that."""
    if _trap is not None and _trap.name in (name, ANY) and next(_passages) == _trap.nth:
        _spring(_trap.action, name)


def _spring(action: Action, name: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        number = errno.ENOSPC if action == "enospc" else errno.EIO
        raise OSError(number, f"{os.strerror(number)} (failpoint {name})")
