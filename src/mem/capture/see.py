"""Seeing: from a recording to kept pictures, and which of them stands for every instant.

    sample -> decide -> encode -> message

Runs in the decoding process. Its work is cut into stretches; the state that goes with each lets a
later run go on behind it and give, message for message, what this one would have given.
"""

import contextlib
import json
import struct
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from mem.errors import DecoderCrashed, NotAVideo
from mem.media import container, covering, image, news, sample, seams, seeking, thumb
from mem.media.dedup import KEPT, Keeper
from mem.media.news import Rule
from mem.media.offsets import Faults
from mem.media.sample import Position, Sample
from mem.media.wire import Message

MAX_PIXELS = 33_177_600  # 8K, where the request says nothing
MAX_DURATION_MS = 14 * 86_400_000
_TELL_SECONDS = 2.0  # between signs of life
_LENGTH = struct.Struct(">I")


def see(request: dict[str, Any], state: bytes, fd: int = 0) -> Iterator[Message]:
    """Look at the recording behind the descriptor `fd`.

    `request`: every_ms, tolerance_ms, sensitivity, format, quality, max_width, stretch_ms, resume
    (None, or until_ms and stretch of the last stretch that is stored, whose body is `state`; with `anew`,
    which stands behind a gap, also next_ordinal, and there is no state), and optionally part (begin_ms,
    end_ms, which is None for the last one, and first, the number of its first frame and of its first stretch;
    without state it begins with an empty memory), max_pixels, max_duration_ms, hidden ([[begin_ms, end_ms]]:
    these are black) and regions ([[left, top, width, height]] as shares of the picture: a mosaic). Yields the
    messages frame, stretch, progress and end.
    """
    part = request.get("part")
    begin_ms = part["begin_ms"] if part and _can_begin_at(fd, part["begin_ms"]) else None
    with container.open_container(fd) as opened:
        stream = container.find_video(opened)
        if stream is None:
            raise NotAVideo
        stream.codec_context.options = {"max_pixels": str(request.get("max_pixels", MAX_PIXELS))}
        if begin_ms is not None:
            seeking.go(opened, stream, begin_ms)
        yield from _Seeing.begin(opened, stream, request, state).messages(anywhere=begin_ms is not None)


def join(request: dict[str, Any], states: bytes) -> Iterator[Message]:
    """Compare the beginning of a part with what was remembered before it.

    `request`: sensitivity, before (bytes of `states` that are the state before the part; 0: nothing was
    remembered; the rest is the state at its end) and until_ms, where the part ends. Yields the message
    joined: same, pairs of an ordinal of the part and the earlier one that it repeats; its body is the state
    of both.
    """
    rule, length = news.rule(request["sensitivity"]), int(request["before"])
    try:
        carried, keeper = _Carried.unpack(states[length:], rule)
        before = _Carried.unpack(states[:length], rule)[1] if length else Keeper(rule)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise DecoderCrashed(f"The parts cannot be joined by what was stored: {error}.") from None
    same = seams.follow(keeper, before)
    carried.until_ms = request["until_ms"]
    yield Message("joined", {"same": [list(pair) for pair in same.items()]}, carried.pack(keeper))


def _can_begin_at(fd: int, begin_ms: int) -> bool:
    with container.open_container(fd) as opened:
        stream = container.find_video(opened)
        return stream is not None and seeking.possible(opened, stream, begin_ms)


@dataclass(slots=True)
class _Carried:
    """What goes over from stretch to stretch, beside the keep rule."""

    until_ms: int = 0
    position: Position = field(default_factory=Position)  # of the next sample
    showing: int | None = None  # ordinal of the picture that stands
    damaged: bool = False
    told: list[str] = field(default_factory=list)  # warnings

    def pack(self, keeper: Keeper) -> bytes:
        header = json.dumps(asdict(self)).encode()
        return _LENGTH.pack(len(header)) + header + keeper.to_bytes()

    @classmethod
    def unpack(cls, state: bytes, rule: Rule) -> "tuple[_Carried, Keeper]":
        """Raises ValueError, KeyError, TypeError or struct.error for what `pack` did not make."""
        (length,) = _LENGTH.unpack_from(state)
        header = json.loads(state[_LENGTH.size : _LENGTH.size + length])
        carried = cls(**{**header, "position": Position(**header["position"])})
        return carried, Keeper.from_bytes(rule, state[_LENGTH.size + length :])


@dataclass(slots=True)
class _Seeing:
    """One run over a recording's picture."""

    opened: InputContainer
    stream: VideoStream
    request: dict[str, Any]
    carried: _Carried
    keeper: Keeper
    index: int  # of the stretch under way
    anew: bool = False  # nothing goes before: a gap lies there
    faults: Faults = field(default_factory=Faults)
    spans: list[list[int]] = field(default_factory=list)  # ordinal, start, end, samples
    reformatter: VideoReformatter = field(default_factory=VideoReformatter)
    colours: VideoReformatter = field(default_factory=VideoReformatter)
    told_at: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(
        cls, opened: InputContainer, stream: VideoStream, request: dict[str, Any], state: bytes
    ) -> "_Seeing":
        """At the recording's beginning, or behind the stretch that `request` and `state` name."""
        rule = news.rule(request["sensitivity"])
        resume = request.get("resume")
        if resume is None:
            return cls(opened, stream, request, _Carried(), Keeper(rule), 0)
        if resume.get("anew"):
            return cls._behind_gap(opened, stream, request, rule)
        if request.get("part") and not state:
            return cls._part(opened, stream, request, rule)
        try:
            carried, keeper = _Carried.unpack(state, rule)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            raise DecoderCrashed(f"The looking cannot go on from what was stored: {error}.") from None
        if carried.until_ms != resume["until_ms"]:
            raise DecoderCrashed("The looking cannot go on: its state belongs to another stretch.")
        return cls(opened, stream, request, carried, keeper, resume["stretch"])

    @classmethod
    def _part(
        cls, opened: InputContainer, stream: VideoStream, request: dict[str, Any], rule: Rule
    ) -> "_Seeing":
        """At the beginning of a part: what stood then is its first picture, whenever that came."""
        part, every = request["part"], request["every_ms"]
        begin = part["begin_ms"]
        carried = _Carried(until_ms=begin, position=Position(asked_ms=-(-begin // every) * every))
        keeper = Keeper(rule, part["first"], opening=KEPT)
        return cls(opened, stream, request, carried, keeper, part["first"])

    @classmethod
    def _behind_gap(
        cls, opened: InputContainer, stream: VideoStream, request: dict[str, Any], rule: Rule
    ) -> "_Seeing":
        resume, every = request["resume"], request["every_ms"]
        begin = resume["until_ms"]
        position = Position(asked_ms=-(-begin // every) * every, seen_ms=begin - 1)
        carried = _Carried(until_ms=begin, position=position)
        keeper = Keeper(rule, resume["next_ordinal"])
        return cls(opened, stream, request, carried, keeper, resume["stretch"], anew=True)

    def messages(self, *, anywhere: bool = False) -> Iterator[Message]:
        """Everything from here to the end of the recording, or of its part."""
        position, cell = Position(**asdict(self.carried.position)), None
        pace = sample.Pace(self.request["every_ms"], self.request["tolerance_ms"])
        longest_ms = self.request.get("max_duration_ms", MAX_DURATION_MS)
        self.faults.undecoded += self.carried.damaged
        steps: Generator[Sample | sample.Reached] = sample.samples(
            self.opened, self.stream, pace, faults=self.faults, position=position, longest_ms=longest_ms,
            anywhere=anywhere,
        )  # fmt: skip
        with contextlib.closing(steps):
            for step in steps:
                yield from self._sign_of_life(step.offset_ms)
                if self._part_ends(step, position):
                    yield from self._finish_part()
                    return
                if not isinstance(step, Sample):
                    continue
                now = step.asked_ms // self.request["stretch_ms"]
                if cell is not None and now != cell and self.spans:
                    yield self._stretch(step.offset_ms, step.asked_ms)
                cell = now
                yield from self._look(step)
        yield from self._finish(position)

    def _part_ends(self, step: Sample | sample.Reached, position: Position) -> bool:
        """Whether all that the part asks for was answered; one whose clock leapt has no end."""
        end_ms = (self.request.get("part") or {}).get("end_ms")
        if end_ms is None or self.faults.jumps:
            return False
        if isinstance(
            step, Sample
        ):  # a keyframe behind the end that answers for before it is the next part's
            return bool(max(step.asked_ms, step.offset_ms) >= end_ms)
        return bool(position.asked_ms >= end_ms)

    def _finish_part(self) -> Iterator[Message]:
        end_ms, every = self.request["part"]["end_ms"], self.request["every_ms"]
        if self.spans:
            yield self._stretch(end_ms, -(-end_ms // every) * every)
        facts = {
            "duration_ms": end_ms,
            "partial": self.faults.partial,
            "warnings": self._news(),
            "more": True,
        }
        yield Message("end", facts)

    def _look(self, step: Sample) -> Iterator[Message]:
        """Decide about one sample, and lengthen or begin a span with it."""
        self.carried.position.seen_ms = step.offset_ms
        offset_ms = max(step.offset_ms, (self.request.get("part") or {"begin_ms": 0})["begin_ms"])
        try:
            frame = self._covered(step)
            ordinal, new = self.keeper.decide(thumb.of(frame, self.reformatter))
            aspect = self.stream.sample_aspect_ratio if frame is step.frame else None
            told = self._frame(ordinal, offset_ms, frame, aspect) if new else None
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):  # a form of pixels that cannot be converted
            self.faults.undecoded += 1
            return
        if told is not None:
            yield told
        if self.spans and self.spans[-1][0] == ordinal:
            self.spans[-1][3] += 1
        else:
            start = offset_ms if self.spans or self.anew else self.carried.until_ms
            self.anew = False
            self._close_span(start)
            self.spans.append([ordinal, start, start, 1])

    def _covered(self, step: Sample) -> VideoFrame:
        """The picture, with what is not to be kept made unrecognisable before anything looks at it."""
        hidden = any(begin <= step.offset_ms < end for begin, end in self.request.get("hidden", ()))
        regions = None if hidden else self.request.get("regions", ())
        if regions is not None and not regions:
            return step.frame
        aspect = self.stream.sample_aspect_ratio
        picture = image.upright(step.frame, aspect=aspect, reformatter=self.colours)
        return VideoFrame.from_ndarray(covering.cover(picture, regions), format="rgb24")

    def _close_span(self, end_ms: int) -> None:
        if self.spans:
            self.spans[-1][2] = end_ms

    def _frame(self, ordinal: int, offset_ms: int, frame: VideoFrame, aspect: Fraction | None) -> Message:
        made = image.encode(
            frame,
            self.request["format"],
            self.request["quality"],
            self.request["max_width"],
            aspect=aspect,
            reformatter=self.colours,
        )
        facts = {
            "ordinal": ordinal,
            "offset_ms": offset_ms,
            "width": made.width,
            "height": made.height,
            "format": made.format,
            "colour": made.colour,
            "image": len(made.image),
            "thumb": len(made.thumb),
        }
        return Message("frame", facts, made.image + made.thumb)

    def _stretch(self, until_ms: int, asked_ms: int) -> Message:
        """End the stretch under way at `until_ms`; the next begins with the sample for `asked_ms`."""
        self._close_span(until_ms)
        self.carried.until_ms = until_ms
        self.carried.position.asked_ms = asked_ms
        self.carried.damaged = bool(self.faults.undecoded or self.faults.corrupt)
        facts = {
            "index": self.index,
            "until_ms": until_ms,
            "samples": sum(span[3] for span in self.spans),
            "spans": self.spans,
            "warnings": self._news(),
        }
        self.index += 1
        self.spans = []
        return Message("stretch", facts, self.carried.pack(self.keeper))

    def _finish(self, position: Position) -> Iterator[Message]:
        duration_ms = max(self.faults.end_ms, position.seen_ms + 1, self.carried.until_ms)
        if self.spans:
            yield self._stretch(duration_ms, position.asked_ms)
        seen = self.carried.position.seen_ms >= 0 or bool((self.request.get("part") or {}).get("begin_ms"))
        warnings = self._news() if seen else [*self._news(), "No picture could be decoded."]
        facts = {"duration_ms": duration_ms, "partial": self.faults.partial or not seen, "warnings": warnings}
        yield Message("end", facts)

    def _news(self) -> list[str]:
        """The warnings that were not told yet."""
        news = [text for text in self.faults.warnings() if text not in self.carried.told]
        self.carried.told += news
        return news

    def _sign_of_life(self, offset_ms: int) -> Iterator[Message]:
        if time.monotonic() - self.told_at >= _TELL_SECONDS:
            self.told_at = time.monotonic()
            yield Message("progress", {"offset_ms": offset_ms})
