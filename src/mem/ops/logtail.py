"""The last lines of the logs, and what in them is an error."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem import redact, types

NAMES = ("api.log", "capture.log")
_BLOCK = 2**20  # bytes of each file that are looked at for its end
_MOST = 64 * 2**20  # and for errors
_LINE = re.compile(r"(\S+Z) (ERROR|CRITICAL)\s+(\S+): (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Errors in the logs since an instant."""

    count: int
    examples: tuple[str, ...]  # the most frequent messages, with how often they came


def tail(folder: Path, name: str, lines: int) -> list[str]:
    """The last lines of a log file without secrets; none where it is missing."""
    text = _end(folder / name, _BLOCK)
    return [redact.text(line) for line in text.splitlines()[-lines:]]


def errors(folder: Path, since: datetime) -> Errors:
    """Lines of level ERROR and CRITICAL since an instant, in both files and what was rotated last."""
    found: Counter[str] = Counter()
    start = types.written(since)
    for name in NAMES:
        for file in [folder / name, *_rotated(folder, name)]:
            for line in _end(file, _MOST).splitlines():
                told = _told(line)
                if told is not None and told[0] >= start:
                    found[redact.text(told[1])] += 1
    examples = tuple(f"{count} x {message}" for message, count in found.most_common(5))
    return Errors(count=found.total(), examples=examples)


def _rotated(folder: Path, name: str) -> list[Path]:
    """The file that logrotate moved away last, which it does not compress at once."""
    moved = [file for file in folder.glob(f"{name}*") if file.name != name and file.suffix != ".gz"]
    return sorted(moved, key=lambda file: file.stat().st_mtime)[-1:]


def _told(line: str) -> tuple[str, str] | None:
    """When and what an error line says; None for any other line."""
    if line.startswith("{"):
        if '"level": "ERROR"' not in line and '"level": "CRITICAL"' not in line:
            return None
        try:
            facts = json.loads(line)
        except ValueError:
            return None  # cut where the file was looked into
        return str(facts.get("time", "")), f"{facts.get('logger')}: {facts.get('message')}"
    match = _LINE.match(line)
    return (match[1], f"{match[3]}: {match[4]}") if match else None


def _end(file: Path, most: int) -> str:
    try:
        with file.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - most))
            data = log.read(most)
    except OSError:
        return ""
    if size > most:
        data = data.partition(b"\n")[2]
    return data.decode("utf-8", "replace")
