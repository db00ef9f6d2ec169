"""What a recording is listened to with, inside the process that decodes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mem.errors import BadConfig, ModelMissing
from mem.media.audio import Samples
from mem.speech import models
from mem.speech.decode import NO_HINTS, Hints
from mem.speech.sentences import Sentence
from mem.speech.vad import Region
from mem.speech.whisper import Recogniser

_FOREIGN = 3  # sentences that an English-only model is unsure of until that is said


@dataclass(frozen=True, slots=True)
class Request:
    """What to listen with, and from where on."""

    model_path: Path
    model_name: str
    device: str  # auto, cpu or cuda
    compute_type: str
    threads: int
    language: str | None  # None: the one that is heard
    stretch_ms: int
    until_ms: int = 0  # everything before is committed
    stretch: int = 0  # number of the next stretch
    gaps: tuple[tuple[int, int], ...] = ()  # offsets in ms; what lies between is not touched
    only: tuple[int, int] | None = None  # offsets in ms; nothing else is listened to
    hints: Hints = NO_HINTS
    batch: int | None = None  # windows at once; None: as the model's size has it
    remote: bool = False  # a server does the listening

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> "Request":
        """The request from a message's fields."""
        at, only = fields["resume"] or {}, fields.get("only")
        return cls(
            model_path=Path(fields["model_path"]),
            model_name=str(fields["model_name"]),
            device=str(fields["device"]),
            compute_type=str(fields["compute_type"]),
            threads=int(fields["threads"]),
            language=fields["language"],
            stretch_ms=int(fields["stretch_ms"]),
            until_ms=int(at.get("until_ms", 0)),
            stretch=int(at.get("stretch", 0)),
            gaps=tuple((int(begin), int(end)) for begin, end in fields.get("gaps", ())),
            only=None if only is None else (int(only[0]), int(only[1])),
            hints=Hints(str(fields.get("hotwords") or ""), str(fields.get("prompt") or "")),
            batch=fields.get("batch"),
            remote=bool(fields.get("remote")),
        )


class Loaded:
    """The model that was loaded last, for as long as the process lives."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._recogniser: Recogniser | None = None

    def get(self, request: Request, device: str) -> Recogniser:
        """The model of a request. Raises BadConfig and ModelMissing."""
        key = (request.model_path, device, request.compute_type, request.threads, request.batch)
        if self._recogniser is None or self._key != key:
            self._recogniser = self._key = None  # first, or both would be in memory
            self._recogniser = Recogniser(
                request.model_path,
                device=device,
                compute_type=request.compute_type,
                threads=request.threads,
                batch=request.batch,
            )
            self._key = key
        return self._recogniser


class Ear:
    """The model, once there is something to listen to, and what is known of the recording so far."""

    def __init__(self, request: Request, state: dict[str, Any], loaded: Loaded) -> None:
        self._request, self._loaded = request, loaded
        self._recogniser: Recogniser | None = None
        self._deaf = False  # the model does not know the language
        self.language: str | None = state.get("language") or request.language  # the last one heard
        self.speech_ms = int(state.get("speech_ms", 0))  # committed so far
        self.warnings: list[str] = list(state.get("warnings", ()))
        self.split = bool(state.get("split", False))  # whether the sides carry different voices
        self._foreign = int(state.get("foreign", 0))  # sentences that are perhaps not English

    def state(self) -> dict[str, Any]:
        """What a later run needs to go on as this one would."""
        return {
            "language": self.language,
            "speech_ms": self.speech_ms,
            "warnings": self.warnings,
            "split": self.split,
            "foreign": self._foreign,
        }

    def listen(self, samples: Samples, speech: Sequence[Region], start: int) -> Iterator[list[Sentence]]:
        """What is said in sound that begins at sample `start`, with empty steps as signs of life."""
        if not speech:
            return
        recogniser, request = self._load(), self._request
        if self._deaf:
            return
        steps = recogniser.steps(
            samples, speech, language=request.language, start=start, likely=self.language, hints=request.hints
        )
        for step in steps:
            if step:
                self.language = step[-1].language
            yield [self._judged(sentence) for sentence in step] if recogniser.english_only else step

    def _judged(self, sentence: Sentence) -> Sentence:
        """What an English-only model is unsure of is perhaps another language."""
        if sentence.suspect != "unsure":
            return sentence
        self._foreign += 1
        if self._foreign == _FOREIGN:
            self.warnings.append(
                f"Some of what is said is perhaps not English, and the speech model "
                f"{self._request.model_name} understands English only; such text is marked. "
                "`mem models pull base` fetches a model that knows other languages."
            )
        return replace(sentence, suspect="language")

    def _load(self) -> Recogniser:
        if self._recogniser is None:
            self._recogniser = self._on_device()
            if self._request.language is not None:
                self._agree(self._recogniser, self._request.language)
        return self._recogniser

    def _on_device(self) -> Recogniser:
        request = self._request
        device = models.device(request.device)
        try:
            return self._loaded.get(request, device)
        except (BadConfig, ModelMissing) as error:
            if request.device != "auto" or device == "cpu":
                raise
            self._warn(f"Speech was decoded on the processor, not with CUDA: {error.detail}")
            return self._loaded.get(request, "cpu")

    def _agree(self, recogniser: Recogniser, language: str) -> None:
        """Write nothing, and say so, where the model knows English only."""
        if recogniser.english_only and language != "en":
            self._deaf = True
            self._warn(
                f"What is said was not written down: the speech model {self._request.model_name} understands "
                f"English only, not {language!r}. `mem models pull base` fetches one that does, and "
                "`mem sources rerun --stage speech` listens again."
            )
        else:
            recogniser.check_language(language)

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
