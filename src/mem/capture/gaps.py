"""Places where work on a recording was killed, and the gaps that are left where a person said to go on.

A gap is an honest one: no span covers it, nothing that was said in it is written down, and the outcome
names it. The stage begins anew behind it, as at the beginning of a recording.
"""

from collections.abc import Iterable

from mem import types
from mem.capture.lease import Lease
from mem.types import Checkpoint, Place, Source, Stage

_LEAST_MS = {"hear": 60_000}  # sound is listened to in pieces of a minute; less would be met again

Gap = tuple[int, int]  # offsets in ms


def place(
    source: Source, stage: Stage, checkpoint: Checkpoint | None, stretch_ms: int, limit_ms: int | None = None
) -> Place:
    """The stretch that is next: its bounds as far as they are known before it is done.

    `limit_ms` is the end of the part of the recording that is looked at.
    """
    begin_ms = checkpoint.until_ms if checkpoint else 0
    least = begin_ms + max(stretch_ms // 2, _LEAST_MS.get(stage, 0))
    end_ms = -(-least // stretch_ms) * stretch_ms
    duration_ms = source.media.duration_ms if source.media else None
    if duration_ms and begin_ms < duration_ms:
        end_ms = max(begin_ms + 1, min(end_ms, duration_ms))
    if limit_ms is not None:
        end_ms = min(end_ms, limit_ms)
    return Place(stage, checkpoint.stretch if checkpoint else 0, begin_ms, end_ms)


def wanted(lease: Lease, at: Place) -> bool:
    """Whether a person said to leave this stretch out."""
    skip = lease.job.skip
    return skip is not None and (skip.stage, skip.stretch) == (at.stage, at.stretch)


def behind(checkpoint: Checkpoint | None) -> bool:
    """Whether the last thing that was committed is a gap, so that nothing is carried over."""
    bare = checkpoint is not None and checkpoint.state_file is None and not checkpoint.finished
    return bare and bool(checkpoint and checkpoint.facts.get("gaps"))


def lengthened(gaps: tuple[Gap, ...], until_ms: int) -> tuple[Gap, ...]:
    """The same with the last one up to where something was there again."""
    return (*gaps[:-1], (gaps[-1][0], max(gaps[-1][1], until_ms)))


def sentences(stage: Stage, gaps: Iterable[Gap]) -> list[str]:
    """What a person is told of them."""
    doing = {"see": "seeing", "hear": "hearing"}.get(stage, stage)
    return [f"Left out of {doing}: {types.between(*gap)}." for gap in gaps]


def told(source: Source, stage: Stage, gaps: Iterable[Gap]) -> list[dict[str, str]]:
    """The same for programs, as instants."""
    return [
        {
            "stage": stage,
            "start": types.written(types.after(source.started_at, begin)),
            "end": types.written(types.after(source.started_at, end)),
        }
        for begin, end in gaps
    ]
