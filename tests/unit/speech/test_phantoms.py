import pytest

from mem.speech import phantoms
from mem.speech.decode import Heard
from mem.speech.sentences import Sentence, Word


def sentence(text, confidence):
    return Sentence(0, 1000, text, "en", confidence, (Word(0, 1000, text, confidence),))


@pytest.mark.parametrize(
    "text", ["Thank you.", "Thanks for watching!", " you", "Don't forget to like and subscribe."]
)
def test_what_is_written_where_nobody_speaks_is_marked(text):
    assert phantoms.suspicion(sentence(text, 0.3)) == "phantom"


def test_who_says_so_clearly_is_believed():
    assert phantoms.suspicion(sentence("Thank you.", 0.95)) is None
    assert phantoms.suspicion(sentence("Thank you for the invoice.", 0.3)) is None


def heard(text, log, no_speech):
    words = [(n * 0.2, n * 0.2 + 0.2, f" {word}", 0.5) for n, word in enumerate(text.split())]
    return Heard(words, log, no_speech)


def test_why_a_window_is_doubted():
    assert heard("and so on " * 40, -0.1, 0.0).suspicion == "loop"
    assert heard("a few words", -0.9, 0.8).suspicion == "phantom"
    assert heard("a few words", -0.9, 0.1).suspicion == "unsure"
    assert heard("a few words", -0.2, 0.1).suspicion is None
