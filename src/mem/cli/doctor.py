"""What `mem doctor` looks at: whether all that Mem needs is there, and what to do where it is not."""

import importlib.util
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import mem
from mem import types
from mem.cli import local, server, words
from mem.cli.options import Settings
from mem.errors import MemError

if TYPE_CHECKING:
    from mem.config import Config

State = Literal["good", "doubtful", "broken"]
LIBRARIES = ("av", "duckdb", "tantivy", "faster-whisper", "ctranslate2", "onnxruntime", "fastapi", "pillow")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it is, and what to do about it."""

    what: str
    state: State
    detail: str
    fix: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which one depends on another."""
    yield Finding("Mem", "good", f"{mem.__version__} at {Path(__file__).parents[1]}")
    yield Finding("Python", "good", f"{platform.python_version()}, {sys.executable}")
    yield from _libraries()
    yield _ffmpeg()
    yield _guarded("Confinement", _confinement)
    yield _zone()
    try:
        config = settings.config()
    except MemError as error:
        yield Finding("Configuration", "broken", error.detail, error.hint or "Correct it in config.yaml.")
        return
    yield Finding("Configuration", "good", f"recordings' local times are read in {config.capture.timezone}")
    yield from _folder(config)
    yield _guarded("Speech model", lambda: _speech(config))
    yield _server(settings)
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
        yield _rights(folder)
    free, least = shutil.disk_usage(there).free, config.storage.min_free_bytes
    detail = f"{words.size(free)} free; capturing stops below {words.size(least)}"
    if free < least:
        yield Finding("Free space", "broken", detail, "Free some space, or lower storage.min_free_bytes.")
    else:
        yield Finding("Free space", "good", detail)


def _rights(folder: Path) -> Finding:
    facts = folder.stat()
    mode = stat.S_IMODE(facts.st_mode)
    if mode & 0o077:
        return Finding(
            "Data directory",
            "doubtful",
            f"{folder} is open to other users ({mode:04o})",
            f"chmod 700 {folder}",
        )
    return Finding("Data directory", "good", f"{folder}, yours alone ({mode:04o})")


def _speech(config: "Config") -> Finding:
    """Without the network: a download is for a capture to start, not for a look."""
    from mem.speech import models

    with tempfile.TemporaryDirectory() as empty:
        models_dir = config.data_dir / "models" if config.data_dir.is_dir() else Path(empty)
        choice = models.present(config.whisper.model, models_dir=models_dir)
    if choice is None:
        fix = "It is fetched at the first capture; without a network, set whisper.model to a folder."
        return Finding("Speech model", "doubtful", f"{config.whisper.model} is not on this machine", fix)
    device = models.device(config.whisper.device)
    detail = f"{choice.name} ({choice.origin}, {choice.path}) on {device}, {config.whisper.compute_type}"
    if choice.note:
        return Finding(
            "Speech model",
            "doubtful",
            f"{detail}. {choice.note}",
            "For other languages set whisper.model, for example to base.",
        )
    return Finding("Speech model", "good", detail)


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
    if status["status"] != "ok" and status["reasons"]:
        return Finding(
            "Database", "doubtful", f"{detail}; {'; '.join(status['reasons'])}", "See the server's log."
        )
    return Finding("Database", "good", detail)
