"""What a memory holds, as one comparable value: rows without their ids, and the bytes of every pack."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mem import config
from mem.memory import Memory, open_memory
from mem.store import frames, sources, texts
from mem.types import Source

LONG_AGO, FAR_AHEAD = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def of(data_dir: Path) -> dict[str, Any]:
    """The digest of the memory in `data_dir`, which no process may have open."""
    with open_memory(config.load({"data_dir": str(data_dir)}, environ={})) as memory:
        found = sources.page(memory.db, 1000, None)
        return {source.content_hash: of_source(memory, source) for source in found}


def of_source(memory: Memory, source: Source) -> dict[str, Any]:
    """The digest of one source."""
    kept = frames.between(memory.db, LONG_AGO, FAR_AHEAD, source.id, limit=100_000, after=None)
    spans = frames.spans_between(memory.db, LONG_AGO, FAR_AHEAD, source.id, limit=100_000, after=None)
    by_id = {frame.id: frame for frame in kept}
    folder = memory.folder / source.folder
    return {
        "state": source.state,
        "started_at": source.started_at,
        "ended_at": source.ended_at,
        "frames": [
            (
                f.first_seen,
                f.width,
                f.height,
                f.format,
                f.colour,
                f.pack,
                f.offset,
                f.length,
                f.thumb_offset,
                f.thumb_length,
                f.sha256,
            )
            for f in kept
        ],
        "spans": [(s.start, s.end, by_id[s.frame_id].first_seen, s.samples) for s in spans],
        "segments": [
            (s.start, s.end, s.text, s.language, s.model, s.words)
            for s in texts.of_source(memory.db, source.id)
        ],
        "packs": {
            pack.name: hashlib.sha256(pack.read_bytes()).hexdigest() for pack in sorted(folder.glob("*.tar"))
        },
        "left over": sorted(
            file.name for file in folder.iterdir() if file.name.startswith(".") or file.suffix == ".state"
        ),
    }
