"""A speech server that answers as OpenAI's does, on a real socket."""

import http.server
import json
import threading
from email import message_from_bytes
from email.policy import HTTP

import pytest

from mem.errors import SpeechServerFailed
from mem.speech import remote
from mem.speech.vad import Region
from mem.speech.windows import Window

RATE = 16_000
WINDOW = Window(
    (Region(0, 2 * RATE), Region(8 * RATE, 10 * RATE)), (Region(0, 2 * RATE), Region(8 * RATE, 10 * RATE))
)
SOUND = bytes(2 * WINDOW.length)
WORDS = [
    {"word": "Good", "start": 0.2, "end": 0.6},
    {"word": "morning.", "start": 0.7, "end": 1.5},
    {"word": "Bye.", "start": 2.5, "end": 3.0},
]


class _Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + body, policy=HTTP).iter_parts()
        self.server.asked.append(
            {
                "path": self.path,
                "key": self.headers["Authorization"],
                **{
                    part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                    for part in parts
                },
            }
        )
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def served():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    server.asked, server.answer = (
        [],
        (200, json.dumps({"language": "english", "text": "x", "words": WORDS}).encode()),
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(server, token=None):
    return remote.Server(f"http://127.0.0.1:{server.server_port}", "whisper-1", token, 5.0)


def test_words_come_back_where_they_were_said(served):
    first, last = remote.hear(at(served), SOUND, WINDOW, 60 * RATE)
    assert (first.text, first.language, first.start_ms) == ("Good morning.", "en", 60_200)
    assert (last.text, last.start_ms, last.end_ms) == ("Bye.", 68_500, 69_000)  # behind the pause


def test_it_is_asked_as_openai_is(served):
    remote.hear(at(served, "secret"), SOUND, WINDOW, 0, language="de", prompt="Grüße")
    (asked,) = served.asked
    assert asked["path"] == "/v1/audio/transcriptions"
    assert asked["key"] == "Bearer secret"
    assert (asked["model"], asked["language"], asked["prompt"]) == (b"whisper-1", b"de", "Grüße".encode())
    assert asked["file"][:4] == b"RIFF"
    assert len(asked["file"]) == len(SOUND) + 44


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "Good morning."},
        {"text": "", "segments": [{"start": 0.1, "end": 1.5, "text": " Good morning."}]},
    ],
)
def test_a_server_that_tells_no_words_is_understood(served, answer):
    served.answer = (200, json.dumps(answer).encode())
    assert " ".join(each.text for each in remote.hear(at(served), SOUND, WINDOW, 0)) == "Good morning."


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"out of order"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"words": [{"word": 1}]}'),
        (200, b"{}"),
    ],
)
def test_what_is_no_transcription_is_an_error(served, answer):
    served.answer = answer
    with pytest.raises(SpeechServerFailed):
        remote.hear(at(served), SOUND, WINDOW, 0)


def test_a_server_that_is_not_there_is_an_error(served):
    gone = remote.Server("http://127.0.0.1:1/v1", "whisper-1", None, 1.0)
    assert gone.address == "http://127.0.0.1:1/v1/audio/transcriptions"
    with pytest.raises(SpeechServerFailed, match="cannot be asked"):
        remote.hear(gone, SOUND, WINDOW, 0)
