"""The sound of a recording as 16 kHz samples that lie where they belong in time: mono, or both sides.

A sample's index divided by 16 is its offset in milliseconds, always: what the container leaves out
becomes silence, what it says twice is dropped, and a track that starts late starts with silence.
Only the piece in hand is in memory, however long the recording is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from mem.media.leaps import Clock, Stamped

Samples = npt.NDArray[np.float32]

RATE = 16_000  # Hz
PER_MS = RATE // 1000
_GATHER_SECONDS = 10  # decoded sound resampled at once: half the cost of frame by frame
_TOLERANCE = RATE * 50 // 1000  # stamps are rounded and clocks drift; less than this is not a gap
_LONG_GAP = RATE * 10  # a longer gap is left out, not filled
_LONGEST = RATE * 14 * 86_400
_PIECE_SECONDS = 60
_SEARCH_SECONDS = 8  # the end of a piece in which the cut is looked for
_HOP = RATE // 100
_QUIET_HOPS = 30  # 300 ms


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sound, and where it starts."""

    start: int  # samples since the start of the recording
    sound: Samples  # one row of samples, or two: left and right

    @property
    def length(self) -> int:
        """Its samples."""
        return int(self.sound.shape[-1])

    @property
    def end(self) -> int:
        """Where it ends, in samples since the start of the recording."""
        return self.start + self.length

    @property
    def samples(self) -> Samples:
        """It as mono."""
        return self.sound if self.sound.ndim == 1 else (self.sound[0] + self.sound[1]) * np.float32(0.5)

    def part(self, begin: int, end: int) -> "Piece":
        """What lies between two of its samples."""
        return Piece(self.start + begin, self.sound[..., begin:end])

    def and_then(self, other: "Piece") -> "Piece":
        """It with what follows; mono beside stereo is the same on both sides."""
        one, two = self.sound, other.sound
        if one.ndim != two.ndim:
            one, two = np.atleast_2d(one), np.atleast_2d(two)
            one, two = (np.broadcast_to(each, (2, each.shape[1])) for each in (one, two))
        return Piece(self.start, np.concatenate((one, two), axis=-1))


def within(parts: Iterable[Piece], begin_ms: int, end_ms: int) -> Iterator[Piece]:
    """What of the sound lies between two offsets; what follows is not decoded."""
    begin, end = begin_ms * PER_MS, end_ms * PER_MS
    for part in parts:
        if part.start >= end:
            return
        cut = part.part(max(0, begin - part.start), min(part.length, end - part.start))
        if begin < part.end and cut.length:
            yield cut


@dataclass(slots=True)
class Faults:
    """What could not be read."""

    packets: int = 0
    broken_off: str | None = None
    missing_ms: int = 0  # sound that the container promises after the last that could be read
    jumps: int = 0  # leaps of the recording's clock that were not believed
    too_long: bool = False

    @property
    def partial(self) -> bool:
        """Whether some of the sound is lost."""
        return bool(self.packets or self.broken_off or self.missing_ms or self.too_long)

    def warnings(self) -> list[str]:
        """A sentence for each kind of fault."""
        found = []
        if self.packets:
            found.append(f"Damaged sound was left out ({self.packets} packets).")
        if self.broken_off:
            found.append(f"The sound breaks off: {self.broken_off}.")
        if self.missing_ms:
            found.append(f"The sound ends {self.missing_ms / 1000:.1f} s before it should.")
        if self.jumps:
            found.append("The recording's clock jumps; the sound was put together without the gaps.")
        if self.too_long:
            found.append("The sound is longer than any recording may be; the rest was left out.")
        return found


def find(container: InputContainer) -> AudioStream | None:
    """The audio stream to listen to, if there is one."""
    stream = container.streams.best("audio")
    return stream if isinstance(stream, AudioStream) and stream.codec_context is not None else None


def pieces(
    parts: Iterable[Piece], *, seconds: int = _PIECE_SECONDS, search_seconds: int = _SEARCH_SECONDS
) -> Iterator[Piece]:
    """The same sound in pieces of at most `seconds`, each ending at the quietest place of its last
    `search_seconds`, so that no word is cut. A long gap ends a piece too.
    """
    held: Piece | None = None
    for part in parts:
        if held is not None and part.start != held.end:
            yield held
            held = None
        held = part if held is None else held.and_then(part)
        while held.length >= seconds * RATE:
            cut = _quietest(held, seconds * RATE, search_seconds * RATE)
            yield Piece(held.start, held.sound[..., :cut].copy())
            held = held.part(cut, held.length)
    if held is not None and held.length:
        yield held


def _quietest(piece: Piece, longest: int, search: int) -> int:
    """Where to cut: the middle of the longest lull among the places about as quiet as the quietest."""
    tail = piece.samples[longest - search : longest]
    hops = tail[: len(tail) // _HOP * _HOP].reshape(-1, _HOP)
    power = np.concatenate(([0.0], np.cumsum(np.mean(np.square(hops, dtype=np.float64), axis=1))))
    window = (power[_QUIET_HOPS:] - power[:-_QUIET_HOPS]) / _QUIET_HOPS
    quiet = np.pad(window <= float(np.min(window)) * 1.5 + 1e-10, 1)
    edges = np.flatnonzero(quiet[1:] != quiet[:-1])
    starts, ends = edges[0::2], edges[1::2]
    longest_lull = int(np.argmax(ends - starts))
    middle = (int(starts[longest_lull]) + int(ends[longest_lull]) - 1 + _QUIET_HOPS) * _HOP // 2
    cut = longest - search + middle
    return cut - (piece.start + cut) % PER_MS  # on a whole millisecond


def sound(
    container: InputContainer,
    stream: AudioStream,
    faults: Faults,
    gaps: Sequence[tuple[int, int]] = (),
) -> Iterator[Piece]:
    """The stream's sound in parts of about ten seconds, in order, touching or a long gap apart.

    What goes wrong is noted in `faults`; the sound goes on after it. What lies in one of `gaps`, which are
    offsets in ms, is not given to the decoder.
    """
    end = 0
    origin = (container.start_time or 0) / 1_000_000
    for part in _laid(_runs(_timed(_frames(container, stream, faults, gaps), origin, faults))):
        if part.end > _LONGEST:
            faults.too_long = True
            break
        yield part
        end = part.end
    if not faults.jumps and not faults.too_long:
        faults.missing_ms = _missing(container, stream, end // PER_MS)


def _laid(parts: Iterable[Piece]) -> Iterator[Piece]:
    """The parts on one time line: what is said twice is dropped, a gap filled unless it is long."""
    written = 0
    for part in parts:
        late = max(0, written - part.start)
        if late >= part.length:
            continue
        start = part.start + late
        if 0 < start - written <= _LONG_GAP:
            yield Piece(written, np.zeros(start - written, np.float32))
        yield part.part(late, part.length)
        written = part.end


def _missing(container: InputContainer, stream: AudioStream, heard_ms: int) -> int:
    """How much of the stated length is missing, in ms; 0 where none is stated or little is missing."""
    if stream.duration is None or stream.time_base is None or _is_guess(container, stream):
        return 0
    stated = int(stream.duration * stream.time_base * 1000)
    short = stated + _start_ms(container, stream) - heard_ms
    return short if short > 2000 + stated // 100 else 0


def _is_guess(container: InputContainer, stream: AudioStream) -> bool:
    """Whether FFmpeg made the length up from the file's size and the bit rate of its first packets."""
    rate = stream.codec_context.bit_rate
    if not rate or stream.duration is None or stream.time_base is None:
        return False
    return abs(container.size * 8 / rate - float(stream.duration * stream.time_base)) < 0.01


def _start_ms(container: InputContainer, stream: AudioStream) -> int:
    if stream.start_time is None or stream.time_base is None:
        return 0
    return int(stream.start_time * stream.time_base * 1000) - (container.start_time or 0) // 1000


def _frames(
    container: InputContainer, stream: AudioStream, faults: Faults, gaps: Sequence[tuple[int, int]] = ()
) -> Iterator[AudioFrame]:
    """Decoded frames; a packet that cannot be decoded is counted and skipped."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all
    packets = container.demux(stream)
    begun = False
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            faults.broken_off = str(error)
            return
        if packet is None:
            return
        if gaps and _lies_in(packet, container, gaps):
            continue
        try:
            for frame in packet.decode():
                if isinstance(frame, AudioFrame) and frame.samples:
                    begun = True
                    yield frame
        except (av.error.FFmpegError, ValueError):
            # A stream often begins in the middle of something that only its first part explains.
            faults.packets += begun


def _lies_in(packet: "Packet[Any]", container: InputContainer, gaps: Sequence[tuple[int, int]]) -> bool:
    """Whether a packet says that it is from a part that is to be left out."""
    if packet.pts is None or packet.time_base is None:
        return False
    at_ms = float(packet.pts * packet.time_base) * 1000 - (container.start_time or 0) / 1000
    return any(begin <= at_ms < end for begin, end in gaps)


def _timed(
    frames: Iterable[AudioFrame], origin: float, faults: Faults | None = None
) -> Iterator[tuple[float, AudioFrame]]:
    """Each frame with its place in 16 kHz samples after `origin`, in seconds."""
    clock: Clock[AudioFrame] = Clock()
    for frame, at_ms in clock.settle(_stamped(frame, origin) for frame in frames):
        yield at_ms * PER_MS, frame
        if faults is not None:
            faults.jumps = clock.jumps


def _stamped(frame: AudioFrame, origin: float) -> Stamped[AudioFrame]:
    at_ms = None
    if frame.pts is not None and frame.time_base is not None:
        at_ms = (float(frame.pts * frame.time_base) - origin) * 1000
    size = frame.samples * frame.layout.nb_channels * frame.format.bytes
    lasts_ms = frame.samples * 1000 / frame.sample_rate
    return Stamped(item=frame, decoded_ms=at_ms, shown_ms=at_ms, lasts_ms=lasts_ms, size=size)


def _runs(frames: Iterable[tuple[float, AudioFrame]]) -> Iterator[Piece]:
    """Frames that follow each other without gap or change, resampled together."""
    run: _Run | None = None
    for place, frame in frames:
        if run is not None and not run.continues(place, frame):
            yield from run.read(flush=True)
            run = None
        run = run or _Run(place, frame)
        run.write(frame)
        yield from run.read()
    if run is not None:
        yield from run.read(flush=True)


@dataclass(slots=True)
class _Run:
    """One uninterrupted stretch of frames of one form."""

    start: float
    form: AudioFrame
    taken: int = 0  # samples at the stream's rate
    given: int = 0  # samples at 16 kHz
    fifo: AudioFifo = field(default_factory=AudioFifo)
    resampler: AudioResampler = field(init=False)

    def __post_init__(self) -> None:
        stereo = self.form.layout.nb_channels == 2  # which a plain WAV file does not call stereo
        self.resampler = AudioResampler(format="fltp", layout="stereo" if stereo else "mono", rate=RATE)

    def continues(self, place: float, frame: AudioFrame) -> bool:
        """Whether `frame` at `place` follows without gap, overlap or change of form."""
        return (
            abs(self.start + self.taken * RATE / self.form.sample_rate - place) <= _TOLERANCE
            and frame.sample_rate == self.form.sample_rate
            and frame.format.name == self.form.format.name
            and frame.layout.name == self.form.layout.name
            and frame.time_base == self.form.time_base
        )

    def write(self, frame: AudioFrame) -> None:
        """Takes a frame in."""
        frame.pts = None  # the queue insists on gapless stamps; `start` knows better
        self.taken += frame.samples
        self.fifo.write(frame)

    def read(self, *, flush: bool = False) -> Iterator[Piece]:
        """What is ready: whole gatherings, with `flush` everything."""
        frames: list[AudioFrame] = []
        for queued in self.fifo.read_many(_GATHER_SECONDS * self.form.sample_rate, partial=flush):
            frames += self.resampler.resample(queued)
        if flush:
            frames += [last for last in self.resampler.resample(None) if last is not None]
        for frame in frames:
            sound = frame.to_ndarray().astype(np.float32, copy=False)
            piece = Piece(round(self.start) + self.given, sound if len(sound) == 2 else sound.reshape(-1))
            self.given += piece.length
            yield piece
