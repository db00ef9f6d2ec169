"""Phrases that Whisper writes where nobody speaks, learnt from the ends of films and videos."""

from mem.speech.sentences import Sentence
from mem.types import Suspicion

_DOUBTED = 0.6  # confidence; somebody who says one of these clearly is believed
_PHRASES = frozenset(
    {
        "you",
        "thank you",
        "thank you very much",
        "thank you for watching",
        "thank you so much for watching",
        "thanks for watching",
        "thanks for watching and see you next time",
        "please subscribe",
        "please subscribe to my channel",
        "like and subscribe",
        "dont forget to like and subscribe",
        "see you in the next video",
        "subtitles by the amara org community",
        "transcription by castingwords",
        "bye bye",
        "music",
        "applause",
        "untertitel der amara org community",
        "untertitel im auftrag des zdf",
        "vielen dank fürs zuschauen",
        "sous titres réalisés par la communauté d amara org",
        "merci d avoir regardé cette vidéo",
        "subtítulos realizados por la comunidad de amara org",
        "gracias por ver el video",
        "sottotitoli creati dalla comunità amara org",
        "продолжение следует",
        "субтитры сделал dimatorzok",
        "ご視聴ありがとうございました",
        "谢谢观看",
    }
)


def suspicion(sentence: Sentence) -> Suspicion | None:
    """ "phantom" for such a phrase that the model was not sure of."""
    kept = "".join(letter if letter.isalnum() else " " for letter in sentence.text.lower().replace("'", ""))
    return "phantom" if sentence.confidence < _DOUBTED and " ".join(kept.split()) in _PHRASES else None
