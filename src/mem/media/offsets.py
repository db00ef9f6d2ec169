"""From a packet's time stamp to its offset, whatever the container did to its clock."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mem.media import container as containers

_LEAP_MS = 12 * 3_600_000  # further ahead is a broken clock; MPEG-TS wraps a step back to 26.5 h ahead
_BACK_MS = 1000  # further back is a new beginning; less is disorder
_UNSAID_MS = 1000  # a picture lasts at most this long where the container does not say
_SHORT_MS, _SHORT_SHARE = 2000, 50  # missing at the end: more than 2 s and a 50th of what is stated


@dataclass(slots=True)
class Faults:
    """What went wrong while reading the picture."""

    unread: int = 0  # places where the container could not be read
    undecoded: int = 0  # packets that could not be decoded, among those that were looked at
    corrupt: int = 0  # pictures that the decoder patched up
    jumps: int = 0  # leaps of the recording's clock that were closed up
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
    shift_ms: int = 0  # what closing up leaps has added so far
    latest_ms: int = 0  # decoding time of the latest packet
    end_ms: int = 0  # where the latest picture ends
    horizon_ms: int = 0  # no later packet lies before this

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

    def place(self, packet: "Packet[VideoStream]") -> int | None:
        """The packet's offset in ms; None beyond the longest recording that is allowed."""
        gap_ms = 0
        shown = packet.pts if packet.pts is not None else packet.dts
        if packet.dts is not None and shown is not None:
            self._close_leap(self._ms(packet.dts), self._ms(shown))
            now_ms = self._ms(packet.dts) + self.shift_ms
            gap_ms, self.latest_ms = now_ms - self.latest_ms, now_ms
            self.horizon_ms = max(self.horizon_ms, now_ms)
        # Without any stamp it follows the one before; without a decoding time nothing is said of order.
        offset = self.end_ms if shown is None else max(0, self._ms(shown) + self.shift_ms)
        if offset > self.longest_ms:
            self.faults.too_long = True
            return None
        lasts_ms = int((packet.duration or 0) * self.base * 1000) or min(gap_ms, _UNSAID_MS)
        self.end_ms = min(max(self.end_ms, offset + max(1, lasts_ms)), self.longest_ms + 1)
        return offset

    def missing_ms(self) -> int:
        """How much of the stated length is missing; 0 where none is stated or little is missing."""
        if self.stated_ms is None or self.faults.jumps or self.faults.too_long:
            return 0
        short = self.stated_ms - self.end_ms
        return short if short > _SHORT_MS + self.stated_ms // _SHORT_SHARE else 0

    def _ms(self, stamp: int) -> int:
        return int((stamp * self.base * 1_000_000 - self.origin_us) / 1000 + Fraction(1, 2))

    def _close_leap(self, decoded_ms: int, shown_ms: int) -> None:
        """Let the recording go on where it was when its clock leaps far ahead or back."""
        ahead = decoded_ms + self.shift_ms - self.latest_ms
        if -_BACK_MS <= ahead <= _LEAP_MS:
            return
        self.shift_ms = self.end_ms - shown_ms
        self.faults.jumps += 1


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
