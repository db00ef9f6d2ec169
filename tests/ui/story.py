"""A made-up afternoon with three lanes of recordings, in the shapes that the API answers with."""

import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw

Json = dict[str, Any]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FILM: Json = {"index": 0, "codec": "h264", "width": 960, "height": 540, "fps": 25.0, "rotation": 0,
              "interlaced": False}  # fmt: skip
SAID = (
    "So before we look at the numbers, is the crew ready on the other side?",
    "They are. The connection was checked this morning and it is stable.",
    "Good. Then let us start with the invoice from Northwind.",
    "It is due on Friday, and Maria has to sign it before noon.",
    "I will call her right after this, and move the red boxes to warehouse seven.",
    "Fine. Second point: the cameras at the loading dock.",
    "We saw two deliveries arrive at the same time on Tuesday.",
    "<img src=x onerror=window.ran=1> is what the label said, word for word.",
)


def stamp(moment: datetime) -> str:
    """The instant as the API writes it: milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The instant that the API's text says."""
    return datetime.fromisoformat(text)


class Story:
    """Sources, spans, segments, notes and jobs that agree with one another."""

    def __init__(self) -> None:
        self.sources: dict[int, Json] = {}
        self.frames: dict[int, Json] = {}
        self.spans: list[Json] = []
        self.segments: list[Json] = []
        self.screen: list[Json] = []
        self.notes: list[Json] = []
        self.tokens: list[Json] = []
        self.backup: Json | None = None
        self.pause: Json = {}  # as /api/privacy says it, while there is one
        self.covered: list[Json] = []  # what was asked to be covered
        self.jobs: dict[int, Json] = {}
        self.events: list[Json] = []
        self.stills: dict[str, list[Image.Image]] = {}  # by look: pictures in place of drawn ones
        self.dice = random.Random(7)

    def record(
        self,
        name: str,
        begin: float,
        minutes: float,
        *,
        look: str,
        every: float,
        talk: float = 0.0,
        **more: Any,
    ) -> int:
        """Add a recording that began `begin` minutes after noon; returns its id."""
        number = len(self.sources) + 1
        film = None if name.endswith("m4a") else FILM
        start, length = NOON + timedelta(minutes=begin), timedelta(minutes=minutes)
        self.sources[number] = {
            "id": number, "kind": "file", "name": name, "location": None, "device": None,
            "content_hash": f"{number:064x}", "size": int(minutes * 9_000_000), "path": None,
            "original": "original.mp4", "folder": f"sources/2026/11/20/{number}",
            "started_at": stamp(start), "ended_at": stamp(start + length), "time_source": "filename",
            "time_confidence": "high", "time_evidence": name,
            "media": {"container": "mp4", "size": 1, "duration_ms": int(minutes * 60_000), "video": film,
                      "audio": None, "tags": {}},
            "state": "ready", "added_at": stamp(start + length), **more,
        }  # fmt: skip
        self._show(number, start, start + length, every, look)
        if talk:
            self._talk(number, start, start + length, talk)
        return number

    def _show(self, source: int, start: datetime, end: datetime, every: float, look: str) -> None:
        at = start
        while at < end:
            until = min(end, at + timedelta(seconds=every * self.dice.uniform(0.5, 1.5) // 5 * 5 + 5))
            frame = len(self.frames) + 1
            self.frames[frame] = {
                "id": frame, "source_id": source, "first_seen": stamp(at), "width": 960, "height": 540,
                "format": "webp", "colour": {"road": "#6d6d6b", "desk": "#d9d9d9", "talk": "#0b1230"}[look],
                "pack": "frames-000001.tar", "offset": 512, "length": 1, "thumb_offset": 0,
                "thumb_length": 1, "sha256": f"{frame:064x}", "look": look,
            }  # fmt: skip
            self.spans.append({"source_id": source, "frame_id": frame, "start": stamp(at),
                               "end": stamp(until), "samples": 3})  # fmt: skip
            if look == "desk":
                self._read(frame, at, until)
            at = until

    def _read(self, frame: int, start: datetime, end: datetime) -> None:
        """A heading that stands on the frame, where its picture has the first line."""
        self.screen.append({
            "id": len(self.screen) + 1, "source_id": self.frames[frame]["source_id"], "frame_id": frame,
            "start": stamp(start), "end": stamp(end), "text": f"Invoice 2026-{1000 + frame}",
            "confidence": 0.93, "engine": "rapidocr", "box": {"x": 220, "y": 20, "width": 300, "height": 28},
        })  # fmt: skip

    def _talk(self, source: int, start: datetime, end: datetime, pause: float) -> None:
        at, turn = start + timedelta(seconds=3), 0
        while at + timedelta(seconds=9) < end:
            text = SAID[turn % len(SAID)]
            each = timedelta(milliseconds=320)
            words = [
                {
                    "start": stamp(at + each * i),
                    "end": stamp(at + each * (i + 1)),
                    "text": f" {w}",
                    "probability": 0.9,
                }
                for i, w in enumerate(text.split())
            ]
            self.segments.append({
                "id": len(self.segments) + 1, "source_id": source, "start": stamp(at),
                "end": words[-1]["end"], "text": text, "language": "en", "confidence": 0.8,
                "model": "tiny.en", "words": words,
            })  # fmt: skip
            turn += 1
            rest = self.dice.uniform(1, 4) if turn % len(SAID) else pause
            at = moment(words[-1]["end"]) + timedelta(seconds=rest)

    def note(self, source: int | None, minute: float, text: str, *tags: str) -> None:
        """Add a note at `minute` after noon."""
        at = stamp(NOON + timedelta(minutes=minute))
        self.notes.append({"id": len(self.notes) + 1, "source_id": source, "start": at, "end": at,
                           "text": text, "tags": list(tags), "author": "person",
                           "created_at": at, "updated_at": at})  # fmt: skip

    def token(self, name: str, scopes: list[str]) -> Json:
        """Add a token that does not end."""
        self.tokens.append({
            "id": f"t{len(self.tokens) + 1}", "kind": "token", "name": name, "scopes": scopes, "limits": None,
            "parent": None, "created_at": stamp(NOON), "expires_at": None, "last_used_at": None,
            "revoked_at": None,
        })  # fmt: skip
        return self.tokens[-1]

    def job(self, name: str, state: str, **more: Any) -> Json:
        """Add a capture job."""
        number = len(self.jobs) + 1
        now = datetime.now(UTC)
        self.jobs[number] = {
            "id": number, "kind": "capture", "source_id": None,
            "params": {"path": f"uploads/{number}.mp4", "started_at": None, "location": None,
                       "device": None, "name": name, "upload": True},
            "state": state, "priority": 5, "attempt": 1, "max_attempts": 3, "stage": None, "progress": 0.0,
            "cancel_requested": False, "error_code": None, "error_detail": None, "result": None,
            "not_before": stamp(now), "lease_owner": None, "lease_until": None, "fence": 1,
            "created_at": stamp(now), "started_at": None, "finished_at": None, **more,
        }  # fmt: skip
        return self.jobs[number]

    def change(self, number: int, type_: str, **fields: Any) -> None:
        """Change a job and tell the listeners."""
        self.jobs[number].update(fields)
        data = {name: fields[name] for name in ("stage", "progress") if name in fields}
        event = {"id": len(self.events) + 1, "job_id": number, "at": stamp(datetime.now(UTC))}
        self.events.append(event | {"type": type_, "data": data})


def afternoon() -> Story:
    """Three lanes, nine recordings, two of doubtful time, and a handful of jobs."""
    story = Story()
    story.record("front-door-1300.mp4", 0, 250, look="road", every=40, location="Front door", device="camera")
    story.record("desk-1.mkv", 6, 120, look="desk", every=60, talk=900, location="Desk", device="screen")
    story.record("desk-2.mkv", 156, 78, look="desk", every=60, talk=700, location="Desk", device="screen")
    talks = {"look": "talk", "every": 20, "talk": 20, "location": "Meetings", "device": "recordings"}
    story.record("kick-off.mp4", 60, 48, **talks)
    doubt = {"time_confidence": "low", "time_source": "mtime", "time_evidence": "2026-11-20T15:54:00Z"}
    story.record("review.mp4", 186, 48, **talks, **doubt)
    story.record(
        "front-door-thursday.mp4", -1440, 200, look="road", every=60, location="Front door", device="camera"
    )
    story.record("voice memo.m4a", 118, 6, look="desk", every=600, talk=5, **doubt)
    story.record("stand-up.mp4", -4300, 12, **talks)
    story.record("half a lecture.mp4", -8000, 40, look="talk", every=30, talk=9, state="partial")
    story.note(4, 65.3, "Ask Maria about the signature.", "follow-up")
    story.note(None, 144, "Power was out for a minute.")
    at = datetime.now(UTC) - timedelta(minutes=3)
    story.job("retro.mp4", "running", stage="see", progress=0.64, started_at=stamp(at))
    story.job("dock-07.mp4", "queued")
    story.job("notes.txt.mp4", "failed", error_code="not_media",
              error_detail="The file is not a video or audio recording that Mem can read.")  # fmt: skip
    story.job("half a lecture.mp4", "partial", source_id=9, progress=1.0, error_code="cut_off",
              error_detail="The recording ends in the middle; 40 minutes could be read.",
              started_at=stamp(at), finished_at=stamp(at + timedelta(seconds=90)))  # fmt: skip
    story.job("kick-off.mp4", "done", source_id=4, progress=1.0, started_at=stamp(at),
              finished_at=stamp(at + timedelta(seconds=200)), stage="index", result={
                  "known": False, "source_id": 4, "samples": 576, "frames": 144, "dropped_share": 0.75,
                  "speech_seconds": 1310.0, "segments": 370, "words": 4203, "bytes": 6_100_000,
                  "media_seconds": 2880.0, "wall_seconds": 200.0, "realtime_factor": 14.4,
                  "model": "tiny.en", "warnings": []})  # fmt: skip
    return story


def picture(story: Story, frame: Json, width: int) -> bytes:
    """A scene for the frame, as WebP."""
    stills = story.stills.get(frame["look"])
    image = stills[frame["id"] % len(stills)] if stills else drawn(frame)
    if width < image.width:
        image = image.resize((width, width * image.height // image.width))
    held = io.BytesIO()
    image.save(held, "WEBP", quality=70, method=0)
    return held.getvalue()


def drawn(frame: Json) -> Image.Image:
    """A scene that follows from the frame's id."""
    w, h = 960, 540
    if frame["look"] == "covered":
        return Image.new("RGB", (w, h), "black")
    image = Image.new("RGB", (w, h), frame["colour"])
    draw, dice = ImageDraw.Draw(image), random.Random(frame["id"])
    if frame["look"] == "road":
        draw.polygon([(380, 0), (580, 0), (900, h), (60, h)], fill="#5b5b5a")
        draw.line([(480, 0), (480, h)], fill="#8a8a84", width=6)
        for _ in range(dice.randint(0, 2)):
            x, y = dice.randint(200, 700), dice.randint(80, 420)
            draw.rounded_rectangle(
                (x, y, x + 70, y + 110), 16, fill=dice.choice(["#e8e8e6", "#b23a38", "#23282e"])
            )
    elif frame["look"] == "desk":
        draw.rectangle((160, 0, 800, h), fill="#ffffff")
        draw.text((220, 18), f"Invoice 2026-{1000 + frame['id']}", fill="#202428", font_size=28)
        for line in range(14):
            draw.rectangle((220, 60 + line * 30, dice.randint(420, 740), 70 + line * 30), fill="#9aa0a6")
        draw.rectangle((220, 200, 460, 340), fill=dice.choice(["#7f9bb5", "#b59b7f", "#84a98c"]))
    else:
        for _ in range(60):
            x, y = dice.gauss(560, 60), dice.gauss(230, 70)
            draw.rectangle((x, y, x + 26, y + 26), fill=dice.choice(["#a9743f", "#8a5b30", "#c08a4e"]))
        x = 330 + dice.randint(-40, 40)
        draw.rectangle((x, 260, x + 46, 340), fill="#d8402f")
    return image
