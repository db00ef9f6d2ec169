"""Windows of sound to words: the part that touches faster-whisper's model.

The encoder takes the windows one by one: eight at once cost a fifth more, for their activations fit in no
cache, and 430 MB. The decoder takes several of the same size at once, which halves its cost.

The model was trained on looks of 30 s, the rest of which is silence. What is said in a few seconds needs only
some of that silence: with 3 s of it the model began to repeat itself, with 6 s and more it made as many
errors as with all, for half of the work.
"""

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mem.types import Suspicion

Samples = npt.NDArray[np.float32]

_RATE = 16_000
_LOOK_SECONDS, _LOOK_STEP, _SILENCE_AFTER = 30, 5, 10  # in few sizes, so that neighbours share one
_FRAMES = 100  # a second
_FEWEST_WORDS = 0.7  # a second of speech; slow speakers say about 1.5
_MOST_WORDS = 9.0
_JUDGED_SECONDS = 4.0  # less speech than this says nothing about words per second
_LOOPED = 2.4  # compression ratio; prose stays below 2
_PREPENDED, _APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class Hints:
    """What the model is told beforehand."""

    hotwords: str = ""
    prompt: str = ""


NO_HINTS = Hints()


class Heard:
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
    def of(cls, segments: Iterable[Any]) -> "Heard":
        """The library's segments of one window."""
        listed = list(segments)
        words = [
            (float(word.start), float(word.end), str(word.word), float(word.probability))
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
    def suspicion(self) -> Suspicion | None:
        """Why it is not believed.

        Real speech, at 3 dB over noise too, measured above -0.2 and below 0.2; invented text below
        -0.7 and mostly above 0.5.
        """
        if self.compression > _LOOPED:
            return "loop"
        if self.log_probability < -1.5 or (self.log_probability < -0.7 and self.no_speech > 0.55):
            return "phantom"
        return "unsure" if self.log_probability < -0.7 else None

    @property
    def phantom(self) -> bool:
        """Whether it is no more than what the model writes when nobody speaks, or a loop."""
        return not self.words or self.suspicion in ("loop", "phantom")

    def doubtful(self, speech_seconds: float) -> bool:
        """Whether so much speech cannot have been just these words."""
        if self.compression > _LOOPED:
            return True
        if speech_seconds < _JUDGED_SECONDS or (self.words and self.phantom):
            return False
        return not _FEWEST_WORDS <= len(self.words) / speech_seconds <= _MOST_WORDS

    def filled(self, other: "Heard", at: float) -> "Heard":
        """The same with what was heard when its window was listened to from `at` seconds on, up to a word."""
        if not other.words or other.suspicion is not None:
            return self
        begun = [(first + at, last + at, text, probability) for first, last, text, probability in other.words]
        words = sorted(self.words + begun, key=lambda word: word[0])
        return Heard(words, self.log_probability, self.no_speech)

    def better(self, other: "Heard", speech_seconds: float) -> "Heard":
        """Of two attempts the one to believe."""
        if other.phantom:
            return self
        if self.phantom or not other.doubtful(speech_seconds):
            return other
        return max(self, other, key=lambda heard: len(heard.words))


def look(samples: int) -> int:
    """Seconds that the model looks at to see a window of so many samples, 15 to 30."""
    needed = math.ceil((samples / _RATE + _SILENCE_AFTER) / _LOOK_STEP) * _LOOK_STEP
    return min(needed, _LOOK_SECONDS)


class Decoder:
    """A loaded model of faster-whisper, by windows."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def encode(self, samples: Samples) -> Any:
        """One window of at most 30 s, as the decoder takes it."""
        from faster_whisper.audio import pad_or_trim

        seen = self._model.feature_extractor(samples)[..., :-1]
        return self._model.encode(pad_or_trim(seen, look(len(samples)) * _FRAMES))

    def languages(self, encoded: Any) -> dict[str, float]:
        """The languages that a window may be in, each with its probability, the likeliest first."""
        found = self._model.model.detect_language(encoded)[0]
        return {str(token)[2:-2]: float(probability) for token, probability in found}

    def decode(
        self, encoded: Sequence[Any], seconds: Sequence[float], language: str, hints: Hints
    ) -> list[Heard]:
        """Windows in one language and of one look at once; `seconds` is how long each is."""
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._model
        tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        before = tokenizer.encode(" " + hints.prompt.strip()) if hints.prompt else []
        prompt = model.get_prompt(
            tokenizer, previous_tokens=before, without_timestamps=True, hotwords=hints.hotwords or None
        )
        together = _joined(encoded)
        results = model.model.generate(
            together,
            [list(prompt) for _ in encoded],
            beam_size=1,
            max_length=model.max_length,  # the library writes half of it at most, as Whisper was trained
            suppress_tokens=get_suppressed_tokens(tokenizer, (-1,)),
            return_scores=True,
            return_no_speech_prob=True,
        )
        made = [_segment(result, tokenizer, each) for result, each in zip(results, seconds, strict=True)]
        frames = [int(np.ceil(each)) * model.frames_per_second for each in seconds]
        model.add_word_timestamps(
            [[one] for one in made], tokenizer, together, frames, _PREPENDED, _APPENDED, 0.0
        )
        return [_heard(one) for one in made]

    def again(self, samples: Samples, language: str, hints: Hints) -> Heard:
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
            hotwords=hints.hotwords or None,
            initial_prompt=hints.prompt or None,
        )
        return Heard.of(found)


def _joined(encoded: Sequence[Any]) -> Any:
    if len(encoded) == 1:
        return encoded[0]
    import ctranslate2

    device = encoded[0].device
    if device != "cpu":
        encoded = [each.to_device(ctranslate2.Device.cpu) for each in encoded]
    whole = ctranslate2.StorageView.from_array(np.concatenate([np.asarray(each) for each in encoded]))
    return whole if device == "cpu" else whole.to_device(ctranslate2.Device.cuda)


def _segment(result: Any, tokenizer: Any, seconds: float) -> dict[str, Any]:
    tokens = result.sequences_ids[0]
    return {
        "tokens": tokens,
        "text": tokenizer.decode(tokens),
        "start": 0.0,
        "end": seconds,
        "seek": 0,
        "avg_logprob": result.scores[0] * len(tokens) / (len(tokens) + 1),
        "no_speech_prob": result.no_speech_prob,
    }


def _heard(made: dict[str, Any]) -> Heard:
    words = [
        (float(word["start"]), float(word["end"]), str(word["word"]), float(word["probability"]))
        for word in made["words"]
    ]
    return Heard(words, float(made["avg_logprob"]), float(made["no_speech_prob"]))
