"""One watched folder: what is known of its files from look to look."""

from collections import deque
from dataclasses import replace

from mem import types
from mem.capture import scan
from mem.capture.report import PassedOver, WatchedFolder
from mem.capture.scan import File, Plan, Reason, Scan, Still, Tally
from mem.store import watched
from mem.store.database import Reader
from mem.store.watched import Moved, WatchedFile
from mem.types import JobState

_UNHAPPY: dict[JobState, Reason] = {"failed": "failed", "partial": "partial", "cancelled": "cancelled"}


class Folder:
    """What is known of one watched folder. Whoever calls it holds the lock of its owner."""

    def __init__(self, r: Reader, root: str, *, until: float | None) -> None:
        self.root = root
        self.until = until  # of the steady clock; None: for good
        self.known = {row.path: row for row in watched.beneath(r, root)}
        self.under_way = {row.path for row in self.known.values() if row.state == "queued"}
        self.waiting: dict[str, Still] = {}
        self.ready: deque[File] = deque()
        self.held: dict[str, Reason] = {}  # stood still, and cannot be handed over now
        self._found: dict[str, File] = {}
        self._passed = Tally()
        self._left: dict[str, tuple[WatchedFile, Reason]] = {}  # taken in, and the file has to stay
        self._there: bool | None = None
        self._looked_at = types.now()

    def vanished(self) -> None:
        """The folder is not there, as when a mount is gone: nothing that is known is forgotten."""
        self._there, self._looked_at = False, types.now()
        self._found, self._passed, self.waiting, self.held = {}, Tally(), {}, {}
        self.ready.clear()

    def looked(self, found: Scan, plan: Plan) -> None:
        """Take in what a look found."""
        self._there, self._looked_at = True, types.now()
        self._found, self._passed = found.files, found.passed
        self.waiting, self.held, self.ready = plan.waiting, {}, deque(plan.ready)
        for path in plan.gone:
            self.known[path] = replace(self.known[path], gone_at=self._looked_at)
        for path in plan.back:
            self.known[path] = replace(self.known[path], gone_at=None)

    def took(self, row: WatchedFile) -> None:
        """A file was handed over."""
        self.known[row.path] = row
        self.under_way.add(row.path)
        self.waiting.pop(row.path, None)

    def settle(self, moved: Moved) -> None:
        """The job of a file changed its state."""
        row = self.known.get(moved.path)
        if row is None or row.job_id != moved.job_id:
            return
        self.known[moved.path] = replace(row, state=moved.state, detail=moved.detail)
        if moved.state == "queued":
            self.under_way.add(moved.path)
        else:
            self.under_way.discard(moved.path)

    def done(self) -> list[WatchedFile]:
        """Files that were taken in and lie there as they were."""
        rows = (self.known.get(path) for path in self._found)
        return [
            row
            for row in rows
            if row is not None
            and row.state == "done"
            and scan.same(row, self._found[row.path])
            and self._left.get(row.path) != (row, "not_ready")
        ]

    def cleared(self, row: WatchedFile, reason: Reason | None) -> None:
        """A file that was taken in is gone from the folder, or has to stay for a reason."""
        if reason is not None:
            self._left[row.path] = (row, reason)
            return
        for mapping in (self.known, self._left, self._found):
            mapping.pop(row.path, None)

    def report(self) -> WatchedFolder:
        """How the folder is."""
        tally, working, taken = self._tally()
        return WatchedFolder(
            path=self.root.encode("utf-8", "replace").decode(),
            state="unseen" if self._there is None else "watched" if self._there else "gone",
            looked_at=None if self._there is None else self._looked_at,
            files=len(self._found),
            taken=taken,
            working=working,
            waiting=max(0, len(self.waiting) - len(self.held)),
            passed_over=tuple(
                PassedOver(
                    reason=reason, why=scan.WHY[reason], files=count, examples=tuple(tally.examples[reason])
                )
                for reason, count in sorted(tally.counts.items())
            ),
        )

    def _tally(self) -> tuple[Tally, int, int]:
        """What was passed over, and how many files are worked on and were taken in."""
        tally, working, taken = self._passed.copy(), 0, 0
        for path, file in self._found.items():
            row = self.known.get(path)
            if row is None or not scan.same(row, file):
                continue
            working += row.state == "queued"
            taken += row.state == "done"
            if row.state in _UNHAPPY:
                name = scan.relative(self.root, path)
                tally.add(_UNHAPPY[row.state], f"{name}: {row.detail}" if row.detail else name)
        reasons = [*self.held.items(), *((path, reason) for path, (_, reason) in self._left.items())]
        for path, reason in reasons:
            tally.add(reason, scan.relative(self.root, path))
        return tally, working, taken
