"""What each route asks of its caller. A route that is not written down here is refused to everybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from starlette.routing import compile_path

from mem.types import TokenScope

Limitable = Literal["no", "sources", "yes"]
Kind = Literal["read", "search", "write", "free"]
Place = Literal["upload", "stream", "question"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one route asks."""

    scopes: frozenset[TokenScope] = frozenset()  # all of them; none: anybody may ask
    limited: Limitable = "no"  # whether a token with limits may: never, limited to sources only, or always
    kind: Kind = "read"  # which rate it counts against
    place: Place | None = None  # what it takes up while it lasts
    proved: bool = False  # being on this machine is not enough
    noted: bool = True  # in the log of who read, wrote and deleted


@dataclass(frozen=True, slots=True)
class Found:
    """The entry for a request, and what stands in its address."""

    route: str
    need: Need | None  # None: another method of a known address
    target: Mapping[str, str] = field(default_factory=dict)


def _of(*scopes: TokenScope) -> frozenset[TokenScope]:
    return frozenset(scopes)


_ANYBODY = Need(noted=False, limited="yes", kind="free")
_READ = Need(scopes=_of("read"), limited="yes")
_LOOK = Need(scopes=_of("read"), limited="yes", place="question")
_SEEN = Need(scopes=_of("read"), noted=False)  # tells how the memory is, not what is in it
_JOBS = Need(scopes=_of("read"), limited="sources", noted=False)
_WRITE = Need(scopes=_of("write"), kind="write")
_NOTE = Need(scopes=_of("write"), kind="write", limited="yes")
_CHANGE_NOTE = Need(scopes=_of("read", "write"), kind="write", limited="yes")
_CHANGE = Need(scopes=_of("read", "write"), kind="write")
_CAPTURE = Need(scopes=_of("capture"), kind="write")
_PIECE = Need(scopes=_of("capture"), kind="read", noted=False)
_UPLOAD = Need(scopes=_of("capture"), kind="write", place="upload")
_ADMIN = Need(scopes=_of("admin"), kind="write")
_KEYS = Need(scopes=_of("admin"), kind="write", proved=True)

TABLE: Mapping[tuple[str, str], Need] = {
    ("GET", "/"): _ANYBODY,
    ("GET", "/web/{path:path}"): _ANYBODY,
    ("GET", "/healthz"): _ANYBODY,
    ("GET", "/readyz"): _ANYBODY,
    ("GET", "/openapi.json"): Need(scopes=_of("read"), limited="yes", noted=False),
    ("GET", "/docs"): Need(scopes=_of("read"), limited="yes", noted=False),
    ("GET", "/metrics"): Need(scopes=_of("metrics"), noted=False),
    # What a tool asks is asked anew as a request of its caller, which these only carry.
    ("POST", "/mcp"): Need(scopes=_of("read"), limited="yes", noted=False),
    ("GET", "/api/status"): _SEEN,
    ("GET", "/api/session"): _ANYBODY,
    ("POST", "/api/session"): Need(kind="write", limited="yes"),
    ("DELETE", "/api/session"): Need(kind="write", limited="yes"),
    ("POST", "/api/session/link"): _KEYS,
    ("POST", "/api/session/provider"): Need(kind="write", limited="yes"),
    ("POST", "/api/session/provider/return"): Need(kind="write", limited="yes"),
    ("GET", "/oidc"): _ANYBODY,
    ("GET", "/api/tokens"): Need(scopes=_of("admin"), proved=True, noted=False),
    ("POST", "/api/tokens"): _KEYS,
    ("POST", "/api/tokens/forget"): _KEYS,
    ("POST", "/api/tokens/{which}/rotate"): _KEYS,
    ("DELETE", "/api/tokens/{which}"): _KEYS,
    ("POST", "/api/maintenance"): _ADMIN,
    ("GET", "/api/capacity"): _SEEN,
    ("GET", "/api/storage"): _SEEN,
    ("GET", "/api/support"): _ADMIN,
    ("GET", "/api/backups"): Need(scopes=_of("admin"), noted=False),
    ("POST", "/api/backups"): _KEYS,
    ("POST", "/api/backups/verify"): _ADMIN,
    ("POST", "/api/backups/prune"): _KEYS,
    ("GET", "/api/chores/{id}"): Need(scopes=_of("admin"), noted=False),
    ("GET", "/api/database"): Need(scopes=_of("admin"), noted=False),
    ("POST", "/api/database/check"): _ADMIN,
    ("POST", "/api/database/compact"): _ADMIN,
    ("POST", "/api/database/reels"): _ADMIN,
    ("POST", "/api/database/sql"): _KEYS,
    ("GET", "/api/audit"): Need(scopes=_of("admin"), proved=True, noted=False),
    ("POST", "/api/capture"): _CAPTURE,
    ("POST", "/api/capture/plan"): _CAPTURE,
    ("POST", "/api/upload"): _UPLOAD,
    ("OPTIONS", "/api/uploads"): _PIECE,
    ("POST", "/api/uploads"): _UPLOAD,
    ("OPTIONS", "/api/uploads/{id}"): _PIECE,
    ("GET", "/api/uploads/{id}"): _PIECE,
    ("PATCH", "/api/uploads/{id}"): _UPLOAD,
    ("POST", "/api/uploads/{id}"): _UPLOAD,
    ("DELETE", "/api/uploads/{id}"): _CAPTURE,
    ("GET", "/api/watch"): _SEEN,
    ("POST", "/api/watch"): _CAPTURE,
    ("GET", "/api/jobs"): _JOBS,
    ("GET", "/api/jobs/{id}"): _JOBS,
    ("POST", "/api/jobs/{id}/cancel"): _CHANGE,
    ("POST", "/api/jobs/{id}/retry"): _CHANGE,
    ("GET", "/api/jobs/{id}/events"): Need(
        scopes=_of("read"), limited="sources", place="stream", noted=False
    ),
    ("GET", "/api/events"): Need(scopes=_of("read"), limited="sources", place="stream", noted=False),
    ("GET", "/api/sources"): _READ,
    ("GET", "/api/sources/{id}"): _READ,
    ("PATCH", "/api/sources/{id}"): _CHANGE,
    ("DELETE", "/api/sources/{id}"): _ADMIN,
    ("GET", "/api/sources/{id}/transcript.{form}"): _READ,
    ("GET", "/api/sources/{id}/video"): _READ,
    ("GET", "/api/timeline"): _LOOK,
    ("GET", "/api/timeline/density"): _LOOK,
    ("GET", "/api/frames"): _LOOK,
    ("GET", "/api/frames/{id}"): _READ,
    ("GET", "/api/frames/{id}/image"): _READ,
    ("GET", "/api/frames/{id}/text"): _READ,
    ("GET", "/api/search"): Need(scopes=_of("read"), limited="yes", kind="search", place="question"),
    ("GET", "/api/notes"): _READ,
    ("POST", "/api/notes"): _NOTE,
    ("POST", "/api/notes/batch"): _NOTE,
    ("GET", "/api/notes/{id}"): _READ,
    ("PATCH", "/api/notes/{id}"): _CHANGE_NOTE,
    ("DELETE", "/api/notes/{id}"): _NOTE,
    ("POST", "/api/delete"): _ADMIN,
    ("POST", "/api/redact"): _ADMIN,
    ("GET", "/api/privacy"): _SEEN,
    ("POST", "/api/privacy/pause"): _WRITE,
    ("POST", "/api/privacy/resume"): _WRITE,
    ("GET", "/api/receipts"): _SEEN,
    ("GET", "/api/receipts/{id}"): _SEEN,
    ("GET", "/api/retention"): _SEEN,
    ("POST", "/api/retention"): _ADMIN,
    ("GET", "/api/pins"): _SEEN,
    ("POST", "/api/pins"): _CHANGE,
    ("GET", "/api/pins/{id}"): _SEEN,
    ("DELETE", "/api/pins/{id}"): _ADMIN,
    ("GET", "/api/export"): Need(scopes=_of("read"), place="stream"),
    ("POST", "/api/jobs/{id}/priority"): _CHANGE,
    ("POST", "/api/jobs/retry"): _CHANGE,
    ("POST", "/api/sources/{id}/rerun"): _CAPTURE,
    ("GET", "/api/segments"): _READ,
    ("GET", "/api/segments/{id}"): _READ,
    ("PATCH", "/api/segments/{id}"): _CHANGE_NOTE,
    ("GET", "/api/transcript.{form}"): _READ,
    ("POST", "/api/transcript/rerun"): _CAPTURE,
    ("GET", "/api/models"): _SEEN,
    ("POST", "/api/models/pull"): _ADMIN,
}


class Routes:
    """The table, ready to be asked about a request."""

    def __init__(self, table: Mapping[tuple[str, str], Need] = TABLE) -> None:
        self._needs: dict[str, dict[str, Need]] = {}
        for (method, route), need in table.items():
            self.add(method, route, need)

    def add(self, method: str, route: str, need: Need) -> None:
        """Add an entry."""
        self._needs.setdefault(route, {})[method] = need
        # An address without a parameter comes before one that a parameter would fit.
        self._needs = dict(sorted(self._needs.items(), key=lambda entry: ("{" in entry[0], entry[0])))
        self._patterns: list[tuple[re.Pattern[str], str]] = [
            (compile_path(each)[0], each) for each in self._needs
        ]

    def find(self, method: str, path: str) -> Found | None:
        """The entry for a request; None where no route of the table has that address."""
        known: Found | None = None
        for pattern, route in self._patterns:
            if match := pattern.match(path):
                needs = self._needs[route]
                need = needs.get(method) or (needs.get("GET") if method == "HEAD" else None)
                if need is not None:
                    return Found(route, need, match.groupdict())
                known = known or Found(route, None)
        return known
