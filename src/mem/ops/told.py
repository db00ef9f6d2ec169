"""What the folder of a recording tells: its rows as its files hold them, or as its packs' own records do."""

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from mem import packs
from mem.capture import progress
from mem.capture.frames import LIVE
from mem.capture.progress import Seen
from mem.errors import FolderDamaged
from mem.media import reel
from mem.objects import pointer
from mem.ops import records
from mem.store import forgetting, sources
from mem.store.frames import NewFrame
from mem.types import (
    Box,
    Checkpoint,
    Frame,
    Note,
    ScreenText,
    Segment,
    Source,
    Span,
    Word,
    after,
)

Made = TypeVar("Made")
_TIMES = (
    "started_at", "ended_at", "added_at", "first_seen", "start", "end", "created_at", "updated_at",
    "edited_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the packs' records tell of a recording whose capture had not ended."""

    frames: list[NewFrame]
    spans: list[tuple[int, int, int, int]]  # position in `frames`, start and end as offsets (ms), samples
    until_ms: int
    stretch: int
    pack: str | None
    pack_length: int
    ordinals: list[int]  # of the frames


def source(folder: Path) -> Source:
    """What source.json says. Raises FolderDamaged."""
    return next(iter(_read(folder / "source.json", lambda row: sources.of_row(row))))


def frames(folder: Path) -> list[Frame] | None:
    """The frames as frames.jsonl has them; None where it is missing, or where a pack says otherwise."""
    if not all((folder / f"{name}.jsonl").is_file() for name in ("frames", "spans", "checkpoints")):
        return None
    found = _read(folder / "frames.jsonl", lambda row: Frame(**row))
    away = _away(folder)
    places = {name: _members(folder / name) for name in {frame.pack for frame in found} - away}
    fits = all(f.pack in away or _lies(f, places[f.pack]) for f in found)
    return found if fits else None


def _lies(frame: Frame, members: Mapping[int, int]) -> bool:
    """Whether a frame lies where it says, by the lengths of a pack's members by their offsets."""
    size = members.get(frame.begin, 0)
    return size == frame.length if frame.reel_offset is None else size >= frame.end - frame.begin


def _away(folder: Path) -> set[str]:
    """The packs that lie in a bucket and are, by their sums, those for which frames.jsonl was written."""
    found = set()
    for said in _read(folder / "packs.jsonl", lambda row: row):
        there = None if (folder / said["pack"]).exists() else pointer.read(folder / said["pack"])
        if there is not None and (there.size, there.sha256) == (said["size"], said["sha256"]):
            found.add(said["pack"])
    return found


def spans(folder: Path) -> list[Span]:
    """The spans."""
    return _read(folder / "spans.jsonl", lambda row: Span(**row))


def checkpoints(folder: Path) -> list[Checkpoint]:
    """How far each stage is."""
    return _read(folder / "checkpoints.jsonl", lambda row: Checkpoint(**row))


def segments(folder: Path) -> list[Segment]:
    """What was said."""
    return _read(folder / "transcript.jsonl", _segment)


def screen_texts(folder: Path) -> list[ScreenText]:
    """What was read off the screen."""
    return _read(folder / "screen.jsonl", lambda row: ScreenText(**{**row, "box": Box(**row["box"])}))


def notes(file: Path) -> list[Note]:
    """What was noted."""
    return _read(file, lambda row: Note(**{**row, "tags": tuple(row["tags"])}))


def shown(folder: Path, found: Source) -> Shown:
    """What the records in the packs tell, as far as it can be read."""
    made: list[NewFrame] = []
    ordinals: list[int] = []
    told: list[tuple[int, int, int, int]] = []
    until, stretch, pack, length = 0, 0, None, 0
    for file in sorted(folder.glob("frames-*.tar")):
        names = {name: (offset, size) for offset, size, name in listed(file)}
        reeled = dict(_reeled(file, names))
        for record in records.read(file):
            for ordinal, facts in sorted(record.body["frames"].items(), key=lambda item: int(item[0])):
                frame = _frame(found, file.name, facts, names, reeled)
                if frame is not None:
                    ordinals.append(int(ordinal))
                    made.append(frame)
            told += [(int(a), int(b), int(c), int(d)) for a, b, c, d in record.body["spans"]]
            until, stretch = int(record.name.partition(".")[0]), int(record.body["stretch"]) + 1
            size = names[record.name][1]
            pack, length = file.name, record.offset + size + -size % tarfile.BLOCKSIZE
    position = {ordinal: at for at, ordinal in enumerate(ordinals)}
    kept = [(position[a], b, c, d) for a, b, c, d in told if a in position]
    return Shown(
        frames=made, spans=kept, until_ms=until, stretch=stretch, pack=pack, pack_length=length,
        ordinals=ordinals,
    )  # fmt: skip


def spans_of(found: Source, told: Shown, ids: list[int]) -> list[Span]:
    """The spans of what the records tell; one that went on into a next stretch is one."""
    return forgetting.merged(
        Span(
            source_id=found.id,
            frame_id=ids[at],
            start=after(found.started_at, start),
            end=after(found.started_at, end),
            samples=samples,
        )
        for at, start, end, samples in told.spans
    )


def seen(folder: Path, found: Source, told: Shown, ids: list[int]) -> Checkpoint | None:
    """A checkpoint from which the capture can go on; None where nothing was committed."""
    if not told.stretch:
        return None
    state = next(iter(sorted(folder.glob(f"see-{told.stretch - 1:06d}-*.state"))), None)
    last = told.spans[-1] if told.spans else None
    whole = spans_of(found, told, ids)
    standing = None
    if last is not None and whole:
        began = round((whole[-1].start - found.started_at).total_seconds() * 1000)
        standing = (told.ordinals[last[0]], began, whole[-1].samples)
    live = dict(list(zip(map(str, told.ordinals), ids, strict=True))[-LIVE:])
    facts = Seen(
        next_ordinal=max(told.ordinals, default=-1) + 1,
        open=standing,
        live=live,
        samples=sum(span[3] for span in told.spans),
        frames=len(ids),
        bytes=sum(frame.length + frame.thumb_length for frame in told.frames),
    )
    return progress.step(
        found.id,
        "see",
        facts,
        stretch=told.stretch,
        until_ms=told.until_ms,
        pack=told.pack,
        pack_length=told.pack_length,
        state_file=None if state is None else state.name,
    )


def _reeled(pack: Path, names: Mapping[str, tuple[int, int]]) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """The pictures of the reels in a pack by their offsets (ms): where each lies, how long, and its reel."""
    for name, (begin, size) in names.items():
        if name.endswith(reel.SUFFIX):
            for place in reel.places(packs.read(pack.parent, pack.name, begin, size)):
                yield place.at_ms, (begin + place.offset, place.length, begin)


def _frame(
    found: Source,
    pack: str,
    facts: Mapping[str, Any],
    names: Mapping[str, tuple[int, int]],
    reeled: Mapping[int, tuple[int, int, int]],
) -> NewFrame | None:
    at = int(facts["offset_ms"])
    still, thumb = names.get(f"{at:012d}.{facts['format']}"), names.get(f"{at:012d}.thumb.webp")
    image = reeled.get(at) if still is None else (*still, None)
    if image is None or thumb is None:
        return None
    return NewFrame(
        first_seen=after(found.started_at, at),
        width=facts["width"],
        height=facts["height"],
        format=facts["format"],
        colour=facts["colour"],
        pack=pack,
        offset=image[0],
        length=image[1],
        thumb_offset=thumb[0],
        thumb_length=thumb[1],
        sha256=facts["sha256"],
        reel_offset=image[2],
        still_length=None if image[2] is None else facts["still_length"],
    )


def listed(pack: Path) -> Iterator[tuple[int, int, str]]:
    """Offset, size and name of each member, as far as the pack can be read."""
    try:
        with tarfile.open(pack, "r:") as archive:
            for member in archive:
                yield member.offset_data, member.size, member.name
    except (OSError, tarfile.TarError):
        return


def _members(pack: Path) -> dict[int, int]:
    return {offset: size for offset, size, _ in listed(pack)}


def _segment(row: Mapping[str, Any]) -> Segment:
    words = {name: tuple(Word(**_dated(w)) for w in row.get(name, ())) for name in ("words", "heard_words")}
    return Segment(**{**row, **words})


def _read(file: Path, make: Callable[[dict[str, Any]], Made]) -> list[Made]:
    """The rows of a file, one a line; of none where there is no file. Raises FolderDamaged."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise FolderDamaged(f"{file} cannot be read: {error}") from None
    try:
        return [make(_dated(json.loads(line))) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise FolderDamaged(f"{file} is not what was written: {error}") from None


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else value
        for name, value in row.items()
    }
