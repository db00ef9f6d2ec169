"""How far a stage of a recording has come: typed facts over the stored checkpoint."""

import logging
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from mem import failpoints, observe
from mem.errors import DecoderCrashed
from mem.store import sources
from mem.store.database import Writer
from mem.types import Checkpoint, Source, Stage

log = logging.getLogger(__name__)

MAX_WARNINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the stage that looks at the picture carries from stretch to stretch."""

    next_ordinal: int = 0
    open: tuple[int, int, int] | None = None  # ordinal, start (ms) and samples of the standing span
    live: dict[str, int] = field(default_factory=dict)  # ordinal -> frame id, of frames that may return
    samples: int = 0
    frames: int = 0
    bytes: int = 0
    partial: bool = False
    warnings: tuple[str, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()  # offsets (ms) between which it was left out
    rerun: int | None = None  # the job that made this in place of an earlier one
    joined: int = 0  # parts of a long recording that are in it
    more: bool = False  # of a part: the recording goes on behind it

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> Self:
        """The facts of a stored checkpoint, or those of a beginning."""
        if checkpoint is None:
            return cls()
        facts = _facts(checkpoint)
        facts["open"] = tuple(facts["open"]) if facts["open"] else None
        return cls(**facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the stage that listens carries from stretch to stretch."""

    model: str = ""
    language: str | None = None
    speech_ms: int = 0
    segments: int = 0
    words: int = 0
    partial: bool = False
    warnings: tuple[str, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()  # offsets (ms) between which it was left out
    rerun: int | None = None  # the job that made this in place of an earlier one

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> Self:
        """The facts of a stored checkpoint, or those of a beginning."""
        return cls() if checkpoint is None else cls(**_facts(checkpoint))


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    """As they were before JSON made lists of tuples."""
    facts: dict[str, Any] = dict(checkpoint.facts)
    facts["warnings"] = tuple(facts["warnings"])
    facts["gaps"] = tuple((begin, end) for begin, end in facts.get("gaps", ()))
    return facts


def step(
    source_id: int,
    stage: Stage,
    facts: Seen | Heard,
    *,
    stretch: int = 0,
    until_ms: int = 0,
    pack: str | None = None,
    pack_length: int = 0,
    state_file: str | None = None,
    finished: bool = False,
) -> Checkpoint:
    """A checkpoint to store."""
    return Checkpoint(
        source_id=source_id,
        stage=stage,
        stretch=stretch,
        until_ms=until_ms,
        pack=pack,
        pack_length=pack_length,
        state_file=state_file,
        facts=asdict(facts),
        finished=finished,
    )


def share(source: Source, until_ms: int) -> float:
    """How much of a source lies before an offset, 0 to 1; 0 while its length is unknown."""
    whole = source.media.duration_ms if source.media else None
    return min(1.0, until_ms / whole) if whole else 0.0


def report(source_id: int, stage: Stage, begun_ms: int, until_ms: int, **counts: int) -> None:
    """Tell the log and the metrics that a stretch is stored; its bounds are offsets."""
    observe.MEDIA_SECONDS.labels(stage).inc((until_ms - begun_ms) / 1000)
    facts = {"action": "stretch_stored", "source": source_id, "stage": stage, "until_ms": until_ms}
    log.info("stretch stored", extra=facts | counts)


def lengthen(w: Writer, source_id: int, ended_at: datetime) -> None:
    """Say that a source lasts until `ended_at`, unless it is known to last longer."""
    source = sources.get(w, source_id)
    if source.ended_at is None or source.ended_at < ended_at:
        sources.settle(w, source_id, state=source.state, ended_at=ended_at)


def merge(before: tuple[str, ...], more: object) -> tuple[str, ...]:
    """Warnings without repeats, at most MAX_WARNINGS of them."""
    texts = [str(text)[:300] for text in more] if isinstance(more, list) else []
    return tuple(dict.fromkeys((*before, *texts)))[:MAX_WARNINGS]


def write_state(folder: Path, stage: Stage, stretch: int, state: bytes) -> str:
    """Keep a stage's own state durably beside the packs; returns the file's name, which holds its hash."""
    name = f"{stage}-{stretch:06d}-{sha256(state).hexdigest()[:16]}.state"
    part = folder / f".{name}.part"
    with part.open("wb") as file:
        file.write(state)
        file.flush()
        os.fdatasync(file.fileno())
    failpoints.reach("state.written")
    part.replace(folder / name)
    failpoints.reach("state.named")
    return name


def read_state(folder: Path, checkpoint: Checkpoint | None) -> bytes:
    """The state that `checkpoint` names. Raises DecoderCrashed when it is not what was written."""
    if checkpoint is None or checkpoint.state_file is None:
        return b""
    try:
        state = (folder / checkpoint.state_file).read_bytes()
    except FileNotFoundError:
        state = b""
    if sha256(state).hexdigest()[:16] not in checkpoint.state_file:
        raise DecoderCrashed(f"{checkpoint.state_file} is damaged, so the capture cannot go on from there.")
    return state


def drop_states(folder: Path, stage: Stage, keep: str | None) -> None:
    """Remove the states of `stage` that no checkpoint needs any more."""
    for file in folder.glob(f"*{stage}-*.state*"):
        if file.name != keep:
            file.unlink(missing_ok=True)
