"""`mem watch`: folders whose recordings are taken in as they come."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from mem.cli import options, render, server, words
from mem.cli.client import Client, Json, Refused
from mem.cli.options import Settings
from mem.cli.render import Column
from mem.errors import ServerGone

LEASE_SECONDS = 60.0  # that the server goes on watching after this process was last heard
ASK_SECONDS = 0.5
SLACK_SECONDS = 30.0  # that --once grants files which keep changing, beyond three times the settling

Folders = Annotated[
    list[Path] | None,
    typer.Argument(metavar="DIR", help="Folders to watch; none: say how the watched folders are."),
]
Once = Annotated[bool, typer.Option("--once", help="Take in what lies there now, and end when that is done.")]


def add_to(app: typer.Typer) -> None:
    """Make it a command of `app`."""
    app.command("watch")(options.everywhere(watch))


def watch(settings: Settings, folders: Folders = None, once: Once = False) -> int | None:
    """Take in the recordings of folders as they come, until Ctrl-C; then say what was passed over and why.

    Through the running server if there is one, else by itself. DIR/kitchen/door/clip.mp4 gets the location
    kitchen and the device door. `capture.watch` names folders that the server watches always. With --once the
    exit status is 1 when a recording failed or a folder is not there.
    """
    paths = [str(folder.expanduser().absolute()) for folder in folders or []]
    with server.connected(settings, worker=bool(paths) or once) as client:
        if not paths and not once:
            report = client.get("/api/watch")
            _show(settings, report, report["folders"])
            return None
        failed, report = _watch(settings, client, paths, once)
        chosen = _chosen(report, paths)
        _show(settings, report, chosen)
    return 1 if once and (failed or any(folder["state"] == "gone" for folder in chosen)) else None


def _watch(settings: Settings, client: Client, paths: list[str], once: bool) -> tuple[bool, Json]:
    """Have the folders watched until Ctrl-C, or with `once` until nothing is left to do."""
    began, failed = time.monotonic(), False
    report = _ask(client, paths)
    last = _latest(report)
    if not once and not settings.json:
        render.remark(f"Watching {words.count(len(paths), 'folder')}; Ctrl-C ends it.")
    try:
        while not (once and _at_rest(report, paths, time.monotonic() - began)):
            time.sleep(ASK_SECONDS)
            report = _ask(client, paths)
            for ended in report["recent"]:
                if ended["number"] > last:
                    failed = failed or ended["state"] != "done"
                    _tell(settings, ended)
            last = _latest(report)
    except KeyboardInterrupt:
        pass
    finally:
        if paths:
            with suppress(ServerGone, Refused):
                client.send("POST", "/api/watch", {"folders": paths, "seconds": 0})
    return failed, report


def _ask(client: Client, paths: list[str]) -> Json:
    if not paths:
        return client.get("/api/watch")
    return client.send("POST", "/api/watch", {"folders": paths, "seconds": LEASE_SECONDS})


def _latest(report: Json) -> int:
    return max((ended["number"] for ended in report["recent"]), default=0)


def _chosen(report: Json, paths: list[str]) -> list[Json]:
    """The folders that this is about; links among the paths are followed as the server does."""
    real = {str(Path(path).resolve()) for path in paths}
    return [folder for folder in report["folders"] if not paths or folder["path"] in real]


def _at_rest(report: Json, paths: list[str], seconds: float) -> bool:
    """Whether nothing is left to do, or only files that keep changing for longer than is waited."""
    chosen = _chosen(report, paths)
    if any(folder["state"] == "unseen" or folder["working"] for folder in chosen):
        return False
    if report["after"] != "keep" and any(_uncleared(folder) for folder in chosen):
        return False
    patience = 3 * report["settle_seconds"] + 3 * report["poll_seconds"] + SLACK_SECONDS
    return seconds > patience or not any(folder["waiting"] for folder in chosen)


def _uncleared(folder: Json) -> bool:
    """Whether files that were taken in have yet to be moved or deleted."""
    stay = ("not_ready", "not_cleared")
    return bool(folder["taken"] > sum(p["files"] for p in folder["passed_over"] if p["reason"] in stay))


def _tell(settings: Settings, ended: Json) -> None:
    if settings.json:
        return
    name = Path(ended["path"]).name
    if ended["state"] == "done":
        render.say(f"{name}: taken in, source {ended['source_id']}")
    else:
        why = f": {ended['detail']}" if ended["detail"] else ""
        render.remark(f"mem: {name}: {ended['state']}{why}", "failure")


def _show(settings: Settings, report: Json, folders: list[Json]) -> None:
    if settings.json:
        render.data({**report, "folders": folders})
        return
    if not folders:
        render.say("No folder is watched: name one, or set capture.watch.")
        return
    columns = [Column("Folder", wide=True)]
    columns += [
        Column(title, right=True) for title in ("Recordings", "Taken", "At work", "Waiting", "Passed over")
    ]
    render.table(columns, [_row(folder) for folder in folders])
    for folder in folders:
        for passed in folder["passed_over"]:
            more = ", …" if passed["files"] > len(passed["examples"]) else ""
            names = ", ".join(words.first(name, 100) for name in passed["examples"])
            render.say(f"{words.count(passed['files'], 'file')}, {passed['why']}: {names}{more}")
    if report["held_back"]:
        render.remark(f"mem: Nothing is handed over just now: {report['held_back']}", "match")
    if not report["running"]:
        render.say(f"No server runs: `{settings.command('serve')}` watches them.")


def _row(folder: Json) -> list[str | int]:
    passed = sum(one["files"] for one in folder["passed_over"])
    where = folder["path"] + (" (not there)" if folder["state"] == "gone" else "")
    return [where, folder["files"], folder["taken"], folder["working"], folder["waiting"], passed]
