"""What was said: Whisper by way of faster-whisper.

Windows are decoded in batches, which costs a quarter less than one after the other. Batched decoding
now and then loses most of a window or falls into a loop; the words per second of speech give it away,
and such a window is decoded again by itself with a wider search.
"""

import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mem.errors import BadConfig, ModelMissing
from mem.speech import sentences, windows
from mem.speech.sentences import Sentence, Word
from mem.speech.vad import RATE, Region

Samples = npt.NDArray[np.float32]

_BATCH = 8
_LARGE = 700_000_000  # bytes of weights; such a model is slow and gives a sign of life after each window
_MOST_TOKENS = 224  # for 30 s, as Whisper was trained; a loop ends here
_ALIGN = RATE // 100  # the decoder counts in 10 ms
_FEWEST_WORDS = 0.7  # a second of speech; slow speakers say about 1.5
_MOST_WORDS = 9.0
_JUDGED_SECONDS = 4.0  # less speech than this says nothing about words per second
_LOOPED = 2.4  # compression ratio; prose stays below 2
_SURE_DETECTION = 0.5
_DETECTION_SECONDS = 3.0


class Recogniser:
    """A loaded model."""

    def __init__(self, path: Path, *, device: str, compute_type: str, threads: int) -> None:
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
        large = (path / "model.bin").stat().st_size > _LARGE
        self._batch = 1 if large else _BATCH
        self._batched: Any = faster_whisper.BatchedInferencePipeline(self._model)

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

    def language(self, samples: Samples, speech: Sequence[Region]) -> tuple[str, bool]:
        """The language spoken, and whether there was enough speech to be sure of it."""
        if self.english_only:
            return "en", True
        window = max(windows.pack(speech, len(samples)), key=lambda each: each.speech_seconds)
        code, probability, _ = self._model.detect_language(audio=window.cut(samples))
        sure = probability >= _SURE_DETECTION and window.speech_seconds >= _DETECTION_SECONDS
        return str(code), bool(sure)

    def transcribe(
        self, samples: Samples, speech: Sequence[Region], *, language: str, start: int = 0
    ) -> list[Sentence]:
        """What is said in the stretches `speech` of a piece of sound that begins at sample `start`."""
        steps = self.steps(samples, speech, language=language, start=start)
        return [sentence for step in steps for sentence in step]

    def steps(
        self, samples: Samples, speech: Sequence[Region], *, language: str, start: int = 0
    ) -> Iterator[list[Sentence]]:
        """The same with a sign of life: an empty list as windows are done, the sentences in the last."""
        packed = windows.pack(speech, len(samples))
        words: list[Word] = []
        try:
            for window, heard in zip(packed, self._decode(packed, samples, language), strict=True):
                if heard.doubtful(window.speech_seconds):
                    heard = heard.better(self._again(window.cut(samples), language), window.speech_seconds)
                words += () if heard.phantom else _placed(heard, window, start)
                yield []
        except RuntimeError as error:
            _raise_out_of_memory(error)
            raise
        yield sentences.gather(sentences.settle(words, speech, start), language)

    def _decode(
        self, packed: Sequence[windows.Window], samples: Samples, language: str
    ) -> Iterator["_Heard"]:
        """Each window in turn, decoded in batches."""
        parts, clips, total = [], [], 0
        for window in packed:
            part = window.cut(samples)
            part = np.concatenate((part, np.zeros(-len(part) % _ALIGN, np.float32)))
            # Half a sample more: the library truncates seconds to samples.
            clips.append({"start": (total + 0.5) / RATE, "end": (total + len(part) + 0.5) / RATE})
            parts.append(part)
            total += len(part)
        if not packed:
            return
        found, _ = self._batched.transcribe(
            np.concatenate(parts),
            language=language,
            beam_size=1,
            batch_size=self._batch,
            word_timestamps=True,
            max_new_tokens=_MOST_TOKENS,
            clip_timestamps=clips,
        )
        # Every window gives one segment at least, and all of one begin their search where it begins.
        for _, group in itertools.groupby(found, key=lambda segment: segment.seek):
            yield _Heard.of(group, shift=clips.pop(0)["start"])

    def _again(self, samples: Samples, language: str) -> "_Heard":
        """One window by itself, with timestamps to lead it and a wider search.

        At temperature 0 only: sampling would make a resumed run differ from an undisturbed one.
        """
        found, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            max_new_tokens=_MOST_TOKENS,
        )
        return _Heard.of(found, shift=0.0)


def _raise_out_of_memory(error: RuntimeError) -> None:
    """The libraries tell it in words only."""
    if any(sign in str(error).lower() for sign in ("out of memory", "bad_alloc", "failed to allocate")):
        raise MemoryError(str(error)) from None


def _placed(heard: "_Heard", window: windows.Window, start: int) -> Iterator[Word]:
    """The words of a window with their offsets in the recording."""
    for first, last, text, probability in heard.words:
        begin, end = window.place(first, last)
        yield Word((start + begin) // 16, (start + end) // 16, text, probability)


class _Heard:
    """What the model made of one window."""

    def __init__(
        self, words: list[tuple[float, float, str, float]], log_probability: float, no_speech: float
    ) -> None:
        self.words = words  # start and end in seconds since the start of the window, text, probability
        self.log_probability = log_probability  # mean over tokens
        self.no_speech = no_speech
        text = "".join(word[2] for word in words).encode()
        self.compression = len(text) / len(zlib.compress(text))

    @classmethod
    def of(cls, segments: Iterable[Any], *, shift: float) -> "_Heard":
        """The library's segments of one window, which begins at `shift` seconds of its sound."""
        listed = list(segments)
        words = [
            (float(word.start) - shift, float(word.end) - shift, str(word.word), float(word.probability))
            for segment in listed
            for word in segment.words or ()
        ]
        count = max(1, len(listed))
        return cls(
            words,
            sum(float(segment.avg_logprob) for segment in listed) / count,
            min((float(segment.no_speech_prob) for segment in listed), default=1.0),
        )

    @property
    def phantom(self) -> bool:
        """Whether this is what the model writes when nobody speaks, or a loop.

        Real speech, at 3 dB over noise too, measured above -0.2 and below 0.2; invented text below
        -0.7 and mostly above 0.5.
        """
        invented = self.log_probability < -1.5 or (self.log_probability < -0.7 and self.no_speech > 0.55)
        return not self.words or invented or self.compression > _LOOPED

    def doubtful(self, speech_seconds: float) -> bool:
        """Whether so much speech cannot have been just these words."""
        if self.compression > _LOOPED:
            return True
        if speech_seconds < _JUDGED_SECONDS or (self.words and self.phantom):
            return False
        return not _FEWEST_WORDS <= len(self.words) / speech_seconds <= _MOST_WORDS

    def better(self, other: "_Heard", speech_seconds: float) -> "_Heard":
        """Of two attempts the one to believe."""
        if other.phantom:
            return self
        if self.phantom or not other.doubtful(speech_seconds):
            return other
        return max(self, other, key=lambda heard: len(heard.words))
