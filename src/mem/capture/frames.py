"""Storing what was seen: images into packs, and each stretch's rows in one transaction.

Order of writes: image bytes as they come, then `fdatasync` of the pack and of the keep rule's
state, then the rows together with the checkpoint. What a crash leaves past the last committed
length of a pack is cut away when the capture goes on, so that one recording ends in the same bytes
however often it was interrupted.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from mem import failpoints, folders, kept, observe, types
from mem.capture import exclusions, gaps, progress
from mem.capture.lease import Lease
from mem.capture.progress import Seen
from mem.capture.shelf import Shelf
from mem.errors import DecoderCrashed
from mem.media import sandbox
from mem.media.wire import Message
from mem.memory import Memory
from mem.store import sources
from mem.store.database import Writer
from mem.store.frames import NewFrame
from mem.types import Checkpoint, Place, Source, Span

LIVE = 64  # frames that the keep rule may come back to; it remembers fewer


@dataclass(frozen=True, slots=True)
class _Shown:
    """A span as a child tells it."""

    ordinal: int
    start_ms: int
    end_ms: int
    samples: int


def see(
    memory: Memory, lease: Lease, source: Source, path: Path, limits: sandbox.Limits, shelf: Shelf
) -> None:
    """Look at the picture of `source` from where it was left, and store what is new on the shelf."""
    checkpoint = shelf.checkpoint("see")
    if checkpoint is not None and checkpoint.finished:
        return
    at = _place(memory, source, shelf, checkpoint)
    lease.at(at)
    if gaps.wanted(lease, at):
        checkpoint = _leave_out(memory, lease, source, shelf, at)
    state = progress.read_state(shelf.folder, checkpoint)
    request = _request(memory, shelf, checkpoint) | _not_kept(memory, source)
    with (
        _Storing(memory, lease, source, shelf, checkpoint) as storing,
        memory.eye.run(
            "see",
            path,
            request,
            state=state,
            limits=limits,
            cancelled=lease.stopped,
            idle=memory.config.media.idle_seconds,
        ) as messages,
    ):
        for message in messages:
            storing.take(message)


def _place(memory: Memory, source: Source, shelf: Shelf, checkpoint: Checkpoint | None) -> Place:
    limit = shelf.part.end_ms if shelf.part else None
    return gaps.place(source, "see", checkpoint, memory.config.capture.stretch_seconds * 1000, limit)


def _leave_out(memory: Memory, lease: Lease, source: Source, shelf: Shelf, at: Place) -> Checkpoint:
    """Commit the stretch as a gap. No picture from before goes on behind it."""
    before = shelf.checkpoint("see")
    seen = Seen.of(before)
    seen = replace(seen, open=None, live={}, gaps=(*seen.gaps, (at.begin_ms, at.end_ms)))
    after = progress.step(
        source.id,
        "see",
        seen,
        stretch=at.stretch + 1,
        until_ms=at.end_ms,
        pack=before.pack if before else None,
        pack_length=before.pack_length if before else 0,
    )
    with memory.db.write() as w:
        lease.check(w)
        shelf.put(w, after, expected=before.stretch if before else None)
        following = _place(memory, source, shelf, after)
        lease.commit(w, progress.share(source, at.end_ms), {"samples": seen.samples}, following=following)
    return after


def _request(memory: Memory, shelf: Shelf, checkpoint: Checkpoint | None) -> dict[str, Any]:
    frame, media = memory.config.capture.frame, memory.config.media
    every = round(frame.interval_seconds * 1000)
    seen = Seen.of(checkpoint)
    return {
        "every_ms": every,
        "tolerance_ms": 0 if frame.sampling == "exact" else every // 2,
        "sensitivity": frame.sensitivity
        if isinstance(frame.sensitivity, str)
        else frame.sensitivity.model_dump(),
        "format": frame.format,
        "quality": frame.jpeg_quality if frame.format == "jpeg" else frame.quality,
        "max_width": frame.max_width,
        "max_pixels": media.max_pixels,
        "max_duration_ms": media.max_duration_seconds * 1000,
        "stretch_ms": memory.config.capture.stretch_seconds * 1000,
        "resume": checkpoint
        and {
            "until_ms": checkpoint.until_ms,
            "stretch": checkpoint.stretch,
            "next_ordinal": seen.next_ordinal,
            "anew": gaps.behind(checkpoint),
        },
        "part": (part := shelf.part)
        and {"begin_ms": part.begin_ms, "end_ms": part.end_ms, "first": part.first},
    }


def _not_kept(memory: Memory, source: Source) -> dict[str, Any]:
    """What of the picture is covered before anything is stored, as the rules about the source say."""
    rules = exclusions.of_source(memory.config.privacy.exclude, source)
    return {
        "hidden": exclusions.hours(memory.config, rules, source),
        "regions": exclusions.regions(rules),
    }


class _Storing:
    """The pack being written and the frames of the stretch that is under way."""

    def __init__(
        self, memory: Memory, lease: Lease, source: Source, shelf: Shelf, checkpoint: Checkpoint | None
    ) -> None:
        self._memory, self._lease, self._source, self._shelf = memory, lease, source, shelf
        self._checkpoint = checkpoint
        self._seen = replace(Seen.of(checkpoint), rerun=shelf.job)
        self._folder = shelf.folder
        self._open = contextlib.ExitStack()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _begin(self) -> None:
        """Start a stretch, in a new pack when its hour is over."""
        self._pending: dict[int, NewFrame] = {}
        self._bytes = 0
        at = self._checkpoint
        self._name = self._shelf.pack_name(at.until_ms if at else 0)
        length = at.pack_length if at and at.pack == self._name else 0
        self._open.close()
        self._pack = self._open.enter_context(kept.open_pack(self._memory, self._folder, self._name, length))

    def take(self, message: Message) -> None:
        """Store one message of the child."""
        facts = message.fields
        if message.kind == "frame":
            self._append(facts, message.body)
        elif message.kind == "stretch":
            self._commit(facts, message.body)
            self._begin()
        elif message.kind == "progress":
            self._lease.tell(progress.share(self._source, int(facts["offset_ms"])), self._facts())
        elif message.kind == "end":
            self._finish(facts)

    def _append(self, facts: dict[str, Any], body: bytes) -> None:
        image, thumb = body[: int(facts["image"])], body[int(facts["image"]) :]
        if not image or not thumb or len(thumb) != int(facts["thumb"]):
            raise DecoderCrashed("The process that looks at the picture sent a part of an image.")
        folders.guard_space(self._memory, len(body))
        offset_ms, form = int(facts["offset_ms"]), str(facts["format"])
        self._bytes += len(body)
        self._pending[int(facts["ordinal"])] = NewFrame(
            first_seen=types.after(self._source.started_at, offset_ms),
            width=int(facts["width"]),
            height=int(facts["height"]),
            format=form,
            colour=str(facts["colour"]),
            pack=self._name,
            offset=self._pack.append(f"{offset_ms:012d}.{form}", image),
            length=len(image),
            thumb_offset=self._pack.append(f"{offset_ms:012d}.thumb.webp", thumb),
            thumb_length=len(thumb),
            sha256=sha256(image).hexdigest(),
        )
        failpoints.reach("pack.appended")

    def _commit(self, facts: dict[str, Any], state: bytes) -> None:
        """Make the stretch durable: bytes first, then its rows and checkpoint at once."""
        begun, index = self._checkpoint.until_ms if self._checkpoint else 0, int(facts["index"])
        shown = [_Shown(*map(int, span)) for span in facts["spans"]]
        until_ms = int(facts["until_ms"])
        if shown and gaps.behind(self._checkpoint):  # the gap lasts until something was seen again
            begun = max(begun, shown[0].start_ms)
            self._seen = replace(self._seen, gaps=gaps.lengthened(self._seen.gaps, begun))
        _check_tiling(shown, begun, until_ms)
        folders.guard_space(self._memory, len(state))
        self._pack.append(f"{until_ms:012d}.stretch.json", self._record(index, shown))
        length = self._pack.sync()
        failpoints.reach("pack.synced")
        state_file = progress.write_state(self._folder, "see", index, state)
        self._write(facts, shown, length, state_file)
        failpoints.reach("stretch.seen")
        self._memory.bell.ring()
        progress.drop_states(self._folder, "see", keep=state_file)
        observe.FRAMES_SAMPLED.inc(int(facts["samples"]))
        observe.FRAMES_STORED.inc(len(self._pending))
        observe.FRAME_BYTES.inc(self._bytes)
        progress.report(self._source.id, "see", begun, until_ms, frames=len(self._pending))

    def _write(self, facts: dict[str, Any], shown: Sequence[_Shown], length: int, state_file: str) -> None:
        """The stretch's rows, its checkpoint and the job's progress, in one transaction."""
        until_ms = int(facts["until_ms"])
        with self._memory.db.write() as w:
            self._lease.check(w)
            ids = self._shelf.add_frames(w, dict(zip(self._pending, self._dated(w), strict=True)))
            live = {**self._seen.live, **dict(zip(map(str, self._pending), ids, strict=True))}
            continued, rows = self._rows(shown, live)
            if continued is not None:
                self._shelf.extend_span(w, continued)
            self._shelf.add_spans(w, rows)
            self._seen = self._after(facts, shown, live, rows[-1] if rows else continued)
            after = progress.step(
                self._source.id,
                "see",
                self._seen,
                stretch=int(facts["index"]) + 1,
                until_ms=until_ms,
                pack=self._name,
                pack_length=length,
                state_file=state_file,
            )
            self._store(w, after)
            following = _place(self._memory, self._source, self._shelf, after)
            share = progress.share(self._source, until_ms)
            self._lease.commit(w, share, self._facts(), following=following)

    def _dated(self, w: Writer) -> list[NewFrame]:
        """The pending frames, moved if a person re-dated the recording since they came."""
        before, self._source = self._source, sources.get(w, self._source.id)
        moved = self._source.started_at - before.started_at
        return [replace(frame, first_seen=frame.first_seen + moved) for frame in self._pending.values()]

    def _rows(self, shown: Sequence[_Shown], live: dict[str, int]) -> tuple[Span | None, list[Span]]:
        """The spans to store: the standing one gone on, if it did, and the new ones."""
        spans = []
        for span in shown:
            if str(span.ordinal) not in live:
                raise DecoderCrashed(f"A span stands for frame {span.ordinal}, which nobody knows.")
            spans.append(self._span(live[str(span.ordinal)], span))
        standing = self._seen.open
        if not shown or standing is None or standing[0] != shown[0].ordinal:
            return None, spans
        _, start_ms, samples = standing
        gone_on = _Shown(standing[0], start_ms, shown[0].end_ms, samples + shown[0].samples)
        return self._span(spans[0].frame_id, gone_on), spans[1:]

    def _span(self, frame_id: int, span: _Shown) -> Span:
        start = self._source.started_at
        return Span(
            source_id=self._source.id,
            frame_id=frame_id,
            start=types.after(start, span.start_ms),
            end=types.after(start, span.end_ms),
            samples=span.samples,
        )

    def _after(
        self, facts: dict[str, Any], shown: Sequence[_Shown], live: dict[str, int], last: Span | None
    ) -> Seen:
        """The facts once this stretch is stored."""
        seen = self._seen
        standing = seen.open
        if last is not None:
            start_ms = types.milliseconds(last.start - self._source.started_at)
            standing = (shown[-1].ordinal, start_ms, last.samples)
        recent = dict.fromkeys(str(span.ordinal) for span in reversed(shown))
        order = [*recent, *(ordinal for ordinal in reversed(live) if ordinal not in recent)]
        return Seen(
            next_ordinal=max([seen.next_ordinal - 1, *self._pending]) + 1,
            open=standing,
            live={ordinal: live[ordinal] for ordinal in reversed(order[:LIVE])},
            samples=seen.samples + int(facts["samples"]),
            frames=seen.frames + len(self._pending),
            bytes=seen.bytes + self._bytes,
            warnings=progress.merge(seen.warnings, facts["warnings"]),
            gaps=seen.gaps,
            rerun=seen.rerun,
            joined=seen.joined,
        )

    def _finish(self, facts: dict[str, Any]) -> None:
        """Note that the whole picture was seen, and how long it is."""
        at = self._checkpoint
        warnings = progress.merge(self._seen.warnings, facts["warnings"])
        partial = bool(facts["partial"] or self._seen.gaps)
        more = bool(facts.get("more"))
        self._seen = replace(self._seen, partial=partial, warnings=warnings, more=more)
        state_file = at.state_file if at and self._shelf.part else None  # the next part goes on from it
        ended_at = types.after(self._source.started_at, int(facts["duration_ms"]))
        with self._memory.db.write() as w:
            self._lease.check(w)
            self._shelf.lengthen(w, ended_at)
            self._store(
                w,
                progress.step(
                    self._source.id,
                    "see",
                    self._seen,
                    stretch=(at.stretch if at else 0) + 1,
                    until_ms=at.until_ms if at else 0,
                    pack=at.pack if at else None,
                    pack_length=at.pack_length if at else 0,
                    state_file=state_file,
                    finished=True,
                ),
            )
        failpoints.reach("seen.finished")
        progress.drop_states(self._folder, "see", keep=state_file)

    def _store(self, w: Writer, checkpoint: Checkpoint) -> None:
        before = self._checkpoint
        self._shelf.put(w, checkpoint, expected=before.stretch if before else None)
        self._checkpoint = checkpoint

    def _record(self, index: int, shown: Sequence[_Shown]) -> bytes:
        """The stretch's rows as JSON, kept in the pack so that a pack alone can give them back."""
        kept = {
            str(ordinal): {
                "offset_ms": types.milliseconds(frame.first_seen - self._source.started_at),
                "width": frame.width,
                "height": frame.height,
                "format": frame.format,
                "colour": frame.colour,
                "sha256": frame.sha256,
            }
            for ordinal, frame in self._pending.items()
        }
        spans = [[span.ordinal, span.start_ms, span.end_ms, span.samples] for span in shown]
        return json.dumps({"stretch": index, "frames": kept, "spans": spans}, sort_keys=True).encode()

    def _facts(self) -> dict[str, object]:
        seen = self._seen
        return {"samples": seen.samples, "frames": seen.frames + len(self._pending)}


def _check_tiling(shown: Sequence[_Shown], begun: int, until_ms: int) -> None:
    """Raise DecoderCrashed unless the spans follow one another from `begun` to `until_ms`."""
    at = begun
    for span in shown:
        if span.start_ms != at or span.end_ms <= span.start_ms or span.samples < 0:
            raise DecoderCrashed(f"The spans told from {begun} to {until_ms} ms do not tile it.")
        at = span.end_ms
    if shown and at != until_ms:
        raise DecoderCrashed(f"The spans told from {begun} to {until_ms} ms end at {at} ms.")
