"""How far each stage of a source is committed."""

from mem.errors import StaleFence
from mem.store.database import Reader, Writer, build, to_json
from mem.types import Checkpoint, Stage


def get(r: Reader, source_id: int, stage: Stage) -> Checkpoint | None:
    """The checkpoint of a stage; None before its first stretch is committed."""
    rows = r.read("checkpoints.get", source_id, stage)
    return build(Checkpoint, rows[0]) if rows else None


def replace(w: Writer, checkpoint: Checkpoint) -> None:
    """Store a checkpoint in the place of whatever is there."""
    there = get(w, checkpoint.source_id, checkpoint.stage)
    put(w, checkpoint, expected=there.stretch if there else None)


def forget(w: Writer, source_id: int, stage: Stage) -> None:
    """A stage is to be done from its beginning."""
    w.run("checkpoints.forget", source_id, stage)


def put(w: Writer, checkpoint: Checkpoint, *, expected: int | None) -> None:
    """Store a checkpoint in the place of the one whose `stretch` is `expected` (None: of none).

    Raises StaleFence when another worker has moved it meanwhile.
    """
    c = checkpoint
    values = (
        c.source_id, c.stage, c.stretch, c.until_ms, c.pack, c.pack_length, c.state_file,
        to_json(dict(c.facts)), c.finished,
    )  # fmt: skip
    if expected is None:
        stored = w.change("checkpoints.first", *values)
    else:
        stored = w.change("checkpoints.next", *values, expected)
    if not stored:
        raise StaleFence(f"Another worker has gone on with {c.stage} of source {c.source_id}.")
