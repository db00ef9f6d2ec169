import difflib
import itertools

import jiwer
import numpy as np
import pytest

from mem.errors import BadConfig, ModelMissing
from mem.media import audio
from mem.media.audio import Piece
from mem.speech import vad, whisper
from mem.speech.decode import NO_HINTS, Heard
from tests import spoken

RATE = 16_000


def transcribe(recogniser, sound):
    found = []
    for piece in audio.pieces([Piece(0, sound)]):
        speech = vad.regions(piece.samples)
        found += recogniser.transcribe(piece.samples, speech, language="en", start=piece.start)
    return found


@pytest.fixture(scope="module")
def heard(recogniser):
    """Five quarters of a minute of talk, so that a cut falls into it, and what is made of it."""
    said = (*spoken.SENTENCES, *spoken.SENTENCES[:10])
    sound, starts = spoken.talk(said, gaps=(0.3, 0.6, 1.2), lead=0.4)
    assert len(sound) > 65 * RATE
    return said, starts, transcribe(recogniser, sound)


def test_the_words_are_right(heard):
    said, _, found = heard
    reference, got = (spoken.plain(" ".join(texts)) for texts in (said, [each.text for each in found]))
    assert jiwer.wer(reference, got) <= 0.06


def test_every_sentence_starts_where_it_was_said(heard):
    said, starts, found = heard
    late = []
    for sentence, start in zip(said, starts, strict=True):
        near = min(found, key=lambda each: abs(each.start_ms - start))
        likeness = difflib.SequenceMatcher(None, spoken.plain(sentence), spoken.plain(near.text)).ratio()
        assert likeness > 0.7, (sentence, near.text)
        late.append(abs(near.start_ms - start))
    assert np.median(late) <= 150
    assert max(late) <= 1_000


def test_words_are_in_order_and_inside_their_sentence(heard):
    found = heard[2]
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(found))
    for sentence in found:
        assert sentence.words[0].start_ms == sentence.start_ms < sentence.end_ms == sentence.words[-1].end_ms
        assert all(word.start_ms < word.end_ms and 0 <= word.probability <= 1 for word in sentence.words)
        assert 0.3 < sentence.confidence <= 1


def test_a_sentence_at_the_cut_is_whole(recogniser):
    sound, starts = spoken.talk(spoken.SENTENCES[:6], gaps=(0.4,), lead=0.2)
    longest = starts[4] / 1000 + 1.0  # a second into the fifth sentence
    found = []
    parts = list(audio.pieces([Piece(0, sound)], seconds=int(longest) + 1, search_seconds=6))
    assert len(parts) >= 2
    for piece in parts:
        found += recogniser.transcribe(
            piece.samples, vad.regions(piece.samples), language="en", start=piece.start
        )
    assert [spoken.plain(sentence.text) for sentence in found] == [
        spoken.plain(sentence) for sentence in spoken.SENTENCES[:6]
    ]


def test_a_window_full_of_fast_speech_is_written_to_its_end(recogniser):
    sound, _ = spoken.talk(spoken.SENTENCES[:14], gaps=(0.15,), speed=1.5)
    assert len(sound) < 30 * RATE
    reference = spoken.plain(" ".join(spoken.SENTENCES[:14]))
    got = spoken.plain(" ".join(each.text for each in transcribe(recogniser, sound)))
    assert len(reference.split()) > 115
    assert jiwer.wer(reference, got) <= 0.1


def test_speech_that_was_passed_over_is_listened_to_again(recogniser, monkeypatch):
    sound, _ = spoken.talk(spoken.SENTENCES[:6], gaps=(0.4,))
    decode = recogniser._decoder.decode

    def losing(*given):
        return [Heard(heard.words[:20], heard.log_probability, heard.no_speech) for heard in decode(*given)]

    whole = spoken.plain(" ".join(each.text for each in transcribe(recogniser, sound)))
    monkeypatch.setattr(recogniser._decoder, "decode", losing)
    assert spoken.plain(" ".join(each.text for each in transcribe(recogniser, sound))) == whole


def test_a_window_decoded_again_says_the_same(recogniser):
    sound, _ = spoken.talk(spoken.SENTENCES[:3], gaps=(0.4,))
    again = recogniser._decoder.again(sound, "en", NO_HINTS)
    assert not again.phantom
    text = spoken.plain("".join(word[2] for word in again.words))
    assert jiwer.wer(spoken.plain(" ".join(spoken.SENTENCES[:3])), text) < 0.1


VARIED = " ".join(spoken.SENTENCES).split()


def heard_of(count, *, text="", log=-0.2, no_speech=0.1):
    said = [(n * 0.1, n * 0.1 + 0.1, f" {text or VARIED[n]}", 0.9) for n in range(count)]
    return Heard(said, log, no_speech)


def test_too_few_words_for_so_much_speech_are_doubted():
    assert heard_of(5).doubtful(25.0)
    assert not heard_of(60).doubtful(25.0)
    assert not heard_of(1).doubtful(2.0)


def test_a_loop_is_doubted_and_never_believed():
    loop, good = heard_of(120, text="I'm going to be in the next video"), heard_of(50)
    assert loop.doubtful(25.0)
    assert loop.phantom
    assert loop.better(good, 25.0) is good
    assert good.better(loop, 25.0) is good


def test_what_is_written_where_nobody_speaks_is_marked():
    assert heard_of(2, text="Thank you", log=-0.9, no_speech=0.8).phantom
    assert not heard_of(2, text="Thank you", log=-0.9, no_speech=0.1).phantom


def test_the_longer_of_two_poor_attempts_is_taken():
    assert len(heard_of(3).better(heard_of(12), 25.0).words) == 12


def test_speech_played_backwards_leaves_no_loop_behind(recogniser):
    sound, _ = spoken.talk(spoken.SENTENCES[:2], gaps=(0.2,))
    for sentence in transcribe(recogniser, sound[::-1].copy()):
        assert len(sentence.text) < 400


def test_a_piece_without_speech_is_not_decoded(recogniser):
    assert recogniser.transcribe(np.zeros(RATE, np.float32), [], language="en") == []


def test_an_english_model_writes_english(recogniser):
    assert recogniser.english_only
    sound, _ = spoken.talk(spoken.SENTENCES[:1])
    (sentence,) = recogniser.transcribe(sound, vad.regions(sound), language=None)
    assert sentence.language == "en"
    assert sentence.suspect is None


def test_a_language_that_no_model_knows_is_refused(recogniser):
    with pytest.raises(BadConfig, match="xx"):
        recogniser.check_language("xx")


def test_a_folder_with_broken_weights_says_what_to_do(tiny, tmp_path):
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    (tmp_path / "model.bin").write_bytes(b"not a model at all" * 100)
    with pytest.raises(ModelMissing, match="cannot be loaded") as raised:
        whisper.Recogniser(tmp_path, device="cpu", compute_type="int8", threads=1)
    assert raised.value.hint


def test_a_compute_type_that_does_not_exist_is_refused(tiny):
    with pytest.raises(BadConfig):
        whisper.Recogniser(tiny, device="cpu", compute_type="int3", threads=1)


def test_read_speech_is_heard_with_few_errors(recogniser, clip):
    folder = clip("speech/refs.json").parent
    references = spoken.references(folder)
    files = sorted(name for name in references if name.startswith("LJ"))
    pause = np.zeros(int(0.4 * RATE), np.float32)
    sound = np.concatenate([part for name in files for part in (spoken.load(folder / name), pause)])
    got = " ".join(sentence.text for sentence in transcribe(recogniser, sound))
    truth = " ".join(references[name] for name in files)
    assert jiwer.wer(spoken.plain(truth), spoken.plain(got)) <= 0.09
