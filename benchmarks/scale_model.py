"""What a number of cameras needs: machines, storage, money, and where each engine's wall is.

    python -m benchmarks.scale_model [--cameras 10,1000,100000] [--unit see=22 …] [--check FILE]

Plain arithmetic over unit costs that were measured with one process (docs/benchmarks/capture.md and
docs/benchmarks/scale.md); every one can be given anew. `--check` takes the report of
`python -m benchmarks.scale --only speed` and compares what the model says of 2 and 4 workers with it.
"""

import argparse
import json
import math
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path

HOURS = 24 * 365


@dataclass(frozen=True, kw_only=True)
class Units:
    """What one camera does, and what that costs."""

    recorded: float = 24.0  # hours a day that a camera records
    speech_share: float = 0.05  # of them with somebody speaking
    see: float = 22.0  # CPU-seconds per hour of 1080p15 (docs/benchmarks/capture.md)
    hear: float = 138.0  # CPU-seconds per hour of speech, tiny.en
    listen: float = 4.0  # CPU-seconds per hour of sound without speech: decoding, voice activity
    frames: float = 18.0  # kept per hour of a fixed camera (3 in ten minutes)
    frame_bytes: float = 16_000.0  # of a kept frame with its thumbnail
    spans: float = 20.0  # rows per hour
    segments: float = 600.0  # rows per hour of speech
    row_bytes: float = 400.0  # of a row in PostgreSQL with its indexes
    original_bytes: float = 900e6  # per hour of 1080p at 2 Mbit/s; 0 where originals are not kept
    days: float = 30.0  # that originals are kept
    questions: float = 2.0  # per camera and day
    question: float = 0.02  # CPU-seconds of one search
    claim: float = 0.0015  # seconds of PostgreSQL for one claim
    job: float = 0.04  # seconds of PostgreSQL for one recording of ten minutes: some 28 statements
    job_minutes: float = 10.0  # that one recording lasts
    busy: float = 0.6  # share of a core that may be planned with
    core_month: float = 12.0  # money for a core and its memory, a month
    disk_month: float = 0.02  # money for a GB of disk, a month
    object_month: float = 0.005  # money for a GB of object storage, a month
    put: float = 5e-6  # money for one PUT


WALLS = (
    # measure, wall, what takes over there by the same seam
    (
        "rows",
        2e9,
        "PostgreSQL, one machine: partition frames, spans and segments by month; above, Citus by source_id",
    ),
    (
        "index_gb",
        300.0,
        "tsvector and GIN beside the rows: OpenSearch behind mem.index, as tantivy and PostgreSQL are",
    ),
    (
        "claims",
        2_000.0,
        "events of jobs are written one after the other: a queue for each site, or Ray behind jobs.tasks",
    ),
    ("puts", 3_500.0, "requests to one S3 prefix a second: a prefix for each day and camera"),
    (
        "database_cores",
        64.0,
        "one PostgreSQL: replicas for reading; above, one memory for each site and a search over them",
    ),
)


def need(cameras: int, u: Units) -> dict[str, float]:
    """What so many cameras need, steadily."""
    hours = cameras * u.recorded / 24  # of recording that come in each hour
    work = hours * (u.see + u.speech_share * u.hear + (1 - u.speech_share) * u.listen)
    questions = cameras * u.questions / 86_400
    recordings = hours * 60 / u.job_minutes / 3600  # a second
    database = recordings * (u.job + u.claim)
    yearly = hours * HOURS
    rows = yearly * (u.frames + u.spans + u.speech_share * u.segments)
    images = yearly * u.frames * u.frame_bytes / 1e9
    originals = hours * 24 * u.days * u.original_bytes / 1e9
    cores = work / 3600 / u.busy
    api = max(questions * u.question / u.busy, 1.0)
    packs = hours / 3600  # closed a second: one an hour for each recording camera
    money = (cores + api + database / u.busy + 1) * u.core_month
    money += rows * u.row_bytes / 1e9 * u.disk_month + (images + originals) * u.object_month
    money += (packs + recordings) * 86_400 * 30 * u.put
    return {
        "worker_cores": cores,
        "api_cores": api,
        "database_cores": database / u.busy,
        "claims": recordings,
        "rows": rows,
        "row_gb": rows * u.row_bytes / 1e9,
        "index_gb": yearly * u.speech_share * u.segments * u.row_bytes / 1e9,
        "image_gb": images,
        "original_gb": originals,
        "puts": packs + recordings,
        "money_month": money,
    }


def walls(found: dict[str, float]) -> list[str]:
    """What does not carry that, and what takes over."""
    return [
        f"{measure} {found[measure]:,.0f} of {wall:,.0f}: {next_}"
        for measure, wall, next_ in WALLS
        if found[measure] > wall
    ]


def speedup(workers: int, *, cores: int, used: float) -> float:
    """How much faster several workers are than one that keeps `used` cores busy."""
    return min(float(workers), max(1.0, cores / used))


def check(report: Path, *, cores: int, used: float) -> list[tuple[int, float, float]]:
    """Workers, what the model says of them, and what was measured."""
    lines = {line["measure"]: line["value"] for line in json.loads(report.read_text())}
    return [
        (many, speedup(many, cores=cores, used=used), lines[f"{many} workers against one"]) for many in (2, 4)
    ]


def _given(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in {field.name for field in fields(Units)}:
        raise argparse.ArgumentTypeError(f"there is no unit {name!r}")
    return name, float(value)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cameras", default="10,1000,100000")
    parser.add_argument("--unit", type=_given, action="append", default=[])
    parser.add_argument("--check", type=Path)
    parser.add_argument("--used", type=float, default=1.0, help="cores that one worker keeps busy")
    given = parser.parse_args()
    units = replace(Units(), **dict(given.unit))
    many = [int(text) for text in given.cameras.split(",")]
    found = [need(number, units) for number in many]
    print("| each | " + " | ".join(f"{number:,} cameras" for number in many) + " |")
    print("|---|" + "---|" * len(many))
    for name in found[0]:
        print(f"| {name} | " + " | ".join(_shown(each[name]) for each in found) + " |")
    for number, each in zip(many, found, strict=True):
        for wall in walls(each):
            print(f"\n{number:,} cameras: {wall}")
    if given.check:
        for workers, said, measured in check(given.check, cores=os.cpu_count() or 1, used=given.used):
            print(f"\n{workers} workers: the model says {said:.2f}x, measured {measured:.2f}x")


def _shown(value: float) -> str:
    if value >= 100:
        digits = max(0, 3 - math.ceil(math.log10(value)))
        return f"{round(value, digits):,.0f}"
    return f"{value:.3g}"


if __name__ == "__main__":
    main()
