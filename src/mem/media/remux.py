"""A part of a recording as it was coded: packets are copied, nothing is decoded.

Runs in the decoding process. A part can only begin at a keyframe, so it begins a little before it was
asked to; where is told.
"""

from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer
from av.container.output import OutputContainer
from av.packet import Packet
from av.stream import Stream

from mem.errors import DecoderCrashed, NotMedia
from mem.media import container
from mem.media.wire import Message

_PIECE = 2**20  # bytes of one message, about
_MOVED = {"movflags": "frag_keyframe+empty_moov+default_base_moof+delay_moov"}  # written without going back


class _Sink:
    """What the muxer writes, until it is sent."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def take(self, least: int) -> bytes:
        """All that is there, or nothing while it is less than `least` bytes."""
        if len(self._bytes) < least:
            return b""
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def part(request: dict[str, Any], fd: int = 0) -> Iterator[Message]:
    """The part from `start_ms` to `end_ms` (offsets) of the streams `indexes` of the recording behind `fd`.

    Yields "begin" with the format (mp4 or matroska), "piece" with bytes, and "end" with `zero_ms`: the
    offset that is time 0 of the part, or None when it holds nothing.
    """
    with container.open_container(fd) as opened:
        chosen = [stream for stream in opened.streams if stream.index in request["indexes"]]
        if not chosen:
            raise NotMedia("The recording has none of its streams any more.")
        form = "mp4" if "mov" in opened.format.name else "matroska"
        yield Message("begin", {"format": form})
        sink = _Sink()
        copying = _Copying(opened, chosen, request["start_ms"], request["end_ms"])
        try:
            with av.open(sink, "w", format=form, options=_MOVED if form == "mp4" else {}) as out:
                for _ in copying.packets(out):
                    if piece := sink.take(_PIECE):
                        yield Message("piece", {}, piece)
        except (av.FFmpegError, ValueError) as error:
            raise DecoderCrashed(f"The recording cannot be cut: {error}") from None
        if copying.zero_ms is not None and (piece := sink.take(1)):
            yield Message("piece", {}, piece)
        yield Message("end", {"zero_ms": copying.zero_ms})


class _Copying:
    """Packets on their way from one container into another."""

    def __init__(self, opened: InputContainer, chosen: list[Stream], start_ms: int, end_ms: int) -> None:
        self._opened, self._chosen = opened, chosen
        self._start, self._end = start_ms, end_ms
        self._origin = container.origin_us(opened) / 1_000_000
        self._lead = next((s for s in chosen if s.type == "video"), chosen[0])
        self._begun: float | None = None  # seconds by the container's clock
        self.zero_ms: int | None = None

    def packets(self, out: OutputContainer) -> Iterator[None]:
        """Copy packet by packet."""
        copies = {stream.index: out.add_stream_from_template(stream) for stream in self._chosen}
        if self._start > 0:
            self._opened.seek(round(self._origin * 1_000_000) + self._start * 1000)
        ended: set[int] = set()
        for packet in self._opened.demux(self._chosen):
            if packet.dts is None or packet.time_base is None:
                continue
            at = float(packet.dts * packet.time_base)
            if (at - self._origin) * 1000 >= self._end:
                ended.add(packet.stream.index)
                if len(ended) == len(self._chosen):
                    return
            elif packet.stream.index not in ended and self._begins(packet, at):
                self._shift(packet)
                packet.stream = copies[packet.stream.index]
                out.mux_one(packet)
                yield

    def _begins(self, packet: "Packet[Any]", at: float) -> bool:
        """Whether the part has begun with this packet or before: with a keyframe of the leading stream."""
        if self._begun is None and packet.stream is self._lead and packet.is_keyframe:
            self._begun = at
            self.zero_ms = round((at - self._origin) * 1000)
        return self._begun is not None and at >= self._begun

    def _shift(self, packet: "Packet[Any]") -> None:
        assert self._begun is not None
        assert packet.time_base is not None
        ticks = round(self._begun / packet.time_base)
        packet.dts = max(0, packet.dts - ticks) if packet.dts is not None else None
        packet.pts = max(0, packet.pts - ticks) if packet.pts is not None else None
