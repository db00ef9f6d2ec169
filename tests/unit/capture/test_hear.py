import difflib
import os

import numpy as np
import pytest

from mem.capture import hear
from mem.errors import BadConfig
from mem.media.audio import Piece
from mem.speech import models
from mem.speech.vad import Region
from tests import spoken, videos

RATE = 16_000
LAST = "The museum closes at six."


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    found = models.present("tiny.en", models_dir=tmp_path_factory.mktemp("models"))
    assert found is not None
    return found.path


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """Two minutes: talk, a long silence, talk again. With the sentences and their starts in ms."""
    sound, starts = spoken.talk(gaps=(0.4, 0.9))
    last = len(sound) + 60 * RATE
    whole = np.concatenate((sound, np.zeros(60 * RATE, np.float32), spoken.say(LAST), np.zeros(RATE)))
    folder = tmp_path_factory.mktemp("recording")
    file = videos.write(folder / "talk.wav", sound=whole.astype(np.float32), rate=RATE)
    return file, (*spoken.SENTENCES, LAST), [*starts, last * 1000 // RATE]


def listen(file, model, state=b"", **changed):
    """What is told about the recording itself: the same each time."""
    return [message for message in told(file, model, state, **changed) if message.kind != "cost"]


def told(file, model, state=b"", *, resume=None, stretch_ms=300_000, **changed):
    request = {
        "model_path": str(model),
        "model_name": "tiny.en",
        "device": "cpu",
        "compute_type": "int8",
        "threads": 1,
        "language": None,
        "stretch_ms": stretch_ms,
        "resume": resume,
        **changed,
    }
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return list(hear.hear(request, state, descriptor=descriptor))
    finally:
        os.close(descriptor)


def only(messages, kind):
    return [message for message in messages if message.kind == kind]


@pytest.fixture(scope="session")
def undisturbed(recording, tiny):
    return listen(recording[0], tiny, stretch_ms=45_000)


def test_each_sentence_is_told_within_a_second_of_its_time(recording, undisturbed):
    _, sentences, starts = recording
    segments = [message.fields for message in only(undisturbed, "segment")]
    for sentence, start in zip(sentences, starts, strict=True):
        near = min(segments, key=lambda segment: abs(segment["start_ms"] - start))
        assert abs(near["start_ms"] - start) <= 1_000
        assert difflib.SequenceMatcher(None, sentence.lower(), near["text"].lower()).ratio() > 0.7


def test_stretches_follow_each_other_to_the_end(undisturbed):
    stretches = [message.fields for message in only(undisturbed, "stretch")]
    end = undisturbed[-1]
    assert end.kind == "end"
    assert [stretch["index"] for stretch in stretches] == list(range(len(stretches)))
    assert len(stretches) >= 2
    untils = [stretch["until_ms"] for stretch in stretches]
    assert untils == sorted(set(untils))
    assert untils[-1] == end.fields["duration_ms"]
    assert sum(stretch["speech_ms"] for stretch in stretches) == end.fields["speech_ms"] > 30_000
    assert [message.kind for message in undisturbed if message.kind != "progress"][-2] == "stretch"
    assert not end.fields["partial"]


def test_segments_lie_in_the_stretch_that_follows_them(undisturbed):
    since, waiting = 0, []
    for message in undisturbed:
        if message.kind == "segment":
            waiting.append(message.fields)
        elif message.kind == "stretch":
            until = message.fields["until_ms"]
            assert all(since <= segment["start_ms"] < until for segment in waiting)
            since, waiting = until, []


def test_progress_is_told_for_every_piece(undisturbed):
    offsets = [message.fields["offset_ms"] for message in only(undisturbed, "progress")]
    assert len(offsets) >= 2
    assert offsets == sorted(offsets)


def test_a_run_that_goes_on_says_what_an_undisturbed_one_says(recording, tiny, undisturbed):
    at = next(n for n, message in enumerate(undisturbed) if message.kind == "stretch")
    first = undisturbed[at]
    resume = {"until_ms": first.fields["until_ms"], "stretch": first.fields["index"] + 1}
    rest = listen(recording[0], tiny, first.body, resume=resume, stretch_ms=45_000)
    wanted = [message for message in undisturbed[at + 1 :] if message.kind != "progress"]
    assert [message for message in rest if message.kind != "progress"] == wanted


def test_a_run_that_goes_on_at_the_end_only_ends(recording, tiny, undisturbed):
    last = only(undisturbed, "stretch")[-1]
    resume = {"until_ms": last.fields["until_ms"], "stretch": last.fields["index"] + 1}
    rest = listen(recording[0], "/no/model", last.body, resume=resume, stretch_ms=45_000)
    assert {message.kind for message in rest} == {"progress", "end"}
    assert rest[-1].fields == undisturbed[-1].fields


def test_little_speech_is_gathered_over_several_pieces():
    chapter = hear.Chapter()
    minute = np.zeros(60 * RATE, np.float32)
    chapter.add(Piece(0, minute), [])
    chapter.add(Piece(60 * RATE, minute), [Region(RATE, 12 * RATE)])
    chapter.add(Piece(120 * RATE, minute), [Region(0, 2 * RATE)])
    assert chapter.start == 60 * RATE  # the silence before is not kept
    assert chapter.speech == [Region(RATE, 12 * RATE), Region(60 * RATE, 62 * RATE)]
    assert len(chapter.samples) == 120 * RATE
    assert not chapter.full
    assert not chapter.goes_on(Piece(999 * RATE, minute))


def test_a_chapter_never_holds_more_than_five_minutes():
    chapter, number = hear.Chapter(), 0
    while not chapter.full:
        chapter.add(Piece(number * 60 * RATE, np.zeros(60 * RATE, np.float32)), [Region(0, RATE)])
        number += 1
    assert number == 5


def test_silence_needs_no_model(tmp_path):
    file = videos.write(tmp_path / "hum.wav", sound=videos.tone(70, hertz=50), rate=RATE)
    messages = listen(file, "/no/model")
    assert not only(messages, "segment")
    assert messages[-1].fields == {"duration_ms": 70_000, "speech_ms": 0, "partial": False, "warnings": []}


def test_a_video_without_sound_ends_at_once(tmp_path):
    file = videos.write(tmp_path / "mute.mp4", videos.scenes([0], 2.0))
    (end,) = listen(file, "/no/model")
    assert end.fields == {"duration_ms": 0, "speech_ms": 0, "partial": False, "warnings": []}


def test_an_english_model_asked_for_another_language_says_so(tmp_path, tiny):
    sound, _ = spoken.talk(spoken.SENTENCES[:1])
    file = videos.write(tmp_path / "one.wav", sound=sound, rate=RATE)
    messages = listen(file, tiny, language="de")
    assert not only(messages, "segment")
    assert "English only" in messages[-1].fields["warnings"][0]
    assert "mem models pull base" in messages[-1].fields["warnings"][0]


def test_a_device_that_is_not_there_ends_it(tmp_path, tiny):
    sound, _ = spoken.talk(spoken.SENTENCES[:1])
    file = videos.write(tmp_path / "one.wav", sound=sound, rate=RATE)
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(BadConfig):
        listen(file, tiny, device="cuda")


def test_a_sound_that_breaks_off_is_partial(tmp_path, tiny):
    sound, _ = spoken.talk(spoken.SENTENCES[:6])
    shape = videos.Shape(container={"movflags": "faststart"})
    whole = videos.write(tmp_path / "whole.mp4", shape=shape, sound=sound, rate=RATE)
    messages = listen(videos.cut(whole, tmp_path / "cut.mp4", 0.5), tiny)
    assert only(messages, "segment")
    assert messages[-1].fields["partial"]
    assert messages[-1].fields["warnings"]


def test_a_real_speech_is_understood(clip, tiny):
    messages = listen(clip("speech/jfk.wav"), tiny)
    text = " ".join(message.fields["text"] for message in only(messages, "segment"))
    assert "ask what you can do for your country" in text


def test_it_says_what_the_listening_took(tmp_path):
    file = videos.write(tmp_path / "hum.wav", sound=videos.tone(5, hertz=50), rate=RATE)
    cost = only(told(file, "/no/model"), "cost")[0].fields
    assert 0 < cost["cpu_ms"] < 60_000
    assert 20e6 < cost["peak_bytes"] < 4e9
