"""A proxy before an S3 that does what a bad day does: errors, silence, and bodies that are cut or changed."""

import http.client
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy:
    """Passes requests on to an endpoint; each share is of requests that go wrong in that way."""

    def __init__(self, endpoint: str) -> None:
        self.there = urlsplit(endpoint).netloc
        self.errors = self.silent = self.cut = self.changed = 0.0
        self.seconds = 5.0  # of silence
        self.chance = random.Random(7)
        self.asked: list[tuple[str, str, str | None]] = []  # method, path, range
        self.wrong = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fate(self) -> str:
        """What becomes of a request."""
        drawn = self.chance.random()
        for name in ("errors", "silent", "cut", "changed"):
            drawn -= getattr(self, name)
            if drawn < 0:
                self.wrong += 1
                return name
        return "well"


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            proxy.asked.append((self.command, self.path, self.headers.get("range")))
            fate = proxy.fate()
            if fate == "errors":
                self.send_response(500 if proxy.chance.random() < 0.5 else 503)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            if fate == "silent":
                time.sleep(proxy.seconds)
                self.close_connection = True
                return
            there = http.client.HTTPConnection(proxy.there, timeout=30)
            there.request(self.command, self.path, body, dict(self.headers.items()))
            answer = there.getresponse()
            data = answer.read()
            there.close()
            self.send_response(answer.status)
            length = answer.getheader("content-length") if self.command == "HEAD" else str(len(data))
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("content-length", length or "0")
            self.end_headers()
            if fate == "changed" and len(data) > 100 and self.command == "GET":
                data = data[:50] + bytes([data[50] ^ 1]) + data[51:]
            if fate == "cut" and len(data) > 1:
                data, self.close_connection = data[: len(data) // 2], True
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the caller hung up
                self.close_connection = True

    return Handler
