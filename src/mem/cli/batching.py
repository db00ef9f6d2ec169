"""What `mem capture` of many recordings will mean, before it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mem.cli import local, render, words
from mem.cli.client import Client, Json

_AT_ONCE = 200  # files of one question: their paths must fit into a small body
_PROBED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """The recordings, as the server sees them."""

    files: dict[Path, Json]
    unseen: int  # files that the server does not see or may not read
    bytes_per_second: float | None

    @property
    def new(self) -> list[Json]:
        """Those that have to be taken in."""
        return [file for file in self.files.values() if file["source_id"] is None]

    @property
    def size(self) -> int:
        """Bytes to take in."""
        return sum(file["size"] for file in self.new)

    @property
    def seconds(self) -> float | None:
        """Seconds of recording to take in, guessed from a few of them."""
        return self.size / self.bytes_per_second if self.bytes_per_second else None

    def known(self, path: Path) -> int | None:
        """The source that the file was taken in as."""
        file = self.files.get(path)
        return file["source_id"] if file else None

    def size_of(self, path: Path) -> int:
        """Bytes of one file."""
        return int(self.files[path]["size"]) if path in self.files else 0

    def as_json(self) -> Json:
        """For programs."""
        files = [{**file, "path": str(path)} for path, file in self.files.items()]
        facts = {"new": len(self.new), "new_bytes": self.size, "new_seconds": self.seconds}
        return {"files": files, "unseen": self.unseen, **facts}


def plan(client: Client, files: Sequence[Path]) -> Plan:
    """Ask what capturing these files will mean."""
    found: dict[Path, Json] = {}
    rate = None
    for start in range(0, len(files), _AT_ONCE):
        paths = [str(path) for path in files[start : start + _AT_ONCE]]
        wanted = {"paths": paths, "probe": 0 if rate else _PROBED}
        answer = client.send("POST", "/api/capture/plan", wanted)
        rate = rate or answer["bytes_per_second"]
        found |= {Path(file["path"]): file for file in answer["files"]}
    return Plan(found, len(files) - len(found), rate)


def say(planned: Plan) -> None:
    """The plan in a line or two, on stderr."""
    new = planned.new
    long = f", about {words.duration(planned.seconds)} of recording" if planned.seconds else ""
    known = len(planned.files) - len(new)
    parts = [f"{words.count(len(new), 'recording')} to take in ({words.size(planned.size)}{long})"]
    if known:
        parts.append(f"{known:,} known already")
    if planned.unseen:
        parts.append(f"{planned.unseen:,} that cannot be read")
    render.remark(f"{', '.join(parts)}.")
    times = sorted(local.instant(file["started_at"]) for file in new if file["started_at"])
    if times:
        first, last = (local.full(moment, local.zone()) for moment in (times[0], times[-1]))
        without = len(new) - len(times)
        tail = f"; {without:,} do not say when by their name" if without else ""
        render.remark(f"By their names and the files beside them, from {first} to {last}{tail}.")
