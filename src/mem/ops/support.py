"""A support bundle: what somebody who helps needs to know, and nothing of what the memory holds.

Words, notes and pictures stay out. Log lines and settings lose their secrets; they may name folders.
"""

import dataclasses
import io
import json
import platform
import sys
import zipfile
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any

import mem
from mem import machine, redact, types
from mem.errors import MemError
from mem.memory import Memory
from mem.ops import capacity, logtail
from mem.ops.health import Status
from mem.store import facts

LINES = 2_000  # of each log


def bundle(memory: Memory, status: Status, metrics: bytes) -> bytes:
    """A ZIP of text files; `status` and `metrics` are as the server answers with them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("versions.json", _json(_versions()))
        files.writestr("config.json", _json(redact.tree(memory.config.model_dump(mode="json"))))
        files.writestr("status.json", _json(status))
        files.writestr("metrics.txt", metrics)
        files.writestr("database.json", _json(_database(memory)))
        files.writestr("machine.json", _json(_machine()))
        folder = memory.config.logging.dir
        if folder is not None:
            for name in logtail.NAMES:
                files.writestr(name, "\n".join(logtail.tail(folder, name, LINES)) + "\n")
    return out.getvalue()


def _versions() -> dict[str, object]:
    packages = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    return {
        "mem": mem.__version__,
        "python": sys.version,
        "system": platform.platform(),
        "made_at": types.written(types.now()),
        "packages": dict(sorted(packages.items(), key=lambda pair: pair[0].lower())),
    }


def _machine() -> dict[str, object]:
    return {"memory_bytes": machine.memory_bytes(), "processors": machine.processors()}


def _database(memory: Memory) -> dict[str, object]:
    try:
        return {
            "engine": memory.db.engine,
            "size_bytes": memory.db.size_bytes(),
            "sizes": facts.sizes(memory.db),
            "rows": facts.rows(memory.db),
            "jobs_of_30_days": facts.ended(memory.db, types.now() - timedelta(days=30)),
            "capacity": capacity.forecast(memory),
        }
    except MemError as error:
        return {"engine": memory.db.engine, "error": error.detail}


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: Any) -> object:
    if isinstance(value, datetime):
        return types.written(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    return str(value)
