"""What `mem doctor` looks at: whether all that Mem needs is there, and what to do where it is not."""

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import mem
from mem import folders, types
from mem.cli import local, machinery, server, words
from mem.cli.machinery import Finding
from mem.cli.options import Settings
from mem.errors import MemError

if TYPE_CHECKING:
    from mem.config import Config
    from mem.objects.remote import Remote

LIBRARIES = ("av", "duckdb", "tantivy", "faster-whisper", "ctranslate2", "onnxruntime", "fastapi", "pillow")


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which one depends on another."""
    yield Finding("Mem", "good", f"{mem.__version__} at {Path(__file__).parents[1]}")
    yield Finding("Python", "good", f"{platform.python_version()}, {sys.executable}")
    yield from _libraries()
    yield _ffmpeg()
    yield _guarded("Confinement", _confinement)
    yield machinery.memory()
    yield machinery.clock()
    yield _zone()
    try:
        config = settings.config()
    except MemError as error:
        yield Finding("Configuration", "broken", error.detail, error.hint or "Correct it in config.yaml.")
        return
    yield Finding("Configuration", "good", f"recordings' local times are read in {config.capture.timezone}")
    yield from _folder(config)
    yield from _places(config)
    yield from _buckets(config)
    yield _guarded("Virus scanner", lambda: _scanner(config))
    yield _guarded("Speech model", lambda: _speech(config))
    yield machinery.screen_text(config.capture.screen_text)
    yield _server(settings)
    if config.database.url is None:
        yield machinery.locks(config.data_dir)
    yield _guarded("Database", lambda: _database(settings, config))


def _guarded(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except MemError as error:
        return Finding(what, "broken", error.detail, error.hint)


def _libraries() -> Iterator[Finding]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, "broken", "is not installed", "Install Mem again: make clean serve")
    yield Finding("Libraries", "good", ", ".join(f"{name} {version}" for name, version in found.items()))


def _ffmpeg() -> Finding:
    if importlib.util.find_spec("av") is None:
        return Finding("FFmpeg", "broken", "PyAV is not installed", "Install Mem again: make clean serve")
    try:
        import av
    except ImportError as error:
        return Finding("FFmpeg", "broken", f"PyAV cannot be loaded: {error}", "Install PyAV again.")
    versions = [
        f"{name} {'.'.join(map(str, version))}" for name, version in sorted(av.library_versions.items())
    ]
    return Finding("FFmpeg", "good", f"inside PyAV {av.__version__}: {', '.join(versions)}")


def _confinement() -> Finding:
    """What holds the processes that decode recordings, which anybody may have made."""
    from mem.media import sandbox

    held = sandbox.strength()
    missing = [name.replace("_", " ") for name, in_force in held.items() if not in_force]
    if missing:
        fix = "Take in only recordings that you trust, or run Mem where the kernel allows this."
        return Finding("Confinement", "doubtful", f"decoding runs without: {', '.join(missing)}", fix)
    names = ", ".join(name.replace("_", " ") for name in held)
    return Finding("Confinement", "good", f"decoding is held by: {names}")


def _zone() -> Finding:
    zone = local.zone()
    name = local.zone_name([types.now()], zone)
    detail = f"{name}; it is {local.full(types.now(), zone)}"
    if zone is UTC:
        fix = "If that is not your zone, set TZ, for example TZ=Europe/Berlin."
        return Finding("Time zone", "doubtful", f"{detail}; none is set up on this machine", fix)
    return Finding("Time zone", "good", detail)


def _folder(config: "Config") -> Iterator[Finding]:
    folder = config.data_dir
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        fix = f"Give your user the right to write {there}, or choose another place with --data-dir."
        yield Finding("Data directory", "broken", f"{folder} cannot be written", fix)
    elif there != folder:
        yield Finding("Data directory", "good", f"{folder} does not exist yet and can be made")
    else:
        yield machinery.rights(folder)
    if config.database.url is None:
        yield from machinery.file_system(there)
    wanted = config.storage.min_free_bytes
    free, least = shutil.disk_usage(there).free, folders.at_least(wanted)
    detail = f"{words.size(free)} free; capturing stops below {words.size(least)}"
    if least > wanted:
        detail += ", whatever storage.min_free_bytes says"
    if free < least:
        fix = "Free some space" + ("." if least > wanted else ", or lower storage.min_free_bytes.")
        yield Finding("Free space", "broken", detail, fix)
    else:
        yield Finding("Free space", "good", detail)


def _places(config: "Config") -> Iterator[Finding]:
    """Folders that the configuration names and that are not there."""
    named = [("capture.watch", folder) for folder in config.capture.watch]
    named += [("capture.allowed_roots", folder) for folder in config.capture.allowed_roots or ()]
    for key, folder in named:
        if not folder.expanduser().is_dir():
            fix = f"Make it, mount it, or take it out of {key}."
            yield Finding("Folders", "doubtful", f"{folder} ({key}) is not there", fix)
        elif not os.access(folder.expanduser(), os.R_OK | os.X_OK):
            fix = f"Give the user that runs Mem the right to read {folder}."
            yield Finding("Folders", "doubtful", f"{folder} ({key}) cannot be read", fix)
    logs = config.logging.dir
    if logs is not None:
        there = logs
        while not there.exists():
            there = there.parent
        if not os.access(there, os.W_OK | os.X_OK):
            fix = f"Give the user that runs Mem the right to write {there}, or change logging.dir."
            yield Finding("Logs", "broken", f"{logs} cannot be written", fix)
        else:
            yield Finding("Logs", "good", f"api.log and capture.log in {logs}")


def _buckets(config: "Config") -> Iterator[Finding]:
    """Whether what is to lie in a bucket can be written there, read by range and removed."""
    from mem import memory

    storage = config.storage
    for key in ("frames", "originals", "backups"):
        url = getattr(storage, key)
        if url is not None and url.startswith("s3:"):
            remote = memory.remote(config, config.data_dir)
            yield _guarded("Bucket", lambda: _bucket(remote, f"storage.{key}", url))  # noqa: B023 - asked at once


def _bucket(remote: "Remote", key: str, url: str) -> Finding:
    remote.probe(url)
    return Finding("Bucket", "good", f"{url} ({key}) takes, gives and removes")


def _scanner(config: "Config") -> Finding:
    """Whether recordings are looked at for malware, and what lies in quarantine."""
    from mem.media import clamav

    settings = config.security.clamav
    caught = len(list((config.data_dir / "quarantine").glob("*.bin")))
    kept = f"; {words.count(caught, 'file')} in quarantine" if caught else ""
    if settings.socket is None:
        return Finding("Virus scanner", "good", f"none is set up (security.clamav.socket){kept}")
    try:
        clamav.Daemon(settings.socket, 10.0).ping()
    except clamav.Away as error:
        waits = "uploads are refused" if settings.on_error == "reject" else "nothing is looked at"
        fix = "Start clamd, or correct security.clamav.socket."
        return Finding("Virus scanner", "doubtful", f"{error} Until it answers {waits}{kept}", fix)
    return Finding("Virus scanner", "good", f"clamd answers at {settings.socket}{kept}")


def _speech(config: "Config") -> Finding:
    """Nothing is fetched: a download is for a capture to start, not for a look."""
    from mem.speech import models

    wanted = config.whisper.model
    with tempfile.TemporaryDirectory() as empty:
        models_dir = config.data_dir / "models" if config.data_dir.is_dir() else Path(empty)
        choice = models.present(wanted, models_dir=models_dir)
    if choice is None:
        return _absent(wanted)
    device = models.device(config.whisper.device)
    detail = f"{choice.name} ({choice.origin}, {choice.path}) on {device}, {config.whisper.compute_type}"
    if not choice.note:
        return Finding("Speech model", "good", detail)
    fix = "For other languages set whisper.model, for example to base."
    if wanted == "auto":
        fix = (
            "The hub answers: base is fetched at the first capture."
            if _hub_answers()
            else "The hub cannot be reached. Connect once, or copy a model into models in the data directory."
        )
    return Finding("Speech model", "doubtful", f"{detail}. {choice.note}", fix)


def _absent(wanted: str) -> Finding:
    """What it means that the model is not here."""
    if _hub_answers():
        detail = f"{wanted} is not on this machine yet; the hub answers"
        return Finding("Speech model", "doubtful", detail, "It is fetched at the first capture.")
    fix = "Connect once, copy a model there, or set whisper.model to a folder or to auto."
    detail = f"{wanted} is not on this machine, and the hub cannot be reached"
    return Finding("Speech model", "broken", detail, fix)


def _hub_answers() -> bool:
    from mem.speech import hub

    return hub.answers()


def _server(settings: Settings) -> Finding:
    said = server.written(settings.folder)
    if server.find(settings.folder) is not None and said is not None:
        return Finding("Server", "good", f"runs at {said.url}, process {said.pid}")
    if said is not None:
        detail = f"none runs; server.json is left from process {said.pid}, which is gone or does not listen"
        return Finding("Server", "good", detail)
    return Finding("Server", "good", f"none runs; `{settings.command('serve')}` starts one")


def _database(settings: Settings, config: "Config") -> Finding:
    """Asks the running server, or opens the memory here; that names whoever else holds it."""
    embedded = config.database.url is None
    if embedded and not (config.data_dir / "mem.duckdb").exists():
        return Finding("Database", "good", "none yet; it is made at the first capture")
    with server.connected(settings) as client:
        status = client.get("/api/status")
    facts = status["database"]
    frames = words.count(status["frames"]["kept"], "frame")
    detail = f"{facts['engine']}, {words.size(facts['size_bytes'])}, {frames}"
    if saved := status["stored"]["reel_saved_bytes"]:
        detail += f", {words.size(saved)} saved by reels"
    if status["status"] != "ok" and status["reasons"]:
        return Finding(
            "Database", "doubtful", f"{detail}; {'; '.join(status['reasons'])}", "See the server's log."
        )
    return Finding("Database", "good", detail)
