"""Answers that can be cited: what the API says, cut to what matters, each fact with times and a link.

Times are UTC with a Z, intervals half-open. `page` opens the page at that instant, `picture` is the image.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from mem import types
from mem.assistant import Asker, Json
from mem.errors import BadTime, NaiveTime, NotFound
from mem.types import TextKind

AROUND_SECONDS = 30.0  # of an instant, that a moment tells of
MOST_SECONDS = 3600.0
_MOST_ROWS = 200


def search(
    ask: Asker,
    query: str,
    *,
    start: str | None,
    end: str | None,
    source_id: int | None,
    kinds: Sequence[TextKind],
    newest_first: bool,
    meaning: bool,
    limit: int,
) -> Json:
    """Moments in which the words were said, shown or noted."""
    found = ask.get(
        "/api/search",
        q=query,
        from_=_instant(start),
        to=_instant(end),
        source=source_id,
        kind=list(kinds),
        sort="time" if newest_first else "relevance",
        meaning=meaning,
        limit=limit,
    )
    return {
        "read_as": found["read_as"],
        "total_hits": found["total"],
        "hits_by_kind": found["counts_by_kind"],
        "hits_outside_range": found["outside_range"],
        "more": found["cursor"] is not None,
        "moments": [_moment(ask, one) for one in found["moments"]],
    }


def timeline(
    ask: Asker, start: str, end: str, *, source_id: int | None, cursor: str | None, limit: int
) -> Json:
    """What was on screen, said and noted in a range, in order of time, page by page."""
    told = _told(ask, _instant(start), _instant(end), source_id, limit, cursor=cursor)
    return {"start": told["from"], "end": told["to"], **_rows(ask, told), "cursor": told["cursor"]}


def moment(ask: Asker, at: str, *, source_id: int | None, seconds: float) -> Json:
    """What each recording showed at an instant, and what was said, noted and to be read around it."""
    instant = _parsed(at)
    around = timedelta(seconds=min(max(seconds, 0.001), MOST_SECONDS))
    shown = ask.get("/api/frames", at=instant, source=source_id)["frames"]
    told = _told(ask, instant - around, instant + around, source_id, _MOST_ROWS)
    rows = _rows(ask, told)
    return {
        "at": types.written(instant),
        "page": _page(ask, types.written(instant), source_id),
        "on_screen": [_frame(ask, one["frame"], one["span"]) for one in shown],
        "around": {"start": told["from"], "end": told["to"]},
        **{name: rows[name] for name in ("said", "text_on_screen", "notes", "sources")},
        "more": told["cursor"] is not None,
    }


def frame(ask: Asker, frame_id: int | None, at: str | None, source_id: int | None) -> Json:
    """A frame, by number or as what stood at an instant: when it stood and what is to be read on it.

    Raises NotFound where no frame stood then.
    """
    if frame_id is None:
        if at is None:
            raise NotFound("Say which frame: its number, or an instant.")
        shown = ask.get("/api/frames", at=_parsed(at), source=source_id)["frames"]
        if not shown:
            raise NotFound(f"No recording shows anything at {at}.", hint="timeline says what there is.")
        frame_id = int(shown[0]["frame"]["id"])
    one = ask.get(f"/api/frames/{frame_id}")
    lines = ask.get(f"/api/frames/{frame_id}/text")["lines"]
    return {
        **_frame(ask, one["frame"]),
        "stood": [{"start": span["start"], "end": span["end"]} for span in one["spans"]],
        "previous_frame_id": one["previous"],
        "next_frame_id": one["next"],
        "text_on_screen": [{"text": line["text"], "box": line["box"]} for line in lines],
    }


def transcript(ask: Asker, source_id: int, *, start: str | None, end: str | None, limit: int) -> Json:
    """What was said in a recording, in order of time; `next_start` says where to go on."""
    first, last = _instant(start), _instant(end)
    said = ask.get(f"/api/sources/{source_id}/transcript.json")
    chosen = [
        one
        for one in said["segments"]
        if (first is None or datetime.fromisoformat(one["end"]) > first)
        and (last is None or datetime.fromisoformat(one["start"]) < last)
    ]
    return {
        "source_id": source_id,
        "source": said["name"],
        "started_at": said["started_at"],
        "said": [_said(ask, {**one, "source_id": source_id}) for one in chosen[:limit]],
        "segments": len(chosen),
        "next_start": chosen[limit]["start"] if len(chosen) > limit else None,
    }


def sources(ask: Asker, *, cursor: str | None, limit: int) -> Json:
    """The recordings, the latest first."""
    found = ask.get("/api/sources", cursor=cursor, limit=limit)
    return {"sources": [_source(ask, one) for one in found["sources"]], "cursor": found["cursor"]}


def _told(
    ask: Asker,
    start: datetime | None,
    end: datetime | None,
    source_id: int | None,
    limit: int,
    cursor: str | None = None,
) -> Json:
    range_ = {} if cursor else {"from_": start, "to": end}
    return ask.get("/api/timeline", **range_, source=source_id, screen=True, limit=limit, cursor=cursor)


def _rows(ask: Asker, told: Json) -> Json:
    return {
        "on_screen": [_frame(ask, one["frame"], one) for one in told["spans"]],
        "said": [_said(ask, one) for one in told["segments"]],
        "text_on_screen": [_shown(ask, one) for one in told["screen"]],
        "notes": [_note(ask, one) for one in told["notes"]],
        "sources": {number: one["name"] for number, one in told["sources"].items()},
    }


def _moment(ask: Asker, one: Json) -> Json:
    return {
        "start": one["start"],
        "end": one["end"],
        "source_id": one["source_id"],
        "source": one["source_name"],
        "page": _page(ask, one["hits"][0]["start"], one["source_id"]),
        "frame_id": one["frame_id"],
        "picture": _picture(ask, one["frame_id"]),
        "hit_count": one["hit_count"],
        "hits": [_hit(ask, hit) for hit in one["hits"]],
    }


def _hit(ask: Asker, hit: Json) -> Json:
    kept = ("kind", "source_id", "start", "end", "text", "frame_id", "box")
    return {
        **{name: hit[name] for name in kept if hit[name] is not None},
        "page": _page(ask, hit["start"], hit["source_id"]),
    }


def _frame(ask: Asker, one: Json, stood: Json | None = None) -> Json:
    times = {} if stood is None else {"start": stood["start"], "end": stood["end"]}
    return {
        "frame_id": one["id"],
        "source_id": one["source_id"],
        "first_seen": one["first_seen"],
        **times,
        "width": one["width"],
        "height": one["height"],
        "page": _page(ask, one["first_seen"] if stood is None else stood["start"], one["source_id"]),
        "picture": _picture(ask, one["id"]),
    }


def _said(ask: Asker, one: Json) -> Json:
    kept = ("source_id", "start", "end", "text", "language", "confidence")
    return {
        **{name: one[name] for name in kept},
        "page": _page(ask, one["start"], one["source_id"]),
    }


def _shown(ask: Asker, one: Json) -> Json:
    kept = ("source_id", "frame_id", "start", "end", "text", "box", "confidence")
    return {
        **{name: one[name] for name in kept},
        "page": _page(ask, one["start"], one["source_id"]),
    }


def _note(ask: Asker, one: Json) -> Json:
    kept = ("id", "source_id", "start", "end", "text", "tags", "author", "type")
    return {
        **{name: one[name] for name in kept},
        "page": _page(ask, one["start"], one["source_id"]),
    }


def _source(ask: Asker, one: Json) -> Json:
    kept = (
        "id",
        "name",
        "location",
        "device",
        "started_at",
        "ended_at",
        "time_confidence",
        "time_evidence",
        "state",
    )
    return {
        **{name: one[name] for name in kept},
        "page": _page(ask, one["started_at"], one["id"]),
    }


def _page(ask: Asker, at: str, source_id: int | None) -> str:
    asked = {"at": at} | ({} if source_id is None else {"source": str(source_id)})
    return f"{ask.url}/?{urlencode(asked, safe=':')}"


def _picture(ask: Asker, frame_id: int | None) -> str | None:
    return None if frame_id is None else f"{ask.url}/api/frames/{frame_id}/image"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else _parsed(text)


def _parsed(text: str) -> datetime:
    """The instant that an ISO 8601 time with a zone means. Raises BadTime, NaiveTime."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.utcoffset() is None:
            raise NaiveTime(moment)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadTime(
            f"{text[:100]!r} is no time with a zone.", hint="Write it like 2026-11-20T14:05:00Z."
        ) from None
