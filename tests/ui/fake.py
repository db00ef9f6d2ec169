"""A server with a made-up memory, so that the page can be tried without capturing anything."""

import base64
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ui import fake_system
from tests.ui.story import Json, Story, moment, picture, stamp

WEB = Path(__file__).resolve().parents[2] / "src" / "mem" / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Fake(ThreadingHTTPServer):
    """The server and what it knows; tests change `story` and `down` while it runs."""

    daemon_threads = True

    def __init__(self, story: Story, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.story = story
        self.down = False
        self.uploads: list[tuple[str, int]] = []  # names and sizes of what was begun
        self.partial: dict[str, Json] = {}  # uploads by id: name, size, bytes that came, what became of it
        self.cut_at: int | None = None  # bytes after which a connection breaks, once
        self.slowness = 0.0  # seconds before each 64 KiB of an upload is read
        self.full = False  # the disk
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that went elsewhere before its answer came."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(story: Story, port: int = 0) -> Iterator[Fake]:
    """The fake, listening on a free port."""
    server = Fake(story, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.down = True
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(fake_system.System, BaseHTTPRequestHandler):
    """Answers as the API does, from the story."""

    server: Fake
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_PATCH(self) -> None:
        self.answer("PATCH")

    def do_DELETE(self) -> None:
        self.answer("DELETE")

    def answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        size = int(self.headers.get("Content-Length") or 0)
        if self.server.down:
            self.close_connection = True
            return
        if parts.path == "/" or parts.path.startswith("/web/"):
            self.file(WEB / (parts.path.removeprefix("/web/").strip("/") or "index.html"))
            return
        for pattern, verb, name in ROUTES:
            found = re.fullmatch(pattern, parts.path)
            if found and verb == method:
                body = b"" if name == "piece" else self.rfile.read(size)
                getattr(self, name)(*found.groups(), **({"body": json.loads(body)} if body else {}))
                return
        self.problem(404, "not_found", "There is nothing by that name.")

    # answers

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(value).encode(), "application/json", **headers)

    def problem(self, status: int, code: str, detail: str, hint: str = "") -> None:
        self.send(status, json.dumps({
            "type": "about:blank", "title": code, "status": status, "detail": detail, "hint": hint,
            "code": code, "request_id": "r1", "instance": self.path,
        }).encode(), "application/problem+json")  # fmt: skip

    def file(self, path: Path) -> None:
        if not path.is_file():
            self.problem(404, "not_found", "There is nothing by that name.")
            return
        self.send(200, path.read_bytes(), TYPES[path.suffix], Cache_Control="no-cache")

    # what was recorded

    def range(self, rows: list[Json]) -> list[Json]:
        start, end = self.query["from"], self.query["to"]
        source = self.query.get("source")
        return [
            row for row in rows
            if row["start"] < end and max(row["end"], row["start"] + "0") > start
            and (source is None or str(row["source_id"]) == source)
        ]  # fmt: skip

    def sources(self) -> None:
        rows = sorted(self.server.story.sources.values(), key=lambda s: s["started_at"], reverse=True)
        self.json({"sources": rows, "cursor": None})

    def source(self, number: str) -> None:
        self.json(self.server.story.sources[int(number)])

    def redate(self, number: str, body: Json) -> None:
        story = self.server.story
        source = story.sources[int(number)]
        if "started_at" in body:
            delta = moment(body["started_at"]) - moment(source["started_at"])
            for row in [r for r in story.spans + story.segments if r["source_id"] == int(number)]:
                for part in [row, *row.get("words", ())]:
                    part.update({k: stamp(moment(part[k]) + delta) for k in ("start", "end")})
            source["ended_at"] = stamp(moment(source["ended_at"]) + delta)
            source.update(time_source="caller", time_confidence="high", time_evidence=body["started_at"])
        self.json(source | body)
        source.update(body)

    def remove(self, number: str) -> None:
        story = self.server.story
        del story.sources[int(number)]
        for name in ("spans", "segments", "notes"):
            setattr(story, name, [row for row in getattr(story, name) if row["source_id"] != int(number)])
        self.json({"removed": {"sources": 1}, "freed_bytes": 1})

    def note(self, body: Json) -> None:
        notes, at = self.server.story.notes, body["start"]
        made = {"id": len(notes) + 1, "end": at, "author": "owner", "created_at": at, "updated_at": at}
        notes.append(made | body)
        self.json(notes[-1], 201)

    def timeline(self) -> None:
        story, limit = self.server.story, int(self.query.get("limit", "100"))
        spans = sorted(self.range(story.spans), key=lambda s: (s["start"], s["source_id"]))
        first = int(self.query.get("cursor", "0"))
        page, more = spans[first : first + limit], len(spans) > first + limit
        wanted = {s["source_id"] for s in page}
        self.json({
            "from": self.query["from"], "to": self.query["to"], "range_defaulted": False,
            "spans": [s | {"frame": story.frames[s["frame_id"]]} for s in page],
            "segments": [] if first else self.range(story.segments),
            "notes": [] if first else self.range(story.notes),
            "screen": self.range(story.screen) if self.query.get("screen") == "true" and not first else [],
            "continues": {}, "sources": {str(n): story.sources[n] for n in wanted},
            "cursor": str(first + limit) if more else None,
        })  # fmt: skip

    def density(self) -> None:
        start, end = moment(self.query["from"]), moment(self.query["to"])
        count = int(self.query.get("buckets", "100"))
        step = (end - start) / count
        buckets = []
        for index in range(count):
            low, high = stamp(start + step * index), stamp(start + step * (index + 1))
            found = {
                name: sum(low <= row["start"] < high for row in getattr(self.server.story, rows))
                for name, rows in (("frames", "spans"), ("segments", "segments"), ("notes", "notes"))
            }
            if any(found.values()):
                buckets.append({"start": low, **found})
        self.json({"from": self.query["from"], "to": self.query["to"],
                   "bucket_seconds": step.total_seconds(), "buckets": buckets})  # fmt: skip

    def image(self, number: str) -> None:
        frame = self.server.story.frames[int(number)]
        body = picture(self.server.story, frame, int(self.query.get("width", "960")))
        self.send(200, body, "image/webp", Cache_Control="public, max-age=31536000, immutable")

    def search(self) -> None:
        story, words = self.server.story, self.query["q"].lower().split()
        found = [s for s in story.segments if all(w in s["text"].lower() for w in words)]
        found.sort(key=lambda s: s["start"], reverse=True)
        low, high = self.query.get("from", ""), self.query.get("to", "9")
        inside = [s for s in found if low <= s["start"] < high]
        if "source" in self.query:
            inside = [s for s in inside if str(s["source_id"]) == self.query["source"]]
        counts: dict[str, int] = {}
        for segment in inside:
            counts[str(segment["source_id"])] = counts.get(str(segment["source_id"]), 0) + 1
        limit = int(self.query.get("limit", "20"))
        first = int(self.query.get("cursor", "0"))
        self.json({
            "moments": [self.moment(s, words) for s in inside[first : first + limit]],
            "cursor": str(first + limit) if len(inside) > first + limit else None,
            "total": len(inside), "counts_by_kind": {"speech": len(inside)}, "counts_by_source": counts,
            "outside_range": len(found) - len(inside), "read_as": " ".join(words), "sources": {},
        })  # fmt: skip

    def moment(self, segment: Json, words: list[str]) -> Json:
        story, text = self.server.story, segment["text"].lower()
        marks = [[m.start(), m.end()] for w in words for m in re.finditer(re.escape(w), text)]
        span = next(s for s in story.spans if s["source_id"] == segment["source_id"]
                    and s["start"] <= segment["start"] < s["end"])  # fmt: skip
        return {
            "source_id": segment["source_id"], "source_name": story.sources[segment["source_id"]]["name"],
            "start": segment["start"], "end": segment["end"], "frame_id": span["frame_id"],
            "frame_at": span["start"], "score": 1.0, "hit_count": 1,
            "hits": [{"kind": "speech", "id": segment["id"], "start": segment["start"],
                      "end": segment["end"], "text": segment["text"], "highlights": sorted(marks)}],
        }  # fmt: skip

    # work and state

    def jobs(self) -> None:
        rows = sorted(self.server.story.jobs.values(), key=lambda j: j["id"], reverse=True)
        self.json({"jobs": rows, "cursor": None})

    def job(self, number: str) -> None:
        self.json(self.server.story.jobs[int(number)])

    def cancel(self, number: str) -> None:
        self.server.story.change(int(number), "cancelled", state="cancelled", cancel_requested=True)
        self.json(self.server.story.jobs[int(number)], 202)

    def retry(self, number: str, body: Json | None = None) -> None:
        self.server.story.change(
            int(number), "queued", state="queued", cancel_requested=False, error_code=None, error_detail=None
        )
        self.json(self.server.story.jobs[int(number)], 202)

    # uploads, in pieces

    def begin(self) -> None:
        facts = dict(pair.split(" ") for pair in self.headers["Upload-Metadata"].split(","))
        name, size = base64.b64decode(facts["filename"]).decode(), int(self.headers["Upload-Length"])
        if name.endswith(".txt"):
            detail = "The file is not a video or audio recording that Mem can read."
            self.problem(415, "not_media", detail, "Mem reads MP4, MOV and Matroska.")
            return
        if self.server.full:
            detail = "The disk has 1.2 GB left, of which 2 GB are kept free."
            self.problem(507, "disk_full", detail, "Make room, or lower storage.min_free_bytes.")
            return
        self.server.uploads.append((name, size))
        number = str(len(self.server.uploads))
        self.server.partial[number] = {"name": name, "size": size, "content": bytearray(), "became": {}}
        self.send(201, b"", "text/plain", Location=f"/api/uploads/{number}", **self.reached(number))

    def reached(self, number: str) -> dict[str, str]:
        upload = self.server.partial[number]
        return {"Tus_Resumable": "1.0.0", "Upload_Offset": str(len(upload["content"]))} | upload["became"]

    def how_far(self, number: str) -> None:
        if number not in self.server.partial:
            self.problem(404, "not_found", "There is no such upload.")
            return
        self.send(200, b"", "text/plain", **self.reached(number))

    def drop(self, number: str) -> None:
        del self.server.partial[number]
        self.send(204, b"", "text/plain")

    def piece(self, number: str) -> None:
        upload, left = self.server.partial[number], int(self.headers["Content-Length"])
        if int(self.headers["Upload-Offset"]) != len(upload["content"]):
            self.rfile.read(left)
            self.problem(409, "offset_mismatch", "The piece does not begin where the upload ends.")
            return
        while left:
            time.sleep(self.server.slowness)
            block = self.rfile.read(min(left, 65536))
            if not block or self.server.down:
                self.close_connection = True
                return
            upload["content"] += block
            left -= len(block)
            if self.server.cut_at is not None and len(upload["content"]) >= self.server.cut_at:
                self.server.cut_at, self.close_connection = None, True
                return
        self.whole(upload)
        self.send(204, b"", "text/plain", **self.reached(number))

    def whole(self, upload: Json) -> None:
        if known := [s for s in self.server.story.sources.values() if s["name"] == upload["name"]]:
            upload["became"] = {"Mem_Source": f"/api/sources/{known[0]['id']}"}
            return
        job = self.server.story.job(upload["name"], "queued")
        self.server.story.change(job["id"], "queued")
        upload["became"] = {"Mem_Job": f"/api/jobs/{job['id']}"}

    def follow(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        at = int(self.headers.get("Last-Event-ID") or len(self.server.story.events))
        self.wfile.write(b": hello\n\n")
        while not self.server.down:
            for event in self.server.story.events[at:]:
                text = f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
                self.wfile.write(text.encode())
                at += 1
            time.sleep(0.05)

    def health(self) -> None:
        self.json({"status": "ok"})


ROUTES = [
    (r"/healthz", "GET", "health"),
    *fake_system.ROUTES,
    (r"/api/sources", "GET", "sources"),
    (r"/api/sources/(\d+)", "GET", "source"),
    (r"/api/sources/(\d+)", "PATCH", "redate"),
    (r"/api/sources/(\d+)", "DELETE", "remove"),
    (r"/api/notes", "POST", "note"),
    (r"/api/timeline", "GET", "timeline"),
    (r"/api/timeline/density", "GET", "density"),
    (r"/api/frames/(\d+)/image", "GET", "image"),
    (r"/api/search", "GET", "search"),
    (r"/api/jobs", "GET", "jobs"),
    (r"/api/jobs/(\d+)", "GET", "job"),
    (r"/api/jobs/(\d+)/cancel", "POST", "cancel"),
    (r"/api/jobs/(\d+)/retry", "POST", "retry"),
    (r"/api/uploads", "POST", "begin"),
    (r"/api/uploads/(\d+)", "HEAD", "how_far"),
    (r"/api/uploads/(\d+)", "PATCH", "piece"),
    (r"/api/uploads/(\d+)", "DELETE", "drop"),
    (r"/api/events", "GET", "follow"),
]

if __name__ == "__main__":
    from tests.ui.story import afternoon

    with serving(afternoon(), 8123) as server:
        began = datetime.now(UTC)
        while True:
            time.sleep(1)
            job = server.story.jobs[1]
            passed = (datetime.now(UTC) - began) / timedelta(minutes=4)
            server.story.change(1, "progress", stage="see", progress=min(0.99, 0.5 + passed / 2))
