"""The recordings."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mem.errors import NotFound
from mem.store import outbox
from mem.store.database import Reader, Row, Writer, build, to_json
from mem.types import AudioStream, Media, ScanStatus, Source, SourceKind, SourceState, StartTime, VideoStream


def add(
    w: Writer,
    *,
    kind: SourceKind,
    name: str,
    location: str | None,
    device: str | None,
    content_hash: str,
    size: int,
    path: str | None,
    original: str | None,
    start: StartTime,
    media: Media | None,
    added_at: datetime,
    scan_status: ScanStatus | None = None,
) -> tuple[Source, bool]:
    """Add a source; one with the same content is given back as it is, and False."""
    known = by_hash(w, content_hash)
    if known is not None:
        return known, False
    number = int(w.run("sources.reserve")[0]["id"])
    folder = f"sources/{start.started_at.astimezone(UTC):%Y/%m/%d}/{number}"
    added = w.change(
        "sources.add", number, kind, name, location, device, content_hash, size, path, original, folder,
        start.started_at, start.time_source, start.confidence, start.evidence, media_json(media), added_at,
        scan_status,
    )  # fmt: skip
    source = by_hash(w, content_hash)
    assert source is not None
    if added:
        outbox.source(w, source.id)
    return source, bool(added)


def get(r: Reader, source_id: int) -> Source:
    """The source with this id. Raises NotFound."""
    found = find(r, source_id)
    if found is None:
        raise NotFound(f"There is no source {source_id}.")
    return found


def find(r: Reader, source_id: int) -> Source | None:
    """The source with this id, if there is one."""
    rows = r.read("sources.get", source_id)
    return of_row(rows[0]) if rows else None


def folder(r: Reader, source_id: int) -> str:
    """Where the packs of a source lie, relative to the data directory. Raises NotFound."""
    rows = r.read("sources.folder", source_id)
    if not rows:
        raise NotFound(f"There is no source {source_id}.")
    return str(rows[0]["folder"])


def by_hash(r: Reader, content_hash: str) -> Source | None:
    """The source whose file has this sha256 (hex)."""
    rows = r.read("sources.by_hash", content_hash)
    return of_row(rows[0]) if rows else None


def by_ids(r: Reader, ids: Sequence[int]) -> dict[int, Source]:
    """Those of the given sources that exist, by id."""
    return {row["id"]: of_row(row) for row in r.read("sources.by_ids", sorted(set(ids)))}


def page(r: Reader, limit: int, before: tuple[datetime, int] | None = None) -> list[Source]:
    """Sources, the newest recording first; `before` is (started_at, id) of the last one seen."""
    moment, number = before or (None, None)
    return [of_row(row) for row in r.read("sources.page", limit, moment, number)]


def overlapping(r: Reader, start: datetime, end: datetime, *, limit: int) -> list[Source]:
    """Sources that lie at least partly in ``[start, end)``, the earliest first."""
    return [of_row(row) for row in r.read("sources.overlapping", start, end, limit)]


def edit(
    w: Writer,
    source_id: int,
    *,
    name: str | None = None,
    location: str | None = None,
    device: str | None = None,
    hotwords: str | None = None,
    prompt: str | None = None,
) -> Source:
    """Change what is given. Raises NotFound."""
    w.run("sources.edit", source_id, name, location, device, hotwords, prompt)
    outbox.source(w, source_id)
    return get(w, source_id)


def redate(w: Writer, source_id: int, start: StartTime) -> Source:
    """Say anew when a source began: everything that lies in it moves by the same time."""
    delta = start.started_at - get(w, source_id).started_at
    w.run(
        "sources.redate", source_id, start.started_at, delta,
        start.time_source, start.confidence, start.evidence,
    )  # fmt: skip
    if delta:
        for query in ("move_frames", "move_spans", "move_segments", "move_screen_texts", "move_notes"):
            w.run(f"sources.{query}", source_id, delta)
        outbox.recording(w, source_id)
    return get(w, source_id)


def settle(
    w: Writer,
    source_id: int,
    *,
    state: SourceState,
    ended_at: datetime | None = None,
    media: Media | None = None,
    original: str | None = None,
    path: str | None = None,
) -> Source:
    """Set the state, and whatever else is given. Raises NotFound.

    `ended_at` must not lie before the end of the last span: `frames.at` looks no further.
    """
    w.run("sources.settle", source_id, state, ended_at, media_json(media), original, path)
    return get(w, source_id)


def abandon(w: Writer, source_id: int) -> None:
    """Note that a job about a source ended early: partial or failed, unless another job works on it."""
    w.run("sources.abandon", source_id)


def drop_original(w: Writer, source_id: int) -> Source:
    """Note that the kept recording was removed."""
    w.run("sources.drop_original", source_id)
    return get(w, source_id)


def extent(r: Reader, source_id: int) -> dict[str, int]:
    """How many rows belong to a source, by table."""
    return {row["table"]: row["rows"] for row in r.read("sources.extent", source_id)}


def delete(w: Writer, source_id: int) -> dict[str, int]:
    """Remove a source and all that belongs to it; gives the rows removed by table. Raises NotFound."""
    removed = extent(w, source_id)
    if not removed["sources"]:
        raise NotFound(f"There is no source {source_id}.")
    for table in (
        "frames",
        "spans",
        "segments",
        "screen_texts",
        "notes",
        "checkpoints",
        "reels_tried",
        "job_events",
        "jobs",
    ):
        w.run(f"sources.delete_{table}", source_id)
    w.run("sources.delete", source_id)
    outbox.recording(w, source_id)
    return removed


def counts(r: Reader) -> dict[SourceState, int]:
    """How many sources are in each state that occurs."""
    return {row["state"]: row["rows"] for row in r.read("sources.counts")}


def doubtful(r: Reader) -> int:
    """How many sources have a start time of low confidence."""
    return int(r.read("sources.doubtful")[0]["rows"])


def whole_at(r: Reader, paths: Sequence[str]) -> dict[str, Row]:
    """Of the sources that are ready and whose file lies at one of the paths: id, size and added_at."""
    wanted = to_json({str(number): [path] for number, path in enumerate(paths)})
    return {row["path"]: row for row in r.read("sources.whole_at", wanted)}


def of_row(row: Row) -> Source:
    """The source of a row that has all of its columns."""
    return build(Source, row, media=_media(row["media"]))


def media_json(media: Media | None) -> str | None:
    """What was found in a media file, as its column holds it."""
    return None if media is None else to_json({**dataclasses.asdict(media), "tags": dict(media.tags)})


def _media(stored: Mapping[str, Any] | None) -> Media | None:
    if stored is None:
        return None
    video, audio = stored["video"], stored["audio"]
    return build(
        Media,
        stored,
        video=None if video is None else build(VideoStream, video),
        audio=None if audio is None else build(AudioStream, audio),
    )
