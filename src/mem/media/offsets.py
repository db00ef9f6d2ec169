"""From a packet's time stamp to its offset, whatever the container did to its clock."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Self

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mem.media import container as containers
from mem.media.leaps import Clock, Stamped

_SHORT_MS, _SHORT_SHARE = 2000, 50  # missing at the end: more than 2 s and a 50th of what is stated


@dataclass(slots=True)
class Faults:
    """What went wrong while reading the picture."""

    unread: int = 0  # places where the container could not be read
    undecoded: int = 0  # packets that could not be decoded, among those that were looked at
    corrupt: int = 0  # pictures that the decoder patched up
    jumps: int = 0  # leaps of the recording's clock that were not believed
    missing_ms: int = 0  # stated length that is not there
    end_ms: int = 0  # offset where the last picture ends
    too_long: bool = False

    @property
    def partial(self) -> bool:
        """Whether some of the picture is lost."""
        return bool(self.unread or self.undecoded or self.corrupt or self.missing_ms or self.too_long)

    def warnings(self) -> list[str]:
        """A sentence for each kind of fault."""
        found = []
        if self.unread or self.undecoded or self.corrupt:
            found.append("Parts of the picture are damaged; what could be read was kept.")
        if self.missing_ms:
            found.append(f"The picture ends {self.missing_ms / 1000:.1f} s before it should.")
        if self.jumps:
            found.append("The recording's clock jumps; the picture was put together without the gaps.")
        if self.too_long:
            found.append("The recording is longer than media.max_duration_seconds; the rest was left out.")
        return found


@dataclass(slots=True)
class Offsets:
    """Turns the time stamps of one stream into offsets in ms."""

    base: Fraction  # seconds of one tick
    origin_us: int  # the instant that is offset 0
    stated_ms: int | None  # where the stream should end by its own word
    longest_ms: int
    faults: Faults
    clock: Clock["Packet[VideoStream]"] = field(default_factory=Clock)
    end_ms: int = 0  # where the latest picture ends
    horizon_ms: int = 0  # no later packet lies before this
    _ticks: int = field(init=False)  # a tick is so many
    _parts: int = field(init=False)  # of such parts of a millisecond; whole numbers, for it is done often
    _origin: int = field(init=False)  # of the same parts, less a half of a millisecond

    def __post_init__(self) -> None:
        self._parts = 2000 * self.base.denominator
        self._ticks = 2_000_000 * self.base.numerator
        self._origin = (2 * self.origin_us - 1000) * self.base.denominator

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream, faults: Faults, longest_ms: int) -> Self:
        """For one stream of an opened container."""
        base = stream.time_base or Fraction(1, 1000)
        return cls(
            base=base,
            origin_us=containers.origin_us(container),
            stated_ms=_stated_ms(container, stream, base),
            longest_ms=longest_ms,
            faults=faults,
        )

    def placed(self, packets: Iterable["Packet[VideoStream]"]) -> Iterator[tuple["Packet[VideoStream]", int]]:
        """The packets with their offsets, as long as these are within the longest recording allowed."""
        for packet, shown_ms in self.clock.settle(self._stamped(packet) for packet in packets):
            self.faults.jumps = self.clock.jumps
            offset = max(0, round(shown_ms))
            if offset > self.longest_ms:
                self.faults.too_long = True
                return
            if packet.pts is None and packet.dts is None:
                packet.pts = self._stamp(offset)  # the decoder hands it on to the picture
            elif packet.dts is not None:
                self.horizon_ms = max(self.horizon_ms, offset - self._late(packet))
            self.end_ms = min(round(self.clock.end_ms), self.longest_ms + 1)
            yield packet, offset

    def missing_ms(self) -> int:
        """How much of the stated length is missing; 0 where none is stated or little is missing."""
        if self.stated_ms is None or self.faults.jumps or self.faults.too_long:
            return 0
        short = self.stated_ms - self.end_ms
        return short if short > _SHORT_MS + self.stated_ms // _SHORT_SHARE else 0

    def _stamped(self, packet: "Packet[VideoStream]") -> Stamped["Packet[VideoStream]"]:
        decoded_ms = None if packet.dts is None else self._ms(packet.dts)
        shown_ms = decoded_ms if packet.pts == packet.dts else None
        if shown_ms is None and packet.pts is not None:
            shown_ms = self._ms(packet.pts)
        return Stamped(
            item=packet,
            decoded_ms=decoded_ms,
            shown_ms=shown_ms,
            lasts_ms=(packet.duration or 0) * self._ticks // self._parts,
            size=packet.size,
        )

    def _late(self, packet: "Packet[VideoStream]") -> int:
        """By how many ms it is shown later than it is decoded."""
        shown, decoded = packet.pts, packet.dts
        if shown is None or decoded is None or shown <= decoded:
            return 0
        return self._ms(shown) - self._ms(decoded)

    def _ms(self, stamp: int) -> int:
        parts = stamp * self._ticks - self._origin
        return parts // self._parts if parts >= 0 else -(-parts // self._parts)

    def _stamp(self, offset: int) -> int:
        return round(Fraction(offset * 1000 + self.origin_us, 1_000_000) / self.base)


def _stated_ms(container: InputContainer, stream: VideoStream, base: Fraction) -> int | None:
    """Where the stream ends by the container's word, as an offset; None where it does not say.

    The container's own length says nothing when there are other streams, which may be longer.
    """
    if stream.duration is not None:
        start = int((stream.start_time or 0) * base * 1000) - containers.origin_us(container) // 1000
        return start + int(stream.duration * base * 1000)
    tag = re.fullmatch(r"(\d+):(\d\d):(\d\d)(\.\d+)?\s*", stream.metadata.get("DURATION", ""))
    if tag is not None:  # Matroska's, counted from time stamp 0
        seconds = int(tag[1]) * 3600 + int(tag[2]) * 60 + int(tag[3]) + float(tag[4] or 0)
        return int(seconds * 1000) - containers.origin_us(container) // 1000
    return containers.duration_ms(container) if len(container.streams) == 1 else None
