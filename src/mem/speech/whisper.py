"""What was said: Whisper by way of faster-whisper.

Windows are decoded in batches, which costs a quarter less than one after the other. Batched decoding
now and then loses most of a window or falls into a loop; the words per second of speech give it away,
and such a window is decoded again by itself with a wider search. Speech of some seconds for which no word was
written is decoded by itself. What is not believed even then is kept and marked.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mem.errors import BadConfig, ModelMissing
from mem.speech import decode, phantoms, sentences, windows
from mem.speech.decode import NO_HINTS, Decoder, Heard, Hints
from mem.speech.sentences import Sentence, Word
from mem.speech.vad import RATE, Region

Samples = npt.NDArray[np.float32]

_BATCH = 4  # 8 cost 4 % less and 170 MB more
_MIDDLING, _LARGE = 200_000_000, 700_000_000  # bytes of weights; the larger, the longer until a sign of life
_SURE_DETECTION = 0.5
_DETECTION_SECONDS = 3.0
_BEFORE_SECONDS = 0.2  # of sound before what was missed
_LOOP_WORDS = 40  # kept of a window that repeats itself


class Recogniser:
    """A loaded model."""

    def __init__(
        self, path: Path, *, device: str, compute_type: str, threads: int, batch: int | None = None
    ) -> None:
        import faster_whisper  # a second that a silent recording need not pay

        try:
            self._model: Any = faster_whisper.WhisperModel(
                str(path),
                device=device,
                compute_type=compute_type,
                cpu_threads=threads,
                local_files_only=True,
            )
        except ValueError as error:
            raise BadConfig(f"The speech model cannot be run as configured: {error}.") from None
        except RuntimeError as error:
            _raise_out_of_memory(error)
            raise ModelMissing(
                f"The speech model in {path} cannot be loaded: {error}.",
                hint="Delete the folder, so that the model is fetched again, or set another whisper.model.",
            ) from None
        weights = (path / "model.bin").stat().st_size
        self._batch = batch or (1 if weights > _LARGE else 2 if weights > _MIDDLING else _BATCH)
        self._decoder = Decoder(self._model)

    @property
    def english_only(self) -> bool:
        """Whether the model knows no other language."""
        return not self._model.model.is_multilingual

    def check_language(self, language: str) -> None:
        """Raise BadConfig for a language that the model does not know."""
        if language not in self._model.supported_languages:
            raise BadConfig(
                f"The speech model knows no language {language!r}.",
                hint="whisper.language is auto or a code such as en, de or es.",
            )

    def whole(self, samples: Samples, language: str) -> str:
        """What is said in all of a sound, not searched for speech and not cut: a yardstick."""
        found, _ = self._model.transcribe(
            samples, language=language, beam_size=1, temperature=0.0, condition_on_previous_text=False
        )
        return "".join(segment.text for segment in found)

    def transcribe(
        self,
        samples: Samples,
        speech: Sequence[Region],
        *,
        language: str | None,
        start: int = 0,
        likely: str | None = None,
        hints: Hints = NO_HINTS,
    ) -> list[Sentence]:
        """What is said in the stretches `speech` of a piece of sound that begins at sample `start`.

        `language` None: the one that is heard in each window; where that is not clear, that of the windows
        beside it or else `likely`.
        """
        steps = self.steps(samples, speech, language=language, start=start, likely=likely, hints=hints)
        return [sentence for step in steps for sentence in step]

    def steps(
        self,
        samples: Samples,
        speech: Sequence[Region],
        *,
        language: str | None,
        start: int = 0,
        likely: str | None = None,
        hints: Hints = NO_HINTS,
    ) -> Iterator[list[Sentence]]:
        """The same with a sign of life: an empty list as windows are done, the sentences in the last."""
        packed = windows.pack(speech, len(samples))
        words: list[Word] = []
        try:
            parts = [window.cut(samples) for window in packed]
            encoded = []
            for part in parts:
                encoded.append(self._decoder.encode(part))
                yield []
            languages = self._languages(packed, encoded, language, likely)
            heard_all = self._decode(parts, encoded, languages, hints)
            for window, part, code, heard in zip(packed, parts, languages, heard_all, strict=True):
                if heard.doubtful(window.speech_seconds):
                    heard = heard.better(self._decoder.again(part, code, hints), window.speech_seconds)
                heard = self._completed(heard, window, part, code, hints)
                words += _placed(heard, window, start, code)
                yield []
        except RuntimeError as error:
            _raise_out_of_memory(error)
            raise
        yield _gathered(sentences.settle(words, speech, start))

    def _decode(
        self, parts: Sequence[Samples], encoded: list[Any], languages: Sequence[str], hints: Hints
    ) -> Iterator[Heard]:
        """Each window in turn; neighbours in one language and of one look at once."""
        kinds = [(code, decode.look(len(part))) for code, part in zip(languages, parts, strict=True)]
        for (code, _), run in itertools.groupby(range(len(parts)), key=kinds.__getitem__):
            numbers = list(run)
            for first in range(0, len(numbers), self._batch):
                some = numbers[first : first + self._batch]
                seconds = [len(parts[number]) / RATE for number in some]
                yield from self._decoder.decode([encoded[number] for number in some], seconds, code, hints)

    def _completed(
        self, heard: Heard, window: windows.Window, part: Samples, language: str, hints: Hints
    ) -> Heard:
        """With what is said in speech that no word was written for: that is listened to by itself."""
        gap = window.unheard([word[:2] for word in heard.words])
        if gap is None or heard.phantom:
            return heard
        start = max(0.0, gap[0] - _BEFORE_SECONDS)
        missed = part[round(start * RATE) : round(gap[1] * RATE)]
        return heard.filled(self._decoder.again(missed, language, hints), start)

    def _languages(
        self,
        packed: Sequence[windows.Window],
        encoded: Sequence[Any],
        language: str | None,
        likely: str | None,
    ) -> list[str]:
        """The language of each window."""
        if self.english_only or language is not None:
            return [language or "en"] * len(packed)
        guesses = [next(iter(self._decoder.languages(each).items())) for each in encoded]
        sure = [
            code if probability >= _SURE_DETECTION and window.speech_seconds >= _DETECTION_SECONDS else None
            for window, (code, probability) in zip(packed, guesses, strict=True)
        ]
        before = likely or next((code for code in sure if code), None)
        found: list[str] = []
        for code, (guess, _) in zip(sure, guesses, strict=True):
            before = code or before
            found.append(before or guess)
        return found


def _gathered(words: Sequence[Word]) -> list[Sentence]:
    """Sentences, none of which mixes languages or what is believed with what is not."""
    found: list[Sentence] = []
    for (language, suspect), some in itertools.groupby(words, key=lambda word: (word.language, word.suspect)):
        for sentence in sentences.gather(list(some), language):
            mark = suspect or phantoms.suspicion(sentence)
            found.append(replace(sentence, suspect=mark))
    return found


def _raise_out_of_memory(error: RuntimeError) -> None:
    """The libraries tell it in words only."""
    if any(sign in str(error).lower() for sign in ("out of memory", "bad_alloc", "failed to allocate")):
        raise MemoryError(str(error)) from None


def _placed(heard: Heard, window: windows.Window, start: int, language: str) -> Iterator[Word]:
    """The words of a window with their offsets in the recording."""
    suspect = heard.suspicion
    for first, last, text, probability in heard.words[: _LOOP_WORDS if suspect == "loop" else None]:
        begin, end = window.place(first, last)
        yield Word((start + begin) // 16, (start + end) // 16, text, probability, language, suspect)
