"""What people look for is among the first ten."""

import pytest

from mem.bench.corpus import Corpus

from .conftest import Recalled
from .labelled import QUESTIONS, TEXTS


def filled(recalled: Recalled) -> None:
    """The labelled texts, said, noted and shown, among 2,000 others, three quarters of a minute apart."""
    corpus, source = Corpus(11), recalled.source("desk.mp4")
    said = [(corpus.sentence(), number * 90) for number in range(2_000)]
    labelled = [(text, place * 2_700 + 45) for place, text in enumerate(TEXTS.values())]
    with recalled.db.write() as w:
        recalled.say_many(w, source, said + labelled[::2])
    for text, second in labelled[1::4]:
        recalled.note(text, second)
    for text, second in labelled[3::4]:
        recalled.read(source, text, second)


@pytest.mark.timeout(120)
def test_the_first_ten_hold_what_was_asked_for(recalled: Recalled):
    assert len(QUESTIONS) == 60
    filled(recalled)
    recalls = {}
    for text, wanted in QUESTIONS:
        page = recalled.ask(text, limit=10)
        first = {hit.text for moment in page.moments for hit in moment.hits}
        recalls[text] = sum(TEXTS[name] in first for name in wanted) / len(wanted)
    missed = {text: recall for text, recall in recalls.items() if recall < 1}
    assert sum(recalls.values()) / len(recalls) >= 0.95, missed
