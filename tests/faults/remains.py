"""Everything that a disturbed memory must hold like an undisturbed one, and what must not be left over."""

from pathlib import Path
from typing import Any

from mem import config, folders
from mem.capture import partial
from mem.memory import Memory, open_memory
from mem.store import entries, jobs, notes, sources, watched
from mem.types import Source
from tests import digest

ENDED = {"done", "partial", "failed", "cancelled"}


def of(data: Path) -> dict[str, Any]:
    """What lies in the data directory, which no process may have open."""
    with open_memory(config.load({"data_dir": str(data)}, environ={})) as memory:
        found = sources.page(memory.db, 1000, None)
        written = notes.between(memory.db, digest.LONG_AGO, digest.FAR_AHEAD, None, limit=1000, after=None)
        return {
            "rows": {source.content_hash: digest.of_source(memory, source) for source in found},
            "names": sorted((source.name, source.location or "", source.device or "") for source in found),
            "notes": sorted((note.text, str(note.start), *note.tags) for note in written),
            "unended jobs": [job.kind for job in jobs.page(memory.db, limit=1000) if job.state not in ENDED],
            "watched": sorted(row.path for row in watched.beneath(memory.db, "/") if row.gone_at is None),
            "texts": {kind: count for kind, count in entries.counts(memory.db).items() if count},
            "indexed": {kind: count for kind, count in memory.index.counts().items() if count},
            "stale copies": [name for source in found for name in stale(memory, source)],
            "originals": sorted(_original(memory, source) for source in found),
            "folders": sorted(_strange(memory, found)),
            "left over": left_over(memory),
        }


def stale(memory: Memory, source: Source) -> list[str]:
    """Copies in a source's folder that are not what the rows say."""
    differing = []
    writers = {
        "source.json": folders.write_source,
        "transcript.jsonl": folders.write_transcript,
        "notes.jsonl": folders.write_notes,
    }
    for name, write in writers.items():
        file = folders.of(memory, source) / name
        before = file.read_text() if file.exists() else ""
        write(memory, source.id)
        if file.read_text() != before:
            differing.append(name)
    return differing


def left_over(memory: Memory) -> list[str]:
    """What nobody needs in tmp and uploads; a resumable upload that has not ended rests there rightly."""
    found = [f"tmp/{path.name}" for path in (memory.folder / "tmp").iterdir()]
    for path in (memory.folder / "uploads").iterdir():
        record = path.with_suffix(partial.RECORD)
        ended = not record.exists() or partial.find(memory, record.stem).ended
        if path.suffix != partial.RECORD and ended:
            found.append(f"uploads/{path.name}")
    return found


def _original(memory: Memory, source: Source) -> str:
    file = folders.media_file(memory, source)
    there = "there" if file is not None and file.exists() else "gone"
    return f"{source.name}: {'kept' if source.original else 'by path' if source.path else 'none'}, {there}"


def _strange(memory: Memory, known: list[Source]) -> set[str]:
    """Folders with files that are no source's."""
    root = memory.folder
    holding = {str(path.parent.relative_to(root)) for path in (root / "sources").rglob("*") if path.is_file()}
    return holding - {source.folder for source in known}
