"""What became of a captured recording, in words."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mem.cli import choices, local, render, words
from mem.cli.client import Client, Json
from mem.cli.options import Settings
from mem.cli.render import Cell

READ_FROM = {
    "caller": "as you said",
    "sidecar": "read from the file beside it",
    "filename": "read from the file's name",
    "container": "read from inside the file",
    "mtime": "guessed from when the file was last changed",
}
PROMPT_WORD = re.compile(r"[^\W\d_]{5,}")  # a word worth searching for as an example


@dataclass(frozen=True, slots=True)
class Outcome:
    """A file that was to be captured, and how that went."""

    path: Path
    job: Json | None = None
    source: Json | None = None
    error: tuple[str, str, str] | None = None  # code, what, what to do
    unread: bool = False  # it lies where it was taken in and was not even read again

    @property
    def failed(self) -> bool:
        """Whether it did not go in."""
        return self.error is not None and (self.job is None or self.job["state"] != "partial")

    @property
    def result(self) -> Json:
        """The job's result; empty while there is none."""
        return (self.job or {}).get("result") or {}

    def as_json(self) -> Json:
        """For programs."""
        names = ("code", "detail", "hint")
        error = dict(zip(names, self.error, strict=True)) if self.error else None
        return {"path": str(self.path), "job": self.job, "source": self.source, "error": error}


def ended(client: Client, path: Path, job: Json) -> Outcome:
    """The outcome of a job that has ended."""
    source = client.get(f"/api/sources/{job['source_id']}") if job.get("source_id") is not None else None
    error = None
    if job["state"] != "done":
        detail = job.get("error_detail") or f"The job is {job['state']}."
        error = (str(job.get("error_code") or job["state"]), str(detail), _hint(job))
    return Outcome(path, job, source, error)


def _hint(job: Json) -> str:
    from mem import errors

    if job["state"] == "cancelled":
        return f"`mem jobs retry {job['id']}` starts it again."
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    named = [kind for kind in kinds if issubclass(kind, errors.MemError) and kind.code == job["error_code"]]
    hint = str(named[0].hint) if named else ""
    return "" if hint in str(job["error_detail"]) else hint


def problem(outcome: Outcome) -> None:
    """One line to stderr on what went wrong and what to do."""
    if outcome.error:
        _, detail, hint = outcome.error
        partly = "was read only in part: " if not outcome.failed else ""
        style = "failure" if outcome.failed else "match"
        render.remark(" ".join(f"mem: {outcome.path.name}: {partly}{detail} {hint}".split()), style)


def line(outcome: Outcome) -> None:
    """One line on a file among several."""
    problem(outcome)
    if outcome.failed:
        return
    result, source = outcome.result, outcome.source or {}
    if result.get("known"):
        render.say(f"{outcome.path.name}: known already, as source {source.get('id')}")
        return
    parts = (
        words.count(int(result.get("frames") or 0), "frame"),
        words.count(int(result.get("words") or 0), "word"),
        f"{words.times(float(result.get('realtime_factor') or 0))} real time",
        f"source {source.get('id')}",
    )
    render.say(f"{outcome.path.name}: {', '.join(parts)}")


def panel(settings: Settings, client: Client, outcome: Outcome) -> None:
    """All about one recording."""
    problem(outcome)
    if outcome.failed or outcome.source is None:
        return
    if outcome.result.get("known"):
        render.say(f"{outcome.path.name} is known already: source {outcome.source['id']}. Nothing was added.")
        render.facts("", [("Recorded", recorded(outcome.source))])
    else:
        name = outcome.source["name"]
        render.facts(f"{name}, source {outcome.source['id']}", _numbers(outcome.result, outcome.source))
        for warning in outcome.result.get("warnings") or ():
            render.remark(f"mem: {warning}", "match")
    _doubt(settings, [outcome.source])
    _commands(settings, client, [outcome])


def totals(settings: Settings, client: Client, outcomes: Sequence[Outcome]) -> None:
    """All about several recordings."""
    known = sum(o.unread or bool(o.result.get("known")) for o in outcomes)
    outcomes = [o for o in outcomes if not o.unread]
    new = [o.result for o in outcomes if not o.failed and not o.result.get("known")]
    failed = sum(o.failed for o in outcomes)
    total = {key: sum(float(r.get(key) or 0) for r in new) for key in _SUMMED}
    wall = total["wall_seconds"]
    models = ", ".join(sorted({str(r["model"]) for r in new if r.get("model")}))
    dropped = 1 - total["frames"] / total["samples"] if total["samples"] else 0.0
    factor = total["media_seconds"] / wall if wall else 0.0
    everything = {**total, "dropped_share": dropped, "realtime_factor": factor, "model": models}
    title = f"{words.count(len(new), 'recording')} taken in"
    title += f", {known} known already" if known else ""
    title += f", {failed} failed" if failed else ""
    render.facts(title, _numbers(everything, None) if new else [])
    _doubt(settings, [o.source for o in outcomes if o.source and not o.failed])
    _commands(settings, client, [o for o in outcomes if o.source and not o.failed])


_SUMMED = ("samples", "frames", "speech_seconds", "words", "bytes", "media_seconds", "wall_seconds")


def _numbers(result: Json, source: Json | None) -> list[tuple[str, Cell | str | None]]:
    looked, kept = int(result.get("samples") or 0), int(result.get("frames") or 0)
    seconds = float(result.get("speech_seconds") or 0)
    spoken = words.count(int(result.get("words") or 0), "word")
    media, wall = float(result.get("media_seconds") or 0), float(result.get("wall_seconds") or 0)
    speed = f"{words.duration(media)} of recording in {words.duration(wall)}"
    model = str(result["model"]) if result.get("model") else None
    return [
        ("Recorded", recorded(source) if source else None),
        ("Looked at", words.count(looked, "sample")),
        (
            "Kept",
            f"{words.count(kept, 'frame')}, {words.share(float(result.get('dropped_share') or 0))} dropped",
        ),
        ("Speech", Cell(f"{words.duration(seconds)}, {spoken}", "speech")),
        ("Speech model", model),
        ("Stored", words.size(int(result.get("bytes") or 0))),
        ("Speed", f"{words.times(float(result.get('realtime_factor') or 0))} real time: {speed}"),
    ]


def recorded(source: Json) -> Cell:
    """When a source began, and where that is known from."""
    moment = local.exact(local.instant(source["started_at"]), local.zone())
    how = READ_FROM.get(source["time_source"], source["time_source"])
    said = source["time_evidence"] if source["time_source"] != "caller" else ""
    evidence = f" ({words.first(said, 120)})" if said else ""
    return Cell(f"{moment}, {how}{evidence}", "match" if source["time_confidence"] == "low" else "")


def _doubt(settings: Settings, sources: Sequence[Json]) -> None:
    doubtful = [source for source in sources if source["time_confidence"] == "low"]
    for source in doubtful[:5]:
        command = settings.command(f"sources edit {source['id']} --started-at '2026-11-20 14:00'")
        said = f"mem: It is not sure when {source['name']} was recorded. If it is wrong: {command}"
        render.remark(said, "match")
    if len(doubtful) > 5:
        render.remark(
            f"mem: and {len(doubtful) - 5} more; `{settings.command('sources')}` marks them.", "match"
        )


def _commands(settings: Settings, client: Client, outcomes: Sequence[Outcome]) -> None:
    """The commands that look at what is there now."""
    sources = [outcome.source for outcome in outcomes if outcome.source]
    if not sources:
        return
    start = min(local.instant(source["started_at"]) for source in sources)
    end = max(_end(outcome) for outcome in outcomes if outcome.source)
    render.say("Look at it:")
    render.say("  " + settings.command(f"timeline --from {local.iso(start)} --to {local.iso(end)}"))
    spoken = _word(client, sources[0])
    if spoken:
        render.say("  " + settings.command(f"search {spoken}"))
    if (sources[0].get("media") or {}).get("video"):
        begin = local.instant(sources[0]["started_at"])
        middle = choices.soon(begin, min(5.0, (end - begin).total_seconds() / 2))
        render.say("  " + settings.command(f'frame "{local.iso(middle)}" -o frame.jpg'))
    sys.stdout.flush()


def _end(outcome: Outcome) -> datetime:
    source = outcome.source or {}
    if source.get("ended_at"):
        return local.instant(source["ended_at"])
    seconds = float(outcome.result.get("media_seconds") or 0)
    return choices.soon(local.instant(source["started_at"]), max(seconds, 1.0))


def _word(client: Client, source: Json) -> str | None:
    """A word that was said, for the example."""
    start = local.instant(source["started_at"])
    until = source.get("ended_at") or local.iso(choices.soon(start, 3600))
    answer = client.get("/api/timeline", from_=start, to=until, source=source["id"], limit=20)
    text = " ".join(segment["text"] for segment in answer["segments"][:20])
    return max(PROMPT_WORD.findall(text), key=len, default=None)
