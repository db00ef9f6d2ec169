"""Storing what was heard: the segments of each stretch in one transaction with its checkpoint."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mem import folders, observe, types
from mem.capture import progress
from mem.capture.lease import Lease
from mem.capture.progress import Heard
from mem.errors import DecoderCrashed
from mem.media import sandbox
from mem.media.wire import Message
from mem.memory import Memory
from mem.speech.models import ModelChoice
from mem.store import checkpoints, sources, texts
from mem.store.database import Writer
from mem.store.texts import NewSegment
from mem.types import Checkpoint, Source, Word

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


def hear(
    memory: Memory,
    lease: Lease,
    source: Source,
    path: Path,
    limits: sandbox.Limits,
    model: ModelChoice,
) -> None:
    """Listen to `source` from where it was left, and store what was said."""
    checkpoint = checkpoints.get(memory.db, source.id, "hear")
    if checkpoint is not None and checkpoint.finished:
        return
    whisper = memory.config.whisper
    request = {
        "model_path": str(model.path),
        "model_name": model.name,
        "device": whisper.device,
        "compute_type": whisper.compute_type,
        "threads": whisper.threads,
        "language": None if whisper.language == "auto" else whisper.language,
        "stretch_ms": memory.config.capture.stretch_seconds * 1000,
        "resume": checkpoint and {"until_ms": checkpoint.until_ms, "stretch": checkpoint.stretch},
    }
    state = progress.read_state(folders.of(memory, source), checkpoint)
    storing = _Storing(memory, lease, source, checkpoint, model.name)
    with sandbox.run(
        "mem.capture.child", "hear", path, request, state=state, limits=limits, cancelled=lease.stopped
    ) as messages:
        for message in messages:
            storing.take(message)


class _Storing:
    """The segments of the stretch that is under way."""

    def __init__(
        self, memory: Memory, lease: Lease, source: Source, checkpoint: Checkpoint | None, model: str
    ) -> None:
        self._memory, self._lease, self._source, self._model = memory, lease, source, model
        self._checkpoint = checkpoint
        self._heard = replace(Heard.of(checkpoint), model=model)
        self._pending: list[_Spoken] = []

    def take(self, message: Message) -> None:
        """Store one message of the child."""
        facts = message.fields
        if message.kind == "segment":
            self._pending.append(_spoken(facts))
        elif message.kind == "stretch":
            self._commit(facts, message.body)
        elif message.kind == "progress":
            self._lease.tell(progress.share(self._source, int(facts["offset_ms"])), self._facts())
        elif message.kind == "end":
            self._finish(facts)

    def _commit(self, facts: dict[str, Any], state: bytes) -> None:
        index, until_ms = int(facts["index"]), int(facts["until_ms"])
        begun = self._checkpoint.until_ms if self._checkpoint else 0
        folder = folders.of(self._memory, self._source)
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
            texts.add_many(w, self._source.id, [self._segment(spoken) for spoken in self._pending])
            checkpoint = progress.step(
                self._source.id,
                "hear",
                self._heard,
                stretch=index + 1,
                until_ms=until_ms,
                state_file=state_file,
            )
            self._store(w, checkpoint)
            self._lease.commit(w, progress.share(self._source, until_ms), self._facts())
        self._memory.bell.ring()
        progress.drop_states(folder, "hear", keep=state_file)
        observe.SPEECH_SECONDS.inc(int(facts["speech_ms"]) / 1000)
        progress.report(self._source.id, "hear", begun, until_ms, segments=len(self._pending))
        self._pending = []

    def _finish(self, facts: dict[str, Any]) -> None:
        at = self._checkpoint
        warnings = progress.merge(self._heard.warnings, facts["warnings"])
        self._heard = replace(self._heard, partial=bool(facts["partial"]), warnings=warnings)
        ended_at = types.after(self._source.started_at, int(facts["duration_ms"]))
        with self._memory.db.write() as w:
            self._lease.check(w)
            progress.lengthen(w, self._source.id, ended_at)
            checkpoint = progress.step(
                self._source.id,
                "hear",
                self._heard,
                stretch=(at.stretch if at else 0) + 1,
                until_ms=int(facts["duration_ms"]),
                finished=True,
            )
            self._store(w, checkpoint)
        progress.drop_states(folders.of(self._memory, self._source), "hear", keep=None)

    def _segment(self, spoken: _Spoken) -> NewSegment:
        start = self._source.started_at
        return NewSegment(
            start=types.after(start, spoken.start_ms),
            end=types.after(start, spoken.end_ms),
            text=spoken.text,
            language=spoken.language,
            confidence=spoken.confidence,
            model=self._model,
            words=tuple(
                Word(start=types.after(start, a), end=types.after(start, b), text=text, probability=p)
                for a, b, text, p in spoken.words
            ),
        )

    def _store(self, w: Writer, checkpoint: Checkpoint) -> None:
        before = self._checkpoint
        checkpoints.put(w, checkpoint, expected=before.stretch if before else None)
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
    )
    if not 0 <= spoken.start_ms < spoken.end_ms or len(spoken.text) > MAX_TEXT:
        raise DecoderCrashed("The process that listens sent a segment that cannot be.")
    return spoken
