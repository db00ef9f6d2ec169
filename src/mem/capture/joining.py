"""Joining a part of a long recording to those before it: the same as committing a stretch, only longer.

Bytes first, then rows and checkpoint in one transaction. Done again after a stop it writes the same.
"""

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mem import failpoints, kept, types
from mem.capture import gaps, look, progress
from mem.capture.apart import Apart
from mem.capture.frames import LIVE
from mem.capture.lease import Lease
from mem.capture.progress import Seen
from mem.capture.shelf import Rows
from mem.errors import DecoderCrashed
from mem.memory import Memory
from mem.ops import records
from mem.store import forgetting, sources
from mem.store.database import Writer
from mem.store.frames import NewFrame
from mem.types import Checkpoint, Source, Span

Place = tuple[str, int]  # a pack and an offset in it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joint:
    """Two neighbours: what is stored up to here, and what the part adds."""

    before: Checkpoint | None
    after: Checkpoint  # the part's own last one
    same: Mapping[int, int]  # ordinal of a frame that is dropped -> the one that stood there before
    state: bytes  # for what follows

    @property
    def old(self) -> Seen:
        """The facts of what is stored."""
        return Seen.of(self.before)

    @property
    def new(self) -> Seen:
        """Those of the part."""
        return Seen.of(self.after)

    @property
    def empty(self) -> bool:
        """Whether no picture of the part could be decoded."""
        return not self.state and not self.new.gaps

    @property
    def until_ms(self) -> int:
        """Up to which offset rows are stored with the part."""
        return self.before.until_ms if self.empty and self.before else self.after.until_ms


def join(memory: Memory, lease: Lease, source: Source, apart: Apart) -> Checkpoint:
    """Put what a part made behind what is stored, and say how far the recording is now."""
    rows = Rows(memory, source)
    joint = _compared(memory, lease, source, rows, apart)
    places, pack, length = _house(memory, rows.folder, apart, joint)
    state_file = _state_file(rows.folder, joint)
    with memory.db.write() as w:
        lease.check(w)
        seen = _store(w, source.id, rows, apart, joint, places)
        checkpoint = progress.step(
            source.id,
            "see",
            seen,
            stretch=joint.after.stretch,
            until_ms=joint.until_ms,
            pack=pack,
            pack_length=length,
            state_file=state_file,
            finished=not joint.new.more,
        )
        rows.put(w, checkpoint, expected=joint.before.stretch if joint.before else None)
    failpoints.reach("part.joined")
    progress.drop_states(rows.folder, "see", keep=state_file)
    memory.bell.ring()
    return checkpoint


def _state_file(home: Path, joint: _Joint) -> str | None:
    """The file with the state from which looking could go on behind it; None at the end, or at a gap."""
    if not joint.new.more or (joint.new.gaps and not joint.state):
        return None
    if joint.empty:
        return joint.before.state_file if joint.before else None
    return progress.write_state(home, "see", joint.after.stretch - 1, joint.state)


def _store(
    w: Writer, source_id: int, rows: Rows, apart: Apart, joint: _Joint, places: Mapping[Place, int]
) -> Seen:
    """Write the rows of the part; gives what is known of the recording then."""
    started_at = sources.get(w, source_id).started_at
    made, shown = apart.made(started_at)
    fresh = {number: _at(frame, places) for number, frame in made.items() if number not in joint.same}
    ids = dict(zip(fresh, rows.add_frames(w, fresh), strict=True))
    names = [_old_id(joint, number) if number in joint.same else ids[number] for number in made]
    spans = [replace(span, frame_id=names[span.frame_id]) for span in shown]
    goes_on, spans = _tiled(joint, apart, source_id, started_at, spans)
    if goes_on is not None:
        rows.extend_span(w, goes_on)
    rows.add_spans(w, spans)
    if not joint.new.more:
        rows.lengthen(w, started_at + apart.length)
    return _facts(joint, fresh, ids, spans[-1] if spans else goes_on, started_at)


def _compared(memory: Memory, lease: Lease, source: Source, rows: Rows, apart: Apart) -> _Joint:
    before, after = rows.checkpoint("see"), apart.checkpoint("see")
    if after.state_file is None:  # nothing was seen, or a gap came last
        return _Joint(before=before, after=after, same={}, state=b"")
    old, new = progress.read_state(rows.folder, before), progress.read_state(apart.folder, after)
    sensitivity = memory.config.capture.frame.sensitivity
    request = {
        "sensitivity": sensitivity if isinstance(sensitivity, str) else sensitivity.model_dump(),
        "before": len(old),
        "until_ms": after.until_ms,
    }
    with memory.eye.run(
        "join",
        look.unchanged(memory, lease, source),
        request,
        state=old + new,
        limits=look.child_limits(memory),
        cancelled=lease.stopped,
        idle=memory.config.media.idle_seconds,
    ) as messages:
        found = [message for message in messages if message.kind == "joined"]
    if len(found) != 1:
        raise DecoderCrashed("The process that compares parts said nothing about them.")
    same = {int(new): int(old) for new, old in found[0].fields["same"]}
    return _Joint(before=before, after=after, same=same, state=found[0].body)


def _house(
    memory: Memory, home: Path, apart: Apart, joint: _Joint
) -> tuple[dict[Place, int], str | None, int]:
    """Copy the part's packs behind the recording's own, without what is dropped.

    Gives where each image lies now, and the pack that was written last with its length.
    """
    made, _ = apart.made(types.now())
    dropped = {
        place
        for number, frame in made.items()
        if number in joint.same
        for place in ((frame.pack, frame.offset), (frame.pack, frame.thumb_offset))
    }
    before, places = joint.before, dict[Place, int]()
    name, length = (before.pack, before.pack_length) if before else (None, 0)
    for file in sorted(apart.folder.glob("frames-*.tar")):
        if not file.stat().st_size:
            continue  # begun, and nothing came
        with kept.open_pack(memory, home, file.name, length if file.name == name else 0) as pack:
            for member, offset, body in _members(file):
                if member.endswith(records.SUFFIX):
                    body = _told(body, joint.same)
                elif (file.name, offset) in dropped:
                    continue
                places[file.name, offset] = pack.append(member, body)
            name, length = file.name, pack.sync()
    failpoints.reach("part.housed")
    return places, name, length


def _members(file: Path) -> Iterator[tuple[str, int, bytes]]:
    """The name, the offset and the bytes of each file in a pack."""
    with tarfile.open(file, "r:") as archive:
        for member in archive:
            body = archive.extractfile(member)
            assert body is not None
            yield member.name, member.offset_data, body.read()


def _told(record: bytes, same: Mapping[int, int]) -> bytes:
    """A stretch's record with what stood before in the place of what is dropped."""
    body = json.loads(record)
    body["frames"] = {number: facts for number, facts in body["frames"].items() if int(number) not in same}
    body["spans"] = [[same.get(number, number), *rest] for number, *rest in body["spans"]]
    return json.dumps(body, sort_keys=True).encode()


def _at(frame: NewFrame, places: Mapping[Place, int]) -> NewFrame:
    return replace(
        frame,
        offset=places[frame.pack, frame.offset],
        thumb_offset=places[frame.pack, frame.thumb_offset],
    )


def _old_id(joint: _Joint, number: int) -> int:
    """The id of the frame that stands in the place of one that is dropped."""
    found = joint.old.live.get(str(joint.same[number]))
    if found is None:
        raise DecoderCrashed(f"A part repeats frame {joint.same[number]}, which nobody knows.")
    return found


def _tiled(
    joint: _Joint, apart: Apart, source_id: int, started_at: datetime, spans: list[Span]
) -> tuple[Span | None, list[Span]]:
    """The standing span gone on up to the part and beyond, and the new ones behind it."""
    old, begin = joint.old, types.after(started_at, apart.part.begin_ms)
    if gaps.behind(joint.before):
        return None, forgetting.merged(spans)
    if old.open is None:
        if spans and spans[0].start == begin and joint.before is not None:
            until = types.after(started_at, joint.before.until_ms)  # before, no picture could be decoded
            spans = [replace(spans[0], start=min(until, begin)), *spans[1:]]
        return None, forgetting.merged(spans)
    ordinal, start_ms, samples = old.open
    standing = Span(
        source_id=source_id,
        frame_id=old.live[str(ordinal)],
        start=types.after(started_at, start_ms),
        end=types.after(started_at, joint.until_ms) if joint.empty else begin,
        samples=samples,
    )
    goes_on, *rest = forgetting.merged([standing, *spans])
    return goes_on, rest


def _facts(
    joint: _Joint, fresh: Mapping[int, NewFrame], ids: Mapping[int, int], last: Span | None, start: datetime
) -> Seen:
    """What is known of the recording once the part is in it."""
    old, new = joint.old, joint.new
    stays = {str(number): old.live[str(number)] for number in joint.same.values()}
    came = {number: ids[int(number)] for number in new.live if int(number) in ids}
    live = {number: kept for number, kept in old.live.items() if number not in stays} | came | stays
    standing = old.open if joint.empty else None
    if new.open is not None and last is not None:
        ordinal = joint.same.get(new.open[0], new.open[0])
        standing = (ordinal, types.milliseconds(last.start - start), last.samples)
    return Seen(
        next_ordinal=new.next_ordinal,
        open=standing,
        live=dict(list(live.items())[-LIVE:]),
        samples=old.samples + new.samples,
        frames=old.frames + len(fresh),
        bytes=old.bytes + sum(frame.length + frame.thumb_length for frame in fresh.values()),
        partial=old.partial or new.partial,
        warnings=progress.merge(old.warnings, list(new.warnings)),
        gaps=(*old.gaps, *new.gaps),
        joined=old.joined + 1,
    )
