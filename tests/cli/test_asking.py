"""search, timeline, frame and transcript through a running server."""

import io
from pathlib import Path

from PIL import Image

from tests.cli import samples
from tests.cli.conftest import pure


def picture(kind: str = "webp") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (32, 24), "#336699").save(data, kind)
    return data.getvalue()


def test_search_shows_moments_in_the_readers_zone(mem, api):
    result = mem("search", "invoice")
    assert result.exit_code == 0
    header, row, *_ = result.stdout.splitlines()
    assert "TIME (EUROPE/BERLIN, UTC+01:00)" in header
    assert row.split("  ")[0] == "2026-11-20 15:00:06"
    assert "Please pay the invoice by Friday." in row
    assert "\t" not in result.stdout
    assert "\x1b" not in result.stdout


def test_search_asks_for_what_the_options_say(mem, api):
    mem(
        *("search", "pay", "invoice", "--from", "2026-11-20 15:00", "--to", "2026-11-20T15:00Z", "--source"),
        *("evening", "--kind", "speech", "--kind", "note", "--limit", "5", "--sort", "time"),
    )
    (asked,) = api.requests("GET", "/api/search")
    assert asked.query == {
        "q": ["pay invoice"],
        "from": ["2026-11-20T14:00:00Z"],
        "to": ["2026-11-20T15:00:00Z"],
        "source": ["3"],
        "kind": ["speech", "note"],
        "limit": ["5"],
        "sort": ["time"],
    }


def test_search_goes_on_page_by_page_up_to_the_limit(mem, api):
    pages = iter([samples.found(cursor="more"), samples.found(), samples.found()])
    api.answers["GET /api/search"] = lambda _: next(pages)
    body = pure(mem("search", "invoice", "--json", "--limit", "10"))
    assert len(body["moments"]) == 2
    assert api.requests("GET", "/api/search")[1].query["cursor"] == ["more"]


def test_search_without_a_hit_says_what_might_help(mem, api):
    nothing = samples.found(moments=[], total=0, counts_by_kind={}, outside_range=4, read_as="in-voice")
    api.answers["GET /api/search"] = nothing
    result = mem("search", "in-voice(", "--from", "2026-11-23")
    assert result.exit_code == 0
    assert "Nothing found for: in-voice(" in result.stdout
    assert "Read as: in-voice" in result.stdout
    assert "4 hits outside the time range" in result.stdout


def test_search_in_an_empty_memory_says_how_to_begin(mem, api):
    api.answers["GET /api/search"] = samples.found(moments=[], total=0, counts_by_kind={})
    api.answers["GET /api/sources"] = {"sources": [], "cursor": None}
    assert "mem capture FILE" in mem("search", "x").stdout


def test_an_unknown_source_name_is_not_found_and_an_ambiguous_one_is_refused(mem, api):
    result = mem("search", "x", "--source", "holiday")
    assert result.exit_code == 1
    assert "no source named 'holiday'" in result.stderr
    both = [samples.source(), samples.source(id=4, name="evening-2.mp4")]
    api.answers["GET /api/sources"] = {"sources": both, "cursor": None}
    result = mem("search", "x", "--source", "even")
    assert result.exit_code == 2
    assert "3 evening.mp4, 4 evening-2.mp4" in result.stderr


def test_timeline_is_one_list_in_the_order_of_time(mem, api):
    lines = mem("timeline", "--from", samples.BEGAN, "--to", samples.ENDED).stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "2026-11-20 15:00:05",
        "2026-11-20 15:00:06",
        "2026-11-20 15:00:10",
    ]
    assert "frame 12, 12 looks" in lines[1]
    assert "evening.mp4" in lines[2]
    assert "Doorbell #home" in lines[3]


def test_timeline_pages_keep_the_range_and_show_each_thing_once(mem, api):
    later = samples.span(frame_id=13, start="2026-11-20T14:00:17.000Z", end="2026-11-20T14:01:00.000Z")
    first = samples.timeline(cursor="c", range_defaulted=True)
    pages = iter([first, samples.timeline(spans=[later], notes=[])])
    api.answers["GET /api/timeline"] = lambda _: next(pages)
    body = pure(mem("timeline", "--json"))
    assert [span["frame_id"] for span in body["spans"]] == [12, 13]
    assert len(body["segments"]) == len(body["notes"]) == 1
    second = api.requests("GET", "/api/timeline")[1].query
    assert (second["cursor"], second["from"], second["to"]) == (["c"], [samples.BEGAN], [samples.ENDED])


def test_a_time_back_from_now_is_not_an_option(mem, api):
    assert mem("timeline", "--from", "-2h").exit_code == 0
    assert mem("frame", "-2h").exit_code == 0
    assert api.requests("GET", "/api/timeline")[0].query["from"]
    assert api.requests("GET", "/api/frames")[0].query["at"]


def test_an_empty_timeline_names_the_newest_recording(mem, api):
    empty = samples.timeline(spans=[], segments=[], notes=[], sources={}, range_defaulted=True)
    api.answers["GET /api/timeline"] = empty
    said = mem("timeline").stdout
    assert "Nothing in the last days" in said
    assert "evening.mp4: mem timeline --from 2026-11-20T14:00:00Z --to 2026-11-20T14:01:00Z" in said


def test_a_frame_is_shown_with_its_place(mem, api, folder):
    said = mem("frame", "12").stdout
    assert "320 x 240 webp, 9.6 KiB" in said
    assert f"{folder}/sources/2026/11/20/3/frames-000001.tar at byte 512" in said
    assert "15:00:05 to 15:00:17" in said


def test_the_text_of_a_frame_is_shown_with_its_place_and_time(mem, api):
    line = {
        "id": 1, "source_id": 3, "frame_id": 12, "text": "Invoice 2381", "confidence": 0.9,
        "engine": "rapidocr", "start": "2026-11-20T14:00:05.000Z", "end": "2026-11-20T14:00:17.000Z",
        "box": {"x": 40, "y": 20, "width": 200, "height": 16},
    }  # fmt: skip
    api.answers["GET /api/frames/12/text"] = {"lines": [line]}
    said = mem("frame", "12", "--text").stdout
    assert "Invoice 2381" in said
    assert "40, 20" in said
    assert pure(mem("frame", "12", "--text", "--json"))["frames"][0]["lines"] == [line]
    api.answers["GET /api/frames/12/text"] = {"lines": []}
    assert "No text was read off it." in mem("frame", "12", "--text").stdout


def test_a_frame_at_a_time_is_asked_for_in_utc(mem, api):
    body = pure(mem("frame", "2026-11-20 15:00:05", "--json"))
    assert body["frames"][0]["frame"]["id"] == 12
    (asked,) = api.requests("GET", "/api/frames")
    assert asked.query == {"at": ["2026-11-20T14:00:05Z"]}


def test_a_picture_is_written_in_the_format_of_the_suffix(mem, api, tmp_path):
    api.answers["GET /api/frames/12/image"] = picture()
    for name, kind in (("x.jpg", "JPEG"), ("x.png", "PNG"), ("x.webp", "WEBP")):
        result = mem("frame", "12", "-o", str(tmp_path / name))
        assert result.exit_code == 0, result.stderr
        with Image.open(tmp_path / name) as written:
            assert written.format == kind
    assert (tmp_path / "x.webp").read_bytes() == picture()


def test_a_picture_goes_to_stdout_and_into_a_folder(mem, api, tmp_path):
    api.answers["GET /api/frames/12/image"] = picture()
    assert mem("frame", "12", "-o", "-").stdout_bytes == picture()
    mem("frame", "12", "-o", str(tmp_path))
    assert (tmp_path / "frame-12.webp").exists()


def test_a_suffix_that_is_no_picture_is_refused(mem, api, tmp_path):
    result = mem("frame", "12", "-o", str(tmp_path / "x.doc"))
    assert result.exit_code == 2
    assert not api.asked


def test_a_file_that_cannot_be_written_is_one_line(mem, api, tmp_path):
    api.answers["GET /api/frames/12/image"] = picture()
    result = mem("frame", "12", "-o", str(tmp_path / "no" / "x.jpg"))
    assert result.exit_code == 1
    assert result.stderr.startswith("mem: ")
    assert "cannot be written" in result.stderr


def test_an_instant_that_nothing_shows_is_not_found(mem, api):
    api.answers["GET /api/frames"] = {"frames": []}
    result = mem("frame", "2026-11-20 15:00:05")
    assert result.exit_code == 1
    assert "2026-11-20 15:00:05 Europe/Berlin" in result.stderr


def test_two_sources_at_once_ask_for_a_choice(mem, api, tmp_path):
    two = [
        {"frame": samples.frame(), "span": samples.span()},
        {"frame": samples.frame(id=13, source_id=4), "span": samples.span(source_id=4)},
    ]
    api.answers["GET /api/frames"] = {"frames": two}
    api.answers["GET /api/sources/4"] = samples.source(id=4, name="other.mp4")
    result = mem("frame", samples.BEGAN, "-o", str(tmp_path / "x.jpg"))
    assert result.exit_code == 2
    assert "--source" in result.stderr
    assert not Path(tmp_path / "x.jpg").exists()


def test_a_transcript_is_printed_as_it_is(mem, api, tmp_path):
    api.answers["GET /api/sources/3/transcript.srt"] = b"1\n00:00:06,000 --> 00:00:09,000\nPay\xc3\xa9\n"
    result = mem("transcript", "evening.mp4", "--format", "srt")
    assert result.stdout == "1\n00:00:06,000 --> 00:00:09,000\nPayé\n"
    mem("transcript", "3", "-f", "srt", "-o", str(tmp_path / "x.srt"))
    assert (tmp_path / "x.srt").read_text() == result.stdout


def test_a_silent_recording_has_an_empty_transcript_and_says_why(mem, api):
    api.answers["GET /api/sources/3/transcript.txt"] = b""
    result = mem("transcript", "3")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing was said" in result.stderr


def test_what_a_file_says_cannot_steer_the_terminal(mem, api):
    evil = samples.segment(text="hello\x1b]0;owned\x07\u202eworld")
    api.answers["GET /api/timeline"] = samples.timeline(segments=[evil])
    said = mem("timeline").stdout
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "hello" in said
