"""Who else on the machine can read what is private."""

from pathlib import Path

_PRIVATE = (
    "mem.duckdb", "mem.duckdb.wal", "server.json", "config.yaml", "audit.jsonl", "sources", "uploads",
    "index", "tmp", "backups", "quarantine", "cache",
)  # fmt: skip


def exposed(folder: Path) -> list[Path]:
    """What of a data directory other users can read or exchange; nothing beneath a closed folder."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return []
    if not mode & 0o011:  # nobody else gets in
        return [folder] if mode & 0o066 else []
    found = [folder / name for name in _PRIVATE if _open(folder / name)]
    return [folder, *found] if mode & 0o022 else found


def _open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
