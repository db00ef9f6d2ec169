"""Looking at one picture every so often, for little more than the cost of reading the file.

One pass over the packets, which works for every format, broken files included: no seeking, no
index, no trust in the stated length or frame rate. The packets between two keyframes are held back
until the next keyframe has come; then it is known which pictures are wanted, and only those are
decoded, from the keyframe on and without the pictures that no other depends on. Where a keyframe
lies within the tolerance of an asked instant, it alone is decoded.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mem.media import container as containers
from mem.media.offsets import Faults, Offsets

_HELD_BYTES = 32 * 2**20  # packets held back; beyond that they are decoded on the way
_HELD_PACKETS = 1024
_BEHIND = 40  # packets that a decoder may want to see before it gives a picture out
_FARTHEST_MS = 10_000  # tolerance beyond which a keyframe never stands in for a picture
_DEMUX_ERRORS = 64  # in a row, after which the rest of the file is given up
_PULSE_PACKETS = 512
_LONGEST_MS = 14 * 86_400_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the picture."""

    offset_ms: int  # the picture's own time
    asked_ms: int  # the instant of the grid that it answers
    frame: VideoFrame


@dataclass(slots=True)
class Position:
    """Where the looking goes on: enough to give the same samples again from here."""

    asked_ms: int = 0  # the next instant to ask for
    seen_ms: int = -1  # offset of the latest picture given


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, and how far a keyframe may lie from an asked instant to stand in for it."""

    every_ms: int
    tolerance_ms: int

    def grid(self, offset_ms: int) -> int:
        """The first asked instant at or after `offset_ms`."""
        return -(-offset_ms // self.every_ms) * self.every_ms

    def near(self, key_ms: int, asked_ms: int) -> bool:
        """Whether a keyframe may stand in for an asked instant; no keyframe may for two of them."""
        return -self.tolerance_ms < key_ms - asked_ms <= self.tolerance_ms


@dataclass(frozen=True, slots=True)
class Reached:
    """A sign of life while nothing is asked for."""

    offset_ms: int


def samples(
    container: InputContainer,
    stream: VideoStream,
    pace: Pace,
    *,
    faults: Faults,
    position: Position | None = None,
    longest_ms: int = _LONGEST_MS,
    anywhere: bool = False,
) -> Generator[Sample | Reached]:
    """Pictures at the asked instants 0, every, 2 x every, … in order of their offsets, none twice.

    Asked for an instant, it gives the keyframe nearest to it if that is within the tolerance, else
    the picture that was on screen then. Started at a `position` it gives what an undisturbed run
    gives from there on. What goes wrong is noted in `faults`, and the looking goes on after it.
    `anywhere`: the container stands at a keyframe in the middle (see `mem.media.seeking`).
    """
    at = position or Position()
    pace = Pace(pace.every_ms, min(pace.tolerance_ms, pace.every_ms // 2, _FARTHEST_MS))
    stream.codec_context.thread_type = "NONE"
    offsets = Offsets.of(container, stream, faults, longest_ms)
    offsets.clock.anywhere = anywhere
    run, complaints = _Run(stream, faults), containers.Complaints(container)
    before: _Run | None = None  # the run before, as long as pictures of it may come
    with containers.only(container, stream), complaints.heard():
        for number, (packet, offset) in enumerate(offsets.placed(_packets(container, stream, faults))):
            if number % _PULSE_PACKETS == 0:
                yield Reached(offset)
            if before is not None:
                if not packet.is_keyframe and offset < run.starts_ms:
                    before.lead(packet, offset, run)
                    continue
                faults.unread += complaints.count()
                yield from before.finish(pace, at, next_key=run.starts_ms, end_ms=run.starts_ms)
                before = None
            if anywhere and run.begun and not packet.is_keyframe and offset < run.starts_ms:
                continue  # needs what lies before the keyframe at which the reading began
            anywhere = anywhere and not (packet.is_keyframe and run.begun)
            if packet.is_keyframe and run.begun:
                before, run = run, _Run(stream, faults)
            run.add(packet, offset)
            if run.overfull and before is None:
                faults.unread += complaints.count()
                yield from run.relieve(pace, at, offsets.horizon_ms - pace.tolerance_ms)
        faults.unread += complaints.count()
        if before is not None:
            yield from before.finish(pace, at, next_key=run.starts_ms, end_ms=run.starts_ms)
        yield from run.finish(pace, at, next_key=None, end_ms=offsets.end_ms)
    faults.missing_ms = offsets.missing_ms()
    faults.end_ms = offsets.end_ms


def _packets(
    container: InputContainer, stream: VideoStream, faults: Faults
) -> Iterator["Packet[VideoStream]"]:
    """The stream's packets; after an error the reading goes on behind it.

    "Out of memory" is here what FFmpeg says of a size that is damaged.
    """
    errors = 0
    while errors < _DEMUX_ERRORS:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    errors = 0
                    faults.unread += packet.is_corrupt
                    yield packet
        except IndexError:
            return  # PyAV, at the end of a file in which a stream turned up late
        except (av.FFmpegError, OSError, ValueError):
            errors += 1
            faults.unread += 1
        else:
            return


@dataclass(slots=True)
class _Run:
    """The pictures from one keyframe up to the next, decoded as far as they were asked for."""

    stream: VideoStream
    faults: Faults
    packets: deque[tuple["Packet[VideoStream]", int]] = field(default_factory=deque)  # not yet decoded
    offsets: list[int] = field(default_factory=list)  # of its pictures
    held: int = 0  # bytes in `packets`
    room: int = 1  # times the bounds; grows when nothing can be let go
    begun: bool = False
    headed: bool = False  # it begins with a keyframe
    starts_ms: int = 0  # offset of its first packet
    leading: bool = False  # it goes on with pictures that also need the next keyframe
    key: int | None = None  # offset of that keyframe, when it is to be shown
    places: dict[int, int] = field(default_factory=dict)  # time stamp -> offset, of what is to come
    ready: deque[tuple[VideoFrame, int]] = field(default_factory=deque)  # decoded, not yet passed
    current: tuple[VideoFrame, int] | None = None  # the latest picture passed
    targets: set[int] = field(default_factory=set)  # offsets of pictures that are wanted
    decided_ms: float = 0  # before this offset no other picture will be
    fed: bool = False
    drained: bool = False

    def add(self, packet: "Packet[VideoStream]", offset: int) -> None:
        """Hold a packet back."""
        first, self.begun = not self.begun, True
        if first:
            self.headed, self.starts_ms = packet.is_keyframe, offset
        self.packets.append((packet, offset))
        self.held += packet.size
        if packet.is_discard:  # before the first instant of an edit: decoded, never shown
            return
        if first and packet.is_keyframe:
            self.key = offset
        self.offsets.append(offset)
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None:
            self.places[stamp] = offset

    def lead(self, packet: "Packet[VideoStream]", offset: int, following: "_Run") -> None:
        """Hold back a picture that comes after the `following` keyframe and is shown before it.

        It needs both: decoded with this run, it is what it should be.
        """
        if not self.leading:
            self.leading = True
            self.packets.append(following.packets[0])
        self.add(packet, offset)

    @property
    def overfull(self) -> bool:
        """Whether more is held back than may be."""
        return self.held > _HELD_BYTES * self.room or len(self.packets) > _HELD_PACKETS * self.room

    def finish(self, pace: Pace, at: Position, *, next_key: int | None, end_ms: int) -> Iterator[Sample]:
        """Answer the instants before `end_ms`, now that the run is whole and the next keyframe known.

        What comes before the first keyframe is worth decoding only where no keyframe ever comes.
        """
        if self.offsets and (self.headed or self.fed or next_key is None):
            self.offsets.sort()
            wanted = _wanted(self.offsets, self.key, next_key, end_ms, pace, at)
            self.decided_ms = math.inf
            yield from self._answer(wanted, at, whole=True)
        if self.fed:
            self.stream.codec_context.flush_buffers()

    def relieve(self, pace: Pace, at: Position, end_ms: int) -> Iterator[Sample]:
        """Answer the instants before `end_ms`, which no later packet can change, and let go of them."""
        before = len(self.packets)
        self.offsets.sort()
        if self.offsets:
            end_ms = min(end_ms, self.offsets[-_BEHIND:][0])
            wanted = _wanted(self.offsets, self.key, None, end_ms, pace, at)
            keep = self.offsets[max(0, bisect_right(self.offsets, at.asked_ms) - 1)]
            self.decided_ms = keep
            yield from self._answer(wanted, at, whole=False)
            while self.packets and self.packets[0][1] < keep:
                self._feed()
            self._pass(keep - 1)
            del self.offsets[: bisect_right(self.offsets, keep - 1)]
            self.places = {stamp: offset for stamp, offset in self.places.items() if offset >= keep}
        if len(self.packets) > before // 2:
            self.room *= 2

    def _answer(self, wanted: list[tuple[int, int]], at: Position, *, whole: bool) -> Iterator[Sample]:
        self.targets = {target for _, target in wanted}
        for number, (asked, target) in enumerate(wanted, 1):
            found = self._picture(target, whole=whole, last=number == len(wanted))
            if found is None:  # such as behind a point of recovery that is called a keyframe
                self.faults.undecoded += 1
            elif found[1] > at.seen_ms:
                at.seen_ms = found[1]
                yield Sample(found[1], asked, found[0])

    def _picture(self, target: int, *, whole: bool, last: bool) -> tuple[VideoFrame, int] | None:
        """The picture at `target`, or what is left near it when it cannot be decoded."""
        while True:
            self._pass(target)
            if (self.current is not None and self.current[1] == target) or self.ready or self.drained:
                break
            if not self.packets:
                if not whole:
                    break  # drained, the decoder could not go on with what is still to come
                self._drain()
            elif self._feed() == target and whole and last:
                self._drain()  # cheaper than feeding on until it comes out
        return self.current or (self.ready[0] if self.ready else None)

    def _pass(self, offset: int) -> None:
        while self.ready and self.ready[0][1] <= offset:
            self.current = self.ready.popleft()

    def _feed(self) -> int:
        """Give the decoder the next packet, unless nothing depends on it; returns its offset."""
        packet, offset = self.packets.popleft()
        self.held -= packet.size
        spare = offset < self.decided_ms and offset not in self.targets
        if packet.is_disposable and spare:
            return offset
        # The same for streams whose container does not say which pictures are disposable.
        self.stream.codec_context.skip_frame = "NONREF" if spare else "DEFAULT"
        self._decode(packet)
        return offset

    def _drain(self) -> None:
        if self.fed:
            self._decode(None)
        self.drained = True

    def _decode(self, packet: "Packet[VideoStream] | None") -> None:
        self.fed = True
        try:
            frames = self.stream.codec_context.decode(packet)
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            self.faults.undecoded += 1
            return
        for frame in frames:
            stamp = frame.pts if frame.pts is not None else frame.dts
            offset = self.places.pop(stamp, None) if stamp is not None else None
            if offset is not None:
                self.faults.corrupt += frame.is_corrupt
                self.ready.append((frame, offset))


def _wanted(
    order: list[int], key: int | None, next_key: int | None, end: int, pace: Pace, at: Position
) -> list[tuple[int, int]]:
    """The asked instants before `end` with the offset of the picture that answers each.

    Moves `at.asked_ms` on to the first instant that is not answered here.
    """
    wanted: list[tuple[int, int]] = []
    latest = at.seen_ms
    while at.asked_ms < end:
        asked = at.asked_ms
        to_key = abs(asked - key) if key is not None else pace.every_ms
        if next_key is not None and pace.near(next_key, asked) and next_key - asked < to_key:
            break
        place = max(0, bisect_right(order, asked) - 1)
        target = key if key is not None and pace.near(key, asked) else order[place]
        if target > latest:
            wanted.append((asked, target))
            latest = target
        at.asked_ms += pace.every_ms
        following = order[place + 1] if place + 1 < len(order) else next_key
        if target == order[place] and following is not None:
            at.asked_ms = max(at.asked_ms, pace.grid(following - pace.tolerance_ms))
    return wanted
