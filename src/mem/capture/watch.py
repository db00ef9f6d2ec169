"""Watched folders: their recordings are taken in as they come, each once.

One thread looks into the folders every so often, by plain listing, which works on every file system.
A file is handed over once its size and time stood still and nobody is seen writing into it. What was
handed over is remembered by path, size and time, so an idle folder costs its listing alone.
"""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from mem import failpoints, types
from mem.capture import scan, submit
from mem.capture.clear import clear
from mem.capture.folder import Folder
from mem.capture.report import Ended, WatchReport
from mem.capture.scan import File, Reason
from mem.errors import DatabaseFailed, DiskFull, MemError, NotFound, TooBusy, Unreadable
from mem.media import writers
from mem.memory import Memory
from mem.store import watched
from mem.store.watched import Moved

log = logging.getLogger(__name__)

AHEAD = 64  # files of all folders that are handed over and not done; the rest stays out of the queue
MOST_ASKED = 100  # folders watched because somebody asked
_SHARE = 200  # a look is followed by a pause of so many times its processor time: at most 0.5 % of a core
_LONGEST_PAUSE = 3600.0  # seconds
_WORKING_SECONDS = 0.5  # between looks at the jobs while some are under way
_FORGET = timedelta(days=90)  # what is known of a file that is missing
_RECENT = 200
_JOIN_SECONDS = 10.0  # a folder on a server that is gone can hold the thread for ever


class Watch:
    """The watched folders of one memory. Its methods may be called from any thread."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._settings = memory.config.capture
        self._changed = threading.Condition(threading.RLock())
        self._folders: dict[str, Folder] = {}
        for root in (real(Path(os.path.expanduser(path))) for path in self._settings.watch):  # noqa: PTH111
            self._folders[root] = Folder(memory.db, root, until=None)
        self._recent: deque[Ended] = deque(maxlen=_RECENT)
        self._told = 0
        self._held_back: str | None = None
        self._due = 0.0  # of the steady clock: the next look
        self._running = self._stop = False

    def ask(self, folders: Sequence[Path], seconds: float) -> None:
        """Watch these folders too, for so long; no longer when `seconds` is 0. Raises TooBusy."""
        until = time.monotonic() + seconds
        with self._changed:
            for root in map(real, folders):
                folder = self._folders.get(root)
                if folder is None and seconds > 0:
                    if sum(each.until is not None for each in self._folders.values()) >= MOST_ASKED:
                        raise TooBusy("More folders are watched already than this server takes.")
                    self._folders[root] = Folder(self._memory.db, root, until=until)
                    self._due = 0.0
                elif folder is not None and folder.until is not None:
                    folder.until = until
            self._changed.notify_all()

    def report(self) -> WatchReport:
        """How every folder is, and which files ended last."""
        with self._changed:
            return WatchReport(
                running=self._running,
                settle_seconds=self._settings.watch_settle_seconds,
                poll_seconds=self._settings.watch_poll_seconds,
                after=self._settings.watch_after,
                held_back=self._held_back,
                folders=tuple(folder.report() for folder in self._folders.values()),
                recent=tuple(self._recent),
            )

    def run(self) -> None:
        """Watch until `stop`."""
        self._running = True
        try:
            while not self._stop:
                self._round()
        except DatabaseFailed:
            log.exception("watching ends: the database failed", extra={"action": "watch_ended"})
        finally:
            self._running = False

    def stop(self) -> None:
        """Let `run` return."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def _round(self) -> None:
        """A look, or a step of the work that the last one found; then a pause."""
        try:
            if looked := time.monotonic() >= self._due:
                self._look_everywhere()
            if looked or self._under_way():
                self._follow()
            self._hand_over()
            self._held_back = None
        except (DiskFull, TooBusy) as error:
            self._hold_back(error)
        with self._changed:
            pause = max(0.0, self._due - time.monotonic())
            busy = self._under_way() or any(folder.ready for folder in self._folders.values())
            if not self._stop and pause:
                self._changed.wait(min(_WORKING_SECONDS, pause) if busy else pause)

    def _under_way(self) -> int:
        with self._changed:
            return sum(len(folder.under_way) for folder in self._folders.values())

    def _look_everywhere(self) -> None:
        """Look into every folder, and say when to look again."""
        now, began = time.monotonic(), time.thread_time()
        with self._changed:
            self._folders = {
                root: folder
                for root, folder in self._folders.items()
                if folder.until is None or folder.until > now
            }
            folders = list(self._folders.values())
            self._due = now + _LONGEST_PAUSE  # a folder that is asked for meanwhile brings it forward
        try:
            for folder in folders:
                self._look(folder, now)
        finally:
            pause = max(self._settings.watch_poll_seconds, _SHARE * (time.thread_time() - began))
            with self._changed:
                self._due = min(self._due, time.monotonic() + pause)

    def _look(self, folder: Folder, now: float) -> None:
        taken = os.path.join(folder.root, self._settings.watch_taken)  # noqa: PTH118 - compared as text
        leave_out = frozenset((taken, real(self._memory.folder), *self._folders))
        found = scan.look(folder.root, leave_out=leave_out)
        if found is None:
            with self._changed:
                folder.vanished()
            return
        settle_seconds = self._settings.watch_settle_seconds
        plan = scan.plan(found, folder.known, folder.waiting, now=now, settle_seconds=settle_seconds)
        if plan.gone or plan.back:
            with self._memory.db.write() as w:
                watched.miss(w, plan.gone, types.now())
                watched.miss(w, plan.back, None)
                watched.forget_missing(w, types.now() - _FORGET)
        with self._changed:
            folder.looked(found, plan)
        if self._settings.watch_after != "keep":
            self._clear(folder)

    def _clear(self, folder: Folder) -> None:
        """Move or delete the files whose recordings are whole in the memory."""
        for row in folder.done():
            if self._stop:
                return
            reason = clear(self._memory, folder.root, row)
            with self._changed:
                folder.cleared(row, reason)

    def _follow(self) -> None:
        """Learn which jobs have ended."""
        while moved := watched.moved_on(self._memory.db):
            with self._memory.db.write() as w:
                for each in moved:
                    watched.settle(w, each)
            failpoints.reach("watch.settled")
            with self._changed:
                for each in moved:
                    self._settle(each)

    def _settle(self, moved: Moved) -> None:
        for folder in self._folders.values():
            folder.settle(moved)
        if moved.state != "queued":
            self._told += 1
            ended = Ended(
                number=self._told,
                path=moved.path,
                state=moved.state,
                source_id=moved.source_id,
                detail=moved.detail,
            )
            self._recent.append(ended)

    def _hand_over(self) -> None:
        """Queue what is ready, as far as there is room."""
        with self._changed:
            folders = [folder for folder in self._folders.values() if folder.ready]
        for folder in folders:
            room = AHEAD - self._under_way()
            batch = [folder.ready.popleft() for _ in range(min(room, len(folder.ready)))]
            written = writers.among(file.path for file in batch)
            for number, file in enumerate(batch):
                try:
                    reason = "open" if file.path in written else self._take(folder, file)
                except (DiskFull, TooBusy):
                    folder.ready.extendleft(reversed(batch[number:]))
                    raise
                if reason is not None:
                    with self._changed:
                        folder.held[file.path] = reason

    def _take(self, folder: Folder, file: File) -> Reason | None:
        """Queue one file, unless it is no longer as it was found; a reason where it cannot be read."""
        path = Path(file.path)
        try:
            submit.allowed(path, (Path(folder.root),))
            stat = path.lstat()
        except NotFound:
            return None
        except (Unreadable, OSError):
            return "unreadable"
        if File(file.path, stat.st_size, stat.st_mtime_ns) != file:
            return None
        location, device = scan.labels(folder.root, file.path)
        job = submit.submit(self._memory, path, location=location, device=device)
        failpoints.reach("watch.queued")
        with self._memory.db.write() as w:
            row = watched.put(w, file.path, size=file.size, modified_ns=file.modified_ns, job_id=job.id)
        failpoints.reach("watch.put")
        with self._changed:
            folder.took(row)
        return None

    def _hold_back(self, error: MemError) -> None:
        if self._held_back != error.detail:
            log.warning("watching waits", extra={"action": "watch_waits", "detail": error.detail})
        self._held_back = error.detail


@contextlib.contextmanager
def running(watch: Watch) -> Iterator[None]:
    """Watch the configured folders, and those that are asked for, until the block ends."""
    thread = threading.Thread(target=watch.run, name="folders", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join(_JOIN_SECONDS)


def real(path: Path) -> str:
    """The path without links, as text."""
    return os.path.realpath(path)


def allowed(folder: Path, roots: tuple[Path, ...] | None) -> Path:
    """The real path of a folder, when it is or lies beneath one of `roots`; None stands for the owner.

    Raises NotFound, with one text for missing and forbidden alike.
    """
    found = Path(real(folder))
    within = roots is None or any(found.is_relative_to(real(root)) for root in roots)
    if not within or not found.is_dir():
        raise NotFound(f"There is no folder {folder} that may be watched.")
    return found
