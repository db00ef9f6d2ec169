"""Taking pictures out of a recording's packs: a pack is written anew without them.

The new pack bears another name, so that every row names, at every instant, a file that holds its
picture: the new pack is brought to the disk, the rows change over to it in one transaction, and only
then the old one goes. Cut short anywhere, it is done again from the rows.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Literal

from mem import failpoints, folders, kept, packs, pictures, types
from mem.errors import Conflict, StorageFailed
from mem.media.reel import SUFFIX
from mem.memory import Memory
from mem.ops import clearing, records
from mem.ops.records import Change, Record
from mem.store import forgetting, jobs, receipts, sources
from mem.store.database import Writer
from mem.types import Frame, Source, milliseconds

_GENERATION = 1_000_000  # hours; the number of a pack written anew is as many above the old one's
_NAME = re.compile(r"frames-(\d{6,})\.tar")

Pen = Callable[[bytes], tuple[bytes, str]]  # a picture drawn anew, and its average colour
Gone = Mapping[int, int | None]  # frame id -> the frame that is told in its place, None for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """Some frames of a pack, coded one after the other."""

    data: Callable[[], bytes]
    places: Mapping[int, tuple[int, int]]  # frame id -> offset in it and length


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One file of the new pack."""

    at: int  # offset in the old one, which gives the order
    name: str
    data: Callable[[], bytes]
    inside: Mapping[int, int] = field(default_factory=dict)  # frame id -> offset in it of its picture
    kind: Literal["still", "thumb", "reel", "record"] = "record"


@dataclass(slots=True)
class _Lies:
    """Where the two pictures of a frame lie in the new pack."""

    image: int = 0
    thumb: int = 0
    reel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A picture whose bytes are others now, as its row is to tell it."""

    length: int
    sha256: str
    colour: str
    still: int | None = None  # its length before it became a part of a reel


def source(
    memory: Memory,
    receipt_id: int,
    source_id: int,
    gone: Mapping[str, Gone],
    cut: tuple[int, int] | None = None,
) -> None:
    """Take the frames `gone`, by pack, out of a source, and `cut` out of what its packs say.

    Raises DiskFull when there is no room for one new pack, and Conflict when a job begins meanwhile.
    """
    found = sources.get(memory.db, source_id)
    folder = folders.of(memory, found)
    told = {name: _told(memory, folder, name) for name in _names(memory, found, folder)}
    taken = records.ordinals([record for each in told.values() for record in each])
    with folders.owing(memory, source_id):
        for name in sorted({*told, *gone}):
            frames = forgetting.of_pack(memory.db, source_id, name)
            change = _change(found, frames, gone.get(name, {}), cut)
            texts = {record.name: records.changed(record, change, taken) for record in told.get(name, ())}
            if gone.get(name) or any(text is not None for text in texts.values()):
                pack = _Pack(memory, receipt_id, found, folder, name, frames, gone.get(name, {}))
                pack.write(told.get(name, ()), texts)
        if folder.is_dir():
            folders.write_frames(memory, source_id)
            if (folder / "screen.jsonl").exists():  # its lines name frames
                folders.write_screen(memory, source_id)


def anew(
    memory: Memory, receipt_id: int, source_id: int, name: str, reels: Sequence[Reel] = ()
) -> str | None:
    """Write a pack anew with nothing but what rows and its own records name, and pictures as these reels.

    Gives its new name; None where it has gone, and its rows with it. Raises DiskFull when there is no room
    for it, and Conflict when the source is re-dated meanwhile.
    """
    found = sources.get(memory.db, source_id)
    folder = folders.of(memory, found)
    told = _told(memory, folder, name)
    frames = forgetting.of_pack(memory.db, source_id, name)
    pack = _Pack(memory, receipt_id, found, folder, name, frames, {}, reels=reels)
    with folders.owing(memory, source_id):
        new = pack.write(told, {record.name: None for record in told})
        folders.write_frames(memory, source_id)
    return new


def mend(memory: Memory) -> None:
    """Remove the packs that a run wrote which was cut short, and make the copies that are owed.

    Not while somebody else is at it: then the next start does.
    """
    owed = folders.owed(memory)
    if owed:
        with contextlib.suppress(Conflict, StorageFailed), clearing.turn(memory):
            for found in sources.by_ids(memory.db, sorted(owed)).values():
                _names(memory, found, folders.of(memory, found))
    folders.mend(memory)


def draw(
    memory: Memory, receipt_id: int, source_id: int, pack: str, frames: AbstractSet[int], pen: Pen
) -> None:
    """Write a pack anew with the pictures of some frames drawn by `pen`, on disk before the old one goes.

    Raises DiskFull when there is no room for it, and Conflict when the source is re-dated meanwhile.
    """
    found = sources.get(memory.db, source_id)
    folder = folders.of(memory, found)
    told = _told(memory, folder, pack)
    rows = forgetting.of_pack(memory.db, source_id, pack)
    anew = _Pack(memory, receipt_id, found, folder, pack, rows, {}, frames, pen)
    anew.write(told, {record.name: None for record in told})


def _told(memory: Memory, folder: Path, name: str) -> list[Record]:
    """What a pack says of its stretches. Raises NotFound, StorageFailed, and DiskFull."""
    return records.read(kept.file(memory, folder / name))


def _names(memory: Memory, found: Source, folder: Path) -> list[str]:
    """The packs of a source: those that rows name, and those that hold records alone.

    What a run that was cut short left beside them, under a later name for the same hour, goes.
    """
    named = set(forgetting.packs(memory.db, found.id))
    hours: dict[int, list[str]] = {}
    for path in kept.packs_of(folder):
        if _NAME.fullmatch(path.name):
            hours.setdefault(_number(path.name) % _GENERATION, []).append(path.name)
    for each in hours.values():
        each.sort(key=_number)
        staying = named.intersection(each) or {each[0]}
        for name in set(each) - staying:
            if _number(name) > _GENERATION:
                kept.drop(memory.remote, folder / name)
            else:
                staying.add(name)
        named |= staying
    return sorted(named)


def _number(name: str) -> int:
    return int(name.removeprefix("frames-").removesuffix(".tar"))


def _change(found: Source, frames: Sequence[Frame], gone: Gone, cut: tuple[int, int] | None) -> Change:
    at = {frame.id: milliseconds(frame.first_seen - found.started_at) for frame in frames}
    told = {at[number]: None if other is None else at[other] for number, other in gone.items()}
    return Change(cut=cut, gone=told)


class _Pack:
    """One pack that is written anew."""

    def __init__(
        self,
        memory: Memory,
        receipt_id: int,
        found: Source,
        folder: Path,
        name: str,
        frames: Sequence[Frame],
        gone: Gone,
        drawn: AbstractSet[int] = frozenset(),
        pen: Pen | None = None,
        reels: Sequence[Reel] = (),
    ) -> None:
        self._memory, self._receipt, self._source = memory, receipt_id, found
        self._pen, self._drawn, self._new = pen, drawn, reels
        self._told: dict[int, _Drawn] = {}  # frames that are drawn by now, by offset into the recording
        self._thumbs: dict[int, int] = {}  # and the lengths of their thumbnails
        self._folder, self._name, self._gone = folder, name, gone
        self._kept = [frame for frame in frames if frame.id not in gone]
        self._frames = len(frames) - len(self._kept)
        touched = {frame.reel_offset for frame in frames if frame.id in gone or frame.id in drawn}
        reeled = {frame.reel_offset for frame in frames if frame.reel_offset is not None}
        self._whole = reeled - touched  # reels that stay as they are: the others' pictures are stills again

    def write(self, told: Sequence[Record], texts: Mapping[str, bytes | None]) -> str | None:
        """Write what stays, change the rows over, remove the old pack; gives the new one's name."""
        members = sorted([*self._pictures(), *self._records(told, texts)], key=lambda member: member.at)
        size = self._size(self._name)
        if not size:
            self._commit(None, 0, 0, {})  # the pack is gone, its rows go too
            return None
        if not self._kept:
            self._without_pictures(members, size)
            return None
        new = self._free_name()
        length, places = self._copy(new, members)
        self._commit(new, length, size - self._size(new), places)
        clearing.clear(self._memory, self._receipt)
        return new

    def _pictures(self) -> Iterator[_Member]:
        placed = {number for each in self._new for number in each.places}
        for frame in self._kept:
            at = milliseconds(frame.first_seen - self._source.started_at)
            if frame.id not in placed and frame.reel_offset not in self._whole:
                yield _Member(
                    at=frame.offset,
                    name=f"{at:012d}.{frame.format}",
                    data=lambda f=frame: self._image(f),  # type: ignore[misc]
                    inside={frame.id: 0},
                    kind="still",
                )
            yield _Member(
                at=frame.thumb_offset,
                name=f"{at:012d}.thumb.webp",
                data=lambda f=frame: self._thumb(f),  # type: ignore[misc]
                inside={frame.id: 0},
                kind="thumb",
            )
        yield from self._reels()

    def _reels(self) -> Iterator[_Member]:
        """Those that stay, and new ones, each where its first picture lay."""
        frames = {frame.id: frame for frame in self._kept}
        for begin in self._whole:
            those = [frame for frame in self._kept if frame.reel_offset == begin]
            data = partial(self._read, those[0].begin, max(frame.end for frame in those) - those[0].begin)
            yield self._reel(those, data, {frame.id: frame.offset - frame.begin for frame in those})
        for reel in self._new:
            data = partial(self._coded, reel)
            inside = {number: place for number, (place, _) in reel.places.items()}
            yield self._reel([frames[number] for number in reel.places], data, inside)

    def _reel(self, those: Sequence[Frame], data: Callable[[], bytes], inside: Mapping[int, int]) -> _Member:
        at = min(milliseconds(frame.first_seen - self._source.started_at) for frame in those)
        first = min(frame.offset for frame in those)
        return _Member(at=first, name=f"{at:012d}{SUFFIX}", data=data, inside=inside, kind="reel")

    def _coded(self, reel: Reel) -> bytes:
        data = reel.data()
        frames = {frame.id: frame for frame in self._kept}
        for number, (place, length) in reel.places.items():
            digest = sha256(data[: place + length]).hexdigest()
            frame = frames[number]
            self._thumbs[number] = frame.thumb_length
            self._told[number] = _Drawn(length=length, sha256=digest, colour=frame.colour, still=frame.length)
        return data

    def _records(self, told: Sequence[Record], texts: Mapping[str, bytes | None]) -> Iterator[_Member]:
        for record in told:
            changed = texts[record.name]
            data = record.data if changed is None else changed
            yield _Member(at=record.offset, name=record.name, data=lambda text=data: self._saying(text))  # type: ignore[misc]

    def _saying(self, record: bytes) -> bytes:
        """A record as it is to be; it lies behind its frames, so what was drawn is known by then."""
        return records.redrawn(record, self._facts())

    def _image(self, frame: Frame) -> bytes:
        data, colour = pictures.whole(self._memory, self._folder, frame), frame.colour
        if self._pen is not None and frame.id in self._drawn:
            data, colour = self._pen(data)
        elif frame.reel_offset is None:
            return data
        self._thumbs.setdefault(frame.id, frame.thumb_length)
        self._told[frame.id] = _Drawn(length=len(data), sha256=sha256(data).hexdigest(), colour=colour)
        return data

    def _thumb(self, frame: Frame) -> bytes:
        data = self._read(frame.thumb_offset, frame.thumb_length)
        if self._pen is not None and frame.id in self._drawn:
            data, _ = self._pen(data)
            self._thumbs[frame.id] = len(data)
        return data

    def _facts(self) -> dict[int, dict[str, object]]:
        """What records are to say of the frames that were drawn, by offset into the recording."""
        at = {frame.id: milliseconds(frame.first_seen - self._source.started_at) for frame in self._kept}
        return {
            at[number]: {"sha256": drawn.sha256, "colour": drawn.colour, "still_length": drawn.still}
            for number, drawn in self._told.items()
        }

    def _read(self, offset: int, length: int) -> bytes:
        return kept.read(self._memory, self._folder, self._name, offset, length)

    def _copy(self, new: str, members: Sequence[_Member]) -> tuple[int, dict[int, _Lies]]:
        """Write the members; gives the new pack's length, and where each frame's two pictures lie."""
        places = {frame.id: _Lies() for frame in self._kept}
        with ExitStack() as undo:
            undo.callback((self._folder / new).unlink, missing_ok=True)
            with packs.open_pack(self._folder, new, 0) as pack:
                for member in members:
                    at = pack.append(member.name, member.data())
                    for number, inside in member.inside.items():
                        if member.kind == "thumb":
                            places[number].thumb = at
                        else:
                            places[number].image = at + inside
                            places[number].reel = at if member.kind == "reel" else None
                length = pack.sync()
            failpoints.reach("pack.rewritten")
            undo.pop_all()
        return length, places

    def _without_pictures(self, members: Sequence[_Member], size: int) -> None:
        """Nothing but records stays, whose place no row names: the file is replaced before its rows go."""
        if not members:
            self._commit(None, 0, size, {}, old=self._name)
            clearing.clear(self._memory, self._receipt)
            return
        new = self._free_name()
        self._copy(new, members)
        (self._folder / new).replace(self._folder / self._name)
        folders.sync_names(self._folder)
        kept.forget(self._memory.remote, self._folder / self._name)
        self._commit(None, 0, size - self._size(self._name), {})

    def _commit(
        self,
        new: str | None,
        length: int,
        freed: int,
        places: Mapping[int, _Lies],
        *,
        old: str | None = None,
    ) -> None:
        removed = old or (self._name if new else None)
        pending = [] if removed is None else [(f"{self._source.folder}/{removed}", freed)]
        counted = 0 if removed else freed
        with self._memory.db.write() as w:
            refuse_if_moved(w, self._source)
            jobs.interrupt(w, self._source.id, "screen", types.now())
            spans = forgetting.drop_frames(w, self._source.id, self._gone)
            if new is not None:
                rows = ((number, lies.image, lies.thumb, lies.reel) for number, lies in places.items())
                forgetting.move(w, self._source.id, self._name, new, length, rows)
                forgetting.redraw(
                    w,
                    (
                        (number, drawn.length, self._thumbs[number], drawn.sha256, drawn.colour, drawn.still)
                        for number, drawn in self._told.items()
                    ),
                )
            receipts.add(w, self._receipt, {"frames": self._frames, "spans": spans}, pending, counted)
        failpoints.reach("pack.changed_over")

    def _size(self, name: str) -> int:
        return kept.size(self._folder / name) or 0

    def _free_name(self) -> str:
        """A name for the pack that no row names; what a run that was cut short left under it goes."""
        used = set(forgetting.packs(self._memory.db, self._source.id))
        number = _number(self._name) + _GENERATION
        while packs.name(number) in used:
            number += _GENERATION
        return packs.name(number)


def refuse_if_moved(w: Writer, source: Source) -> None:
    """Raise Conflict when a source was given another date meanwhile: offsets would be wrong."""
    if sources.get(w, source.id).started_at != source.started_at:
        raise Conflict(f"Source {source.id} was given another date meanwhile.", hint="Ask again.")
