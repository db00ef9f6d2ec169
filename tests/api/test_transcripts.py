"""Transcripts in every form."""

import json
import re

import pytest

from .test_problems import check


@pytest.fixture
def source(seed):
    source = seed.source(name="talk\n<b>.mp4")
    seed.say(source, 1.5, "Hello & <welcome> --> all", 2)
    seed.say(source, 3700, " ".join(["word"] * 60), 20)
    return source


def read(client, source, form):
    answer = client.get(f"/api/sources/{source.id}/transcript.{form}")
    assert answer.status_code == 200
    return answer


def test_text_has_a_line_for_each_segment(client, source):
    answer = read(client, source, "txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "[2026-11-20 12:00:01Z] Hello & <welcome> --> all\n" in answer.text
    assert answer.text.splitlines()[0] == "talk <b>.mp4, from 2026-11-20 12:00:00Z"


def test_srt_counts_cues_and_keeps_its_arrow_for_itself(client, source):
    text = read(client, source, "srt").text
    cues = [cue for cue in text.split("\n\n") if cue.strip()]
    assert cues[0] == "1\n00:00:01,500 --> 00:00:03,500\nHello & <welcome> → all"
    for number, cue in enumerate(cues, start=1):
        head, times, *lines = cue.splitlines()
        assert int(head) == number
        assert re.fullmatch(r"\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}", times)
        assert all(len(line) <= 84 for line in lines)
    assert "01:01:40,000" in text
    assert " ".join(text.split()).count("word") == 60


def test_vtt_escapes_what_would_be_markup(client, source):
    answer = read(client, source, "vtt")
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.text.startswith("WEBVTT\n\n")
    plain = re.sub(r"<[\d:.]+>", "", answer.text)  # without the time of each word
    assert "00:00:01.500 --> 00:00:03.500\nHello &amp; &lt;welcome&gt; --&gt; all\n" in plain


def test_json_holds_words_with_instants_and_offsets(client, source):
    answer = json.loads(read(client, source, "json").text)
    assert answer["started_at"] == "2026-11-20T12:00:00.000Z"
    assert answer["segments"][0]["start_ms"] == 1500
    assert answer["segments"][0]["words"][0]["start"] == "2026-11-20T12:00:01.500Z"
    assert len(answer["segments"]) == 2


@pytest.mark.parametrize("form", ["txt", "srt", "vtt", "json"])
def test_a_silent_source_has_an_empty_transcript(client, seed, form):
    assert "word" not in read(client, seed.source(), form).text.replace('"words"', "")


def test_an_unknown_form_is_invalid(client, source):
    check(client.get(f"/api/sources/{source.id}/transcript.pdf"), 422, "invalid")
