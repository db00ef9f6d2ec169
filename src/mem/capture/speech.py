"""Storing what was heard: the segments of each stretch in one transaction with its checkpoint."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from mem import failpoints, folders, observe, types
from mem.capture import exclusions, gaps, masks, progress
from mem.capture.lease import Lease
from mem.capture.progress import Heard
from mem.capture.shelf import Shelf
from mem.errors import DecoderCrashed, DecoderOutOfMemory
from mem.media import sandbox
from mem.media.wire import Message
from mem.memory import Memory
from mem.speech import remote, sentences
from mem.speech.models import ModelChoice
from mem.speech.vad import Region
from mem.speech.windows import Window
from mem.store import sources
from mem.store.database import Writer
from mem.store.texts import NewSegment
from mem.types import Channel, Checkpoint, Place, Source, Suspicion, Word

log = logging.getLogger(__name__)

MAX_TEXT = 20_000  # characters of one segment; a child that sends more is not to be believed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """A segment as a child tells it, its times as offsets in milliseconds."""

    start_ms: int
    end_ms: int
    text: str
    language: str
    confidence: float
    words: tuple[tuple[int, int, str, float], ...]
    channel: Channel | None
    suspect: Suspicion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a recording is to be listened to."""

    model: ModelChoice
    language: str  # a code, or auto
    only: tuple[int, int] | None = None  # offsets in ms
    fallback: ModelChoice | None = None  # what takes over where memory is short


def hear(
    memory: Memory,
    lease: Lease,
    source: Source,
    path: Path,
    limits: sandbox.Limits,
    wanted: Wanted,
    shelf: Shelf,
) -> None:
    """Listen to `source` from where it was left; what was said goes to the shelf.

    Where memory runs out it goes on from there with one window at a time, then with the smaller model.
    Raises DecoderOutOfMemory when that is not enough either, and what `sandbox.run` raises.
    """
    ways: list[tuple[ModelChoice, int | None]] = [(wanted.model, None), (wanted.model, 1)]
    if wanted.fallback is not None:
        ways.append((wanted.fallback, 1))
    told: list[str] = []
    for number, (model, batch) in enumerate(ways):
        try:
            _hear(memory, lease, source, path, limits, replace(wanted, model=model), shelf, batch, told)
            return
        except DecoderOutOfMemory as error:
            if number + 1 == len(ways):
                raise
            following = ways[number + 1][0].name
            again = "one window at a time" if following == model.name else f"the smaller model {following}"
            told = [f"Memory ran out with the speech model {model.name}; it went on with {again}."]
            facts = {"action": "hearing_smaller", "source": source.id, "detail": error.detail}
            log.warning("memory ran out while listening; trying with less", extra=facts)


def _hear(
    memory: Memory,
    lease: Lease,
    source: Source,
    path: Path,
    limits: sandbox.Limits,
    wanted: Wanted,
    shelf: Shelf,
    batch: int | None,
    told: list[str],
) -> None:
    checkpoint = shelf.checkpoint("hear")
    if checkpoint is not None and checkpoint.finished:
        return
    at = _place(memory, source, checkpoint)
    lease.at(at)
    if gaps.wanted(lease, at):
        checkpoint = _leave_out(memory, lease, source, shelf, at)
    request, state = _request(memory, source, checkpoint, wanted, batch), _state(shelf, checkpoint)
    storing = _Storing(memory, lease, source, shelf, checkpoint, wanted, told)
    with memory.ear.run(
        path,
        request,
        state=state,
        limits=limits,
        cancelled=lease.stopped,
        reads=[wanted.model.path],
        idle=memory.config.whisper.idle_seconds,
    ) as messages:
        for message in messages:
            storing.take(message)


def _request(
    memory: Memory, source: Source, checkpoint: Checkpoint | None, wanted: Wanted, batch: int | None
) -> dict[str, Any]:
    whisper = memory.config.whisper
    return {
        "model_path": str(wanted.model.path),
        "model_name": wanted.model.name,
        "device": whisper.device,
        "compute_type": whisper.compute_type,
        "threads": whisper.threads,
        "language": None if wanted.language == "auto" else wanted.language,
        "stretch_ms": memory.config.capture.stretch_seconds * 1000,
        "resume": checkpoint and {"until_ms": checkpoint.until_ms, "stretch": checkpoint.stretch},
        "gaps": Heard.of(checkpoint).gaps,
        "only": wanted.only,
        "hotwords": whisper.hotwords if source.hotwords is None else source.hotwords,
        "prompt": whisper.prompt if source.prompt is None else source.prompt,
        "batch": batch,
        "remote": whisper.url is not None,
    }


def _state(shelf: Shelf, checkpoint: Checkpoint | None) -> bytes:
    """What the listening goes on from; behind a gap that is what the checkpoint knows."""
    if not gaps.behind(checkpoint):
        return progress.read_state(shelf.folder, checkpoint)
    heard = Heard.of(checkpoint)
    known = {"language": heard.language, "speech_ms": heard.speech_ms, "warnings": heard.warnings}
    return json.dumps(known).encode()


def _place(memory: Memory, source: Source, checkpoint: Checkpoint | None) -> Place:
    return gaps.place(source, "hear", checkpoint, memory.config.capture.stretch_seconds * 1000)


def _leave_out(memory: Memory, lease: Lease, source: Source, shelf: Shelf, at: Place) -> Checkpoint:
    """Commit the stretch as a gap."""
    before = shelf.checkpoint("hear")
    heard = Heard.of(before)
    heard = replace(heard, gaps=(*heard.gaps, (at.begin_ms, at.end_ms)))
    after = progress.step(source.id, "hear", heard, stretch=at.stretch + 1, until_ms=at.end_ms)
    with memory.db.write() as w:
        lease.check(w)
        shelf.put(w, after, expected=before.stretch if before else None)
        following = _place(memory, source, after)
        lease.commit(w, progress.share(source, at.end_ms), {"words": heard.words}, following=following)
    return after


class _Storing:
    """The segments of the stretch that is under way."""

    def __init__(
        self,
        memory: Memory,
        lease: Lease,
        source: Source,
        shelf: Shelf,
        checkpoint: Checkpoint | None,
        wanted: Wanted,
        told: list[str],
    ) -> None:
        self._memory, self._lease, self._source = memory, lease, source
        self._model, self._language = wanted.model.name, wanted.language
        self._shelf, self._checkpoint = shelf, checkpoint
        heard = Heard.of(checkpoint)
        warnings = progress.merge(heard.warnings, told)
        self._heard = replace(heard, model=self._model, rerun=shelf.job, warnings=warnings)
        self._pending: list[_Spoken] = []
        config = memory.config
        rules = exclusions.of_source(config.privacy.exclude, source)
        self._hidden = exclusions.hours(config, rules, source)

    def take(self, message: Message) -> None:
        """Store one message of the child."""
        facts = message.fields
        if message.kind == "segment":
            self._hear(_spoken(facts))
        elif message.kind == "window":
            self._lease.stopped()
            self._pending += map(_spoken, self._asked(facts, message.body))
        elif message.kind == "stretch":
            self._commit(facts, message.body)
        elif message.kind == "progress":
            self._lease.tell(progress.share(self._source, int(facts["offset_ms"])), self._facts())
        elif message.kind == "cost":
            cost = {name: int(facts[name]) for name in ("cpu_ms", "peak_bytes")}
            log.info("recording listened to", extra={"action": "listened", "source": self._source.id, **cost})
        elif message.kind == "end":
            self._finish(facts)

    def _asked(self, facts: dict[str, Any], sound: bytes) -> Iterator[dict[str, Any]]:
        """What a speech server hears in a window."""
        whisper, source = self._memory.config.whisper, self._source
        assert whisper.url is not None
        server = remote.Server(whisper.url, whisper.url_model, whisper.url_token, whisper.url_timeout_seconds)
        window = Window(
            tuple(Region(int(a), int(b)) for a, b in facts["spans"]),
            tuple(Region(int(a), int(b)) for a, b in facts["speech"]),
        )
        prompt = whisper.prompt if source.prompt is None else source.prompt
        language = None if self._language == "auto" else self._language
        said = remote.hear(server, sound, window, int(facts["start"]), language=language, prompt=prompt)
        return (sentences.fields_of(sentence, facts["channel"]) for sentence in said)

    def _hear(self, spoken: _Spoken) -> None:
        """Take a segment, unless it was spoken in hours that are not kept; with what is masked covered."""
        if exclusions.overlaps(self._hidden, spoken.start_ms, spoken.end_ms):
            return
        kinds = self._memory.config.privacy.mask
        if kinds and masks.spans(spoken.text, kinds):
            parts = masks.words([text for _, _, text, _ in spoken.words], kinds)
            words = zip(spoken.words, parts, strict=True)
            spoken = replace(
                spoken,
                text=masks.text(spoken.text, kinds),
                words=tuple((a, b, text, p) for (a, b, _, p), text in words),
            )
        self._pending.append(spoken)

    def _commit(self, facts: dict[str, Any], state: bytes) -> None:
        index, until_ms = int(facts["index"]), int(facts["until_ms"])
        begun = self._checkpoint.until_ms if self._checkpoint else 0
        folder = self._shelf.folder
        folders.guard_space(self._memory, len(state))
        state_file = progress.write_state(folder, "hear", index, state)
        heard = self._heard
        self._heard = replace(
            heard,
            language=str(facts["language"]) if facts["language"] else heard.language,
            speech_ms=int(facts["speech_ms"]) + heard.speech_ms,
            segments=heard.segments + len(self._pending),
            words=heard.words + sum(len(spoken.words) for spoken in self._pending),
            warnings=progress.merge(heard.warnings, facts["warnings"]),
        )
        with self._memory.db.write() as w:
            self._lease.check(w)
            self._source = sources.get(w, self._source.id)
            self._shelf.add_segments(w, [self._segment(spoken) for spoken in self._pending])
            checkpoint = progress.step(
                self._source.id,
                "hear",
                self._heard,
                stretch=index + 1,
                until_ms=until_ms,
                state_file=state_file,
            )
            self._store(w, checkpoint)
            following = _place(self._memory, self._source, checkpoint)
            share = progress.share(self._source, until_ms)
            self._lease.commit(w, share, self._facts(), following=following)
        failpoints.reach("stretch.heard")
        self._memory.bell.ring()
        progress.drop_states(folder, "hear", keep=state_file)
        observe.SPEECH_SECONDS.inc(int(facts["speech_ms"]) / 1000)
        progress.report(self._source.id, "hear", begun, until_ms, segments=len(self._pending))
        self._pending = []

    def _finish(self, facts: dict[str, Any]) -> None:
        at = self._checkpoint
        warnings = progress.merge(self._heard.warnings, facts["warnings"])
        partial = bool(facts["partial"] or self._heard.gaps)
        self._heard = replace(self._heard, partial=partial, warnings=warnings)
        ended_at = types.after(self._source.started_at, int(facts["duration_ms"]))
        with self._memory.db.write() as w:
            self._lease.check(w)
            self._shelf.lengthen(w, ended_at)
            checkpoint = progress.step(
                self._source.id,
                "hear",
                self._heard,
                stretch=(at.stretch if at else 0) + 1,
                until_ms=int(facts["duration_ms"]),
                finished=True,
            )
            self._store(w, checkpoint)
        failpoints.reach("heard.finished")
        progress.drop_states(self._shelf.folder, "hear", keep=None)

    def _segment(self, spoken: _Spoken) -> NewSegment:
        start = self._source.started_at
        return NewSegment(
            start=types.after(start, spoken.start_ms),
            end=types.after(start, spoken.end_ms),
            text=spoken.text,
            language=spoken.language,
            confidence=spoken.confidence,
            model=self._model,
            channel=spoken.channel,
            suspect=spoken.suspect,
            words=tuple(
                Word(start=types.after(start, a), end=types.after(start, b), text=text, probability=p)
                for a, b, text, p in spoken.words
            ),
        )

    def _store(self, w: Writer, checkpoint: Checkpoint) -> None:
        before = self._checkpoint
        self._shelf.put(w, checkpoint, expected=before.stretch if before else None)
        self._checkpoint = checkpoint

    def _facts(self) -> dict[str, object]:
        return {"words": self._heard.words + sum(len(spoken.words) for spoken in self._pending)}


def _spoken(facts: dict[str, Any]) -> _Spoken:
    """A segment from a child's message. Raises DecoderCrashed when it cannot be one."""
    spoken = _Spoken(
        start_ms=int(facts["start_ms"]),
        end_ms=int(facts["end_ms"]),
        text=str(facts["text"]),
        language=str(facts["language"]),
        confidence=float(facts["confidence"]),
        words=tuple((int(a), int(b), str(text), float(p)) for a, b, text, p in facts["words"]),
        channel=_among(facts["channel"], get_args(Channel)),
        suspect=_among(facts["suspect"], get_args(Suspicion)),
    )
    if not 0 <= spoken.start_ms < spoken.end_ms or len(spoken.text) > MAX_TEXT:
        raise DecoderCrashed("The process that listens sent a segment that cannot be.")
    return spoken


def _among(value: Any, known: Sequence[Any]) -> Any:
    if value is not None and value not in known:
        raise DecoderCrashed("The process that listens sent a segment that cannot be.")
    return value
