"""A speech server that answers as OpenAI's does, on a real socket."""

import contextlib
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
        for byte in answer if self.server.pause else ():
            with contextlib.suppress(OSError):
                self.wfile.write(bytes([byte]))
            if self.server.ended.wait(self.server.pause):
                return
        if not self.server.pause:
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
    server.pause, server.ended = 0.0, threading.Event()  # seconds between two bytes
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.ended.set()
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
        (200, b'{"segments": ["a"]}'),
        (200, b'{"segments": 5}'),
        (200, b'{"words": [{"word": "a", "start": NaN, "end": 1}]}'),
        (200, b'{"a":' * 100_000),
        (200, b" " * 5_000_000),
        (307, b""),
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


def test_a_key_that_the_server_says_again_is_not_told(served):
    served.answer = (401, b"Incorrect key canary-51f0. Authorization: Bearer canary-51f0 is no good.")
    with pytest.raises(SpeechServerFailed) as told:
        remote.hear(at(served, "canary-51f0"), SOUND, WINDOW, 0)
    assert "canary" not in told.value.detail
    assert "Incorrect key" in told.value.detail


def test_a_password_in_its_address_is_not_told(served):
    served.answer = (500, b"out of order")
    server = remote.Server(f"http://ann:canary@127.0.0.1:{served.server_port}", "whisper-1", None, 5.0)
    with pytest.raises(SpeechServerFailed) as told:
        remote.hear(server, SOUND, WINDOW, 0)
    assert "canary" not in told.value.detail


def test_an_answer_that_comes_byte_by_byte_is_given_up(served):
    served.answer, served.pause = (200, b" " * 100), 0.1
    hasty = remote.Server(f"http://127.0.0.1:{served.server_port}", "whisper-1", None, 0.3)
    with pytest.raises(SpeechServerFailed, match="longer than"):
        remote.hear(hasty, SOUND, WINDOW, 0)
