"""What was said, asked of a server that speaks OpenAI's `/v1/audio/transcriptions`."""

import io
import json
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mem import redact
from mem.errors import SpeechServerFailed
from mem.speech import sentences
from mem.speech.sentences import Sentence, Word
from mem.speech.vad import RATE
from mem.speech.windows import Window

_MOST_BYTES = 4 * 2**20  # of an answer; the words of 30 s take 10 kB
_UNSAID = 0.5  # probability of a word where the server tells none
_NAMES = {"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl"}


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is, and what it is asked for."""

    url: str  # with or without /v1/audio/transcriptions
    model: str
    token: str | None
    timeout_seconds: float

    @property
    def address(self) -> str:
        """Where transcriptions are asked for."""
        url = self.url.rstrip("/")
        if url.endswith("/audio/transcriptions"):
            return url
        return f"{url}/audio/transcriptions" if url.endswith("/v1") else f"{url}/v1/audio/transcriptions"

    @property
    def shown(self) -> str:
        """The same for people: without a name and a password that may stand in it."""
        return redact.text(self.address)

    def told(self, text: str) -> str:
        """What the server said, without the key: some say it again in what they refuse."""
        return redact.text(text.replace(self.token, redact.HIDDEN) if self.token else text)


def hear(
    server: Server, sound: bytes, window: Window, start: int, *, language: str | None = None, prompt: str = ""
) -> list[Sentence]:
    """What is said in a window (16-bit mono at 16 kHz) of a piece that begins at sample `start`.

    Raises SpeechServerFailed when the server cannot be reached, refuses, or answers something else.
    """
    answer = _ask(server, _wav(sound), language, prompt)
    code = language or _code(answer.get("language"))
    try:
        words = [_placed(word, window, start, code) for word in _words(answer, window)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SpeechServerFailed(f"{server.shown} answered what is no transcription.") from None
    return sentences.gather(sentences.settle(words, window.speech, start), code)


def _ask(server: Server, sound: bytes, language: str | None, prompt: str) -> Mapping[str, Any]:
    import httpx

    fields: dict[str, Any] = {
        "model": server.model,
        "response_format": "verbose_json",
        "temperature": "0",
        "timestamp_granularities[]": ["word", "segment"],
    }
    fields |= {name: text for name, text in (("language", language), ("prompt", prompt)) if text}
    headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
    file = {"file": ("speech.wav", sound, "audio/wav")}
    try:
        with httpx.stream(
            "POST", server.address, data=fields, files=file, headers=headers, timeout=server.timeout_seconds
        ) as response:
            body = _bounded(server, response.iter_bytes())
            if not response.is_success:
                said = server.told(body.decode(errors="replace").strip())[:200]
                raise SpeechServerFailed(f"{server.shown} answered {response.status_code}: {said}")
        found = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SpeechServerFailed(
            f"{server.shown} cannot be asked: {server.told(str(error)) or type(error).__name__}."
        ) from None
    except (ValueError, RecursionError):
        raise SpeechServerFailed(f"{server.shown} answered what is no JSON.") from None
    if not isinstance(found, dict):
        raise SpeechServerFailed(f"{server.shown} answered what is no transcription.")
    return found


def _bounded(server: Server, chunks: Iterator[bytes]) -> bytes:
    body, until = bytearray(), time.monotonic() + server.timeout_seconds
    for chunk in chunks:
        body += chunk
        if time.monotonic() > until:  # a byte now and then is no answer
            raise SpeechServerFailed(f"{server.shown} took longer than {server.timeout_seconds:g} s.")
        if len(body) > _MOST_BYTES:
            raise SpeechServerFailed(f"{server.shown} answered more than {_MOST_BYTES:,} bytes.")
    return bytes(body)


def _words(answer: Mapping[str, Any], window: Window) -> Iterator[tuple[float, float, str, float]]:
    """Start and end in seconds of the window, text and probability; as finely as the server tells them."""
    told: Sequence[Mapping[str, Any]] = answer.get("words") or [
        word for segment in answer.get("segments") or () for word in segment.get("words") or ()
    ]
    if told:
        for word in told:
            text = str(word["word"])
            spaced = text if text.startswith(" ") else f" {text}"
            probability = float(word.get("probability", _UNSAID))
            yield float(word["start"]), float(word["end"]), spaced, min(max(probability, 0.0), 1.0)
        return
    length = window.length / RATE
    parts = answer.get("segments") or [{"start": 0.0, "end": length, "text": answer["text"]}]
    for part in parts:
        texts = str(part["text"]).split()
        begin, end = float(part["start"]), float(part["end"])
        each = (end - begin) / max(1, len(texts))
        for place, text in enumerate(texts):
            yield begin + place * each, begin + (place + 1) * each, f" {text}", _UNSAID


def _placed(word: tuple[float, float, str, float], window: Window, start: int, language: str) -> Word:
    first, last, text, probability = word
    if not (0 <= first <= last < 3600):
        raise ValueError(text)
    begin, end = window.place(first, last)
    return Word((start + begin) // 16, (start + end) // 16, text, probability, language)


def _code(told: object) -> str:
    name = str(told or "").lower()
    return name if 2 <= len(name) <= 3 else _NAMES.get(name, name[:2] or "en")


def _wav(sound: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound)
    return out.getvalue()
