"""What the made-up server says of frames at an instant, text on screen, notes, deletion and its own state."""

from typing import Any

from tests.ui.story import Json, Story


class System:
    """Answers that the made-up server's handler inherits."""

    server: Any
    query: dict[str, str]
    headers: Any

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        raise NotImplementedError

    def problem(self, status: int, code: str, detail: str, hint: str = "") -> None:
        raise NotImplementedError

    @property
    def story(self) -> Story:
        story: Story = self.server.story
        return story

    def frame_at(self) -> None:
        at, source = self.query["at"], self.query.get("source")
        found = [
            {"frame": self.story.frames[span["frame_id"]], "span": span}
            for span in self.story.spans
            if span["start"] <= at < span["end"] and (source is None or str(span["source_id"]) == source)
        ]
        self.json({"at": at, "frames": found})

    def frame_text(self, number: str) -> None:
        lines = [line for line in self.story.screen if line["frame_id"] == int(number)]
        self.json({"frame": self.story.frames[int(number)], "lines": lines})

    # notes

    def one_note(self, number: str) -> Json | None:
        found = next((note for note in self.story.notes if note["id"] == int(number)), None)
        if found is None:
            self.problem(404, "not_found", "There is no such note.")
        return found

    def tag(self, note: Json) -> str:
        return f'"{note["updated_at"]}{len(note["text"])}"'

    def read_note(self, number: str) -> None:
        if note := self.one_note(number):
            self.json(note, ETag=self.tag(note))

    def changed_meanwhile(self, note: Json) -> bool:
        wanted = self.headers.get("If-Match")
        if wanted in (None, self.tag(note)):
            return False
        self.problem(412, "note_changed", "The note was changed meanwhile.")
        return True

    def change_note(self, number: str, body: Json) -> None:
        note = self.one_note(number)
        if note and not self.changed_meanwhile(note):
            note.update(body, updated_at=note["updated_at"] + "+")
            self.json(note, ETag=self.tag(note))

    def drop_note(self, number: str) -> None:
        note = self.one_note(number)
        if note and not self.changed_meanwhile(note):
            self.story.notes.remove(note)
            self.json(None)

    # a line that was said

    def said(self, number: str) -> Json:
        return next(line for line in self.story.segments if line["id"] == int(number))

    def read_line(self, number: str) -> None:
        line = self.said(number)
        self.json({"heard": None} | line, ETag=f'"{line["text"]}"')

    def correct(self, number: str, body: Json) -> None:
        line = self.said(number)
        if self.headers.get("If-Match") != f'"{line["text"]}"':
            self.problem(412, "segment_changed", "The line was changed meanwhile.")
            return
        line.setdefault("heard", line["text"])
        line.update(text=body["text"] or line["heard"], words=[], edited_at=str(len(str(body))))
        if body["text"] is None:
            line["heard"] = None
        self.json(line, ETag=f'"{line["text"]}"')

    # letting go

    def delete(self, body: Json) -> None:
        low, high = body["from"], body["to"]
        inside = [span for span in self.story.spans if low <= span["start"] < high]
        said = [line for line in self.story.segments if low <= line["start"] < high]
        if body["dry_run"]:
            extent = dict.fromkeys(
                ("sources", "originals", "detached", "original_bytes", "uncovered_ms", "screen_texts"), 0
            )
            extent |= {"cut_sources": len({span["source_id"] for span in inside}), "frames": len(inside),
                       "spans": len(inside), "segments": len(said), "notes": 0,
                       "pack_bytes": 40_000 * len(inside)}  # fmt: skip
            self.json({**body, "extent": extent})
            return
        for row in inside:
            self.story.spans.remove(row)
        for row in said:
            self.story.segments.remove(row)
        self.receipt("1", state="running", status=202)

    def receipt(self, number: str, state: str = "done", status: int = 200) -> None:
        self.json({"id": int(number), "kind": "interval", "state": state, "asked": {}, "by": "owner",
                   "removed": {}, "freed_bytes": 1_200_000, "begun_at": "",
                   "finished_at": None}, status)  # fmt: skip

    def retention(self) -> None:
        self.json({
            "rules": [{"older_than_days": 365, "location": "Front door"}], "dry_run": True,
            "removed": {"365 days": {"sources": 2, "frames": 1200, "bytes": 48_000_000}}, "notes": 0,
            "freed_bytes": 48_000_000, "over_bytes": 0, "skipped": [], "last": None,
            "forecast": {"used_bytes": 1, "left_bytes": 1, "paces": []},
        })  # fmt: skip

    # state

    def capacity(self) -> None:
        self.json({
            "looked_days": 30.0, "recordings_per_day": 2.1, "hours_per_day": 6.4,
            "image_bytes_per_day": 180_000_000, "original_bytes_per_day": 2_900_000_000,
            "database_bytes_per_day": 120_000, "bytes_per_day": 3_080_120_000,
            "free_bytes": 412_000_000_000, "days_left": 133.7, "full_at": "2027-04-05T08:00:00.000Z",
        })  # fmt: skip

    def storage(self) -> None:
        days: dict[str, dict[str | None, Json]] = {}
        for source in self.story.sources.values():
            shares = days.setdefault(source["started_at"][:10], {})
            place = source["location"]
            empty = {"location": place, "device": None, "sources": 0, "image_bytes": 0, "original_bytes": 0}
            share = shares.setdefault(place, empty)
            share["sources"] += 1
            share["original_bytes"] += source["size"]
            share["image_bytes"] += source["size"] // 9
        asked = {name: self.query[name] for name in ("from", "to", "zone")}
        kept = [{"day": day, "shares": list(shares.values())} for day, shares in sorted(days.items())]
        self.json({**asked, "range_defaulted": False, "days": kept})

    # what is not to be seen

    def privacy(self) -> None:
        self.json({"paused": False, "since": None, "until": None, "by": None, "rules": 0, "mask": []}
                  | self.story.pause)  # fmt: skip

    def pause(self, body: Json) -> None:
        self.story.pause = {"paused": True, "since": "2026-11-20T12:00:00.000Z", "by": "owner", **body}
        self.privacy()

    def resume(self) -> None:
        self.story.pause = {}
        self.privacy()

    def redact(self, body: Json) -> None:
        spans = [span for span in self.story.spans if span["source_id"] == body["source"]
                 and span["start"] < body["to"] and span["end"] > body["from"]]  # fmt: skip
        if body["dry_run"]:
            self.json({**body, "sources": 1, "pictures": len(spans), "originals": 1, "detached": 0})
            return
        self.story.covered.append(body)
        for span in spans:
            self.story.frames[span["frame_id"]].update(look="covered", sha256="f" * 64)
        self.receipt("2", state="running", status=202)

    def tokens(self) -> None:
        self.json({"tokens": self.story.tokens})

    def make_token(self, body: Json) -> None:
        made = self.story.token(body["name"], body["scopes"])
        self.json({"token": made, "secret": "mem_a_secret_of_many_letters"}, 201)

    def end_token(self, which: str) -> None:
        ended = next(token for token in self.story.tokens if token["id"] == which)
        ended["revoked_at"] = "2026-11-20T13:00:00.000Z"
        self.json(ended)

    def session(self) -> None:
        self.json({"name": "local", "scopes": ["read", "write", "capture", "admin", "metrics"],
                   "limits": None, "signed_in": False, "required": False, "proved": True,
                   "provider": None})  # fmt: skip

    def watch(self) -> None:
        over = {"reason": "other", "why": "neither video nor sound", "files": 3, "examples": ["list.txt"]}
        self.json({
            "running": True, "settle_seconds": 10.0, "poll_seconds": 10.0, "after": "keep",
            "held_back": None, "recent": [], "folders": [
                {"path": "/home/maria/Recordings", "state": "watched",
                 "looked_at": "2026-11-20T12:00:00.000Z", "files": 41,
                 "taken": 37, "working": 1, "waiting": 0, "passed_over": [over]},
            ],
        })  # fmt: skip

    def sooner(self, number: str, body: Json) -> None:
        self.story.change(int(number), "queued", priority=body["priority"])
        self.json(self.story.jobs[int(number)], 202)

    def back_up(self, body: Json) -> None:
        self.story.backup = {"name": "b1", "made_at": "2026-11-20T12:00:00.000Z", "age_seconds": 60.0,
                             "checked_at": None, "good": None, "problem": None}  # fmt: skip
        self.chore("1", 202)

    def chore(self, number: str, status: int = 200) -> None:
        self.json({"id": int(number), "kind": "backup", "state": "done" if status == 200 else "running",
                   "progress": 0.5, "doing": "reading", "begun_at": "", "ended_at": None, "result": None,
                   "failure": None}, status)  # fmt: skip

    def status(self) -> None:
        story = self.story
        states = [job["state"] for job in story.jobs.values()]
        self.json({
            "status": "ok", "reasons": [], "version": "0.1.0", "uptime_seconds": 9300.0, "ready": True,
            "database": {"engine": "duckdb", "size_bytes": 13_400_000, "file_bytes": 13_400_000,
                         "used_bytes": 12_000_000, "free_bytes": 1_400_000, "wal_bytes": 0},
            "stored": {"image_bytes": 61_000_000_000, "original_bytes": 380_000_000_000, "originals": 210},
            "frames": {"kept": len(story.frames), "samples": 9 * len(story.frames), "dropped_share": 0.86},
            "sources": {"ready": len(story.sources) - 1, "partial": 1},
            "jobs": {state: states.count(state) for state in set(states)}, "oldest_queued_seconds": 41.0,
            "work": {"workers_silent_seconds": 0.1, "real_time_factor": 14.4, "index_behind": 0},
            "speech": {"model": "tiny.en", "origin": "package", "device": "cpu", "compute_type": "int8",
                       "note": "English only. Set whisper.model for other languages."},
            "screen": {"engine": "rapidocr", "version": "3.10.0", "note": ""},
            "disk": {"free_bytes": 412_000_000_000, "total_bytes": 994_000_000_000}, "disks": [],
            "backup": story.backup, "expected": [
                {"device": "camera", "location": "Front door", "folder": None, "every_minutes": 60.0,
                 "delivered_at": None, "newest_at": "2026-11-20T16:10:00.000Z", "late": False}],
            "doubtful_times": sum(s["time_confidence"] == "low" for s in story.sources.values()),
        })  # fmt: skip


ROUTES = [
    (r"/api/status", "GET", "status"),
    (r"/api/frames", "GET", "frame_at"),
    (r"/api/frames/(\d+)/text", "GET", "frame_text"),
    (r"/api/notes/(\d+)", "GET", "read_note"),
    (r"/api/notes/(\d+)", "PATCH", "change_note"),
    (r"/api/notes/(\d+)", "DELETE", "drop_note"),
    (r"/api/segments/(\d+)", "GET", "read_line"),
    (r"/api/segments/(\d+)", "PATCH", "correct"),
    (r"/api/delete", "POST", "delete"),
    (r"/api/receipts/(\d+)", "GET", "receipt"),
    (r"/api/retention", "GET", "retention"),
    (r"/api/capacity", "GET", "capacity"),
    (r"/api/storage", "GET", "storage"),
    (r"/api/privacy", "GET", "privacy"),
    (r"/api/privacy/pause", "POST", "pause"),
    (r"/api/privacy/resume", "POST", "resume"),
    (r"/api/redact", "POST", "redact"),
    (r"/api/tokens", "GET", "tokens"),
    (r"/api/tokens", "POST", "make_token"),
    (r"/api/tokens/(\w+)", "DELETE", "end_token"),
    (r"/api/session", "GET", "session"),
    (r"/api/watch", "GET", "watch"),
    (r"/api/backups", "POST", "back_up"),
    (r"/api/chores/(\d+)", "GET", "chore"),
    (r"/api/jobs/(\d+)/priority", "POST", "sooner"),
]
